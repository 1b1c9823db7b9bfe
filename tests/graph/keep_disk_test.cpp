// SPDX-License-Identifier: MIT
// When the room on the disk counts as too little, and who is told.
#include "app/keep_disk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>

namespace lockstep::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::uint64_t k_gib = 1ULL << 30;

class FakeDisk final : public Disk {
public:
    Result<DiskSpace> space(const std::string& path) override {
        const std::lock_guard lock(mutex_);
        ++looks_;
        looked_.notify_all();
        const auto found = at.find(path);
        if (found == at.end()) return Error{ErrorKind::infrastructure, "unknown", "", ""};
        return found->second;
    }
    void set(const std::string& path, const DiskSpace& space) {
        const std::lock_guard lock(mutex_);
        at[path] = space;
    }
    [[nodiscard]] int looks() {
        const std::lock_guard lock(mutex_);
        return looks_;
    }
    [[nodiscard]] bool wait_for_looks(int count) {
        std::unique_lock lock(mutex_);
        return looked_.wait_for(lock, std::chrono::seconds(30), [&] { return looks_ >= count; });
    }

    std::map<std::string, DiskSpace> at;

private:
    std::mutex mutex_;
    std::condition_variable looked_;
    int looks_ = 0;
};

const DiskNeed k_need{.bytes = 2 * k_gib, .inodes = 1000};

TEST(Room, TooLittleIsAnErrorThatSaysWhereAndWhatToDo) {
    FakeDisk disk;
    disk.at = {{"/nix/store", {.bytes = 5 * k_gib, .inodes = 10'000, .file_system = 1}},
               {"/run/x", {.bytes = k_gib * 6 / 5, .inodes = 10'000, .file_system = 2}}};
    EXPECT_TRUE(check_room(disk, {"/nix/store"}, k_need).ok());
    const auto room = check_room(disk, {"/nix/store", "/run/x"}, k_need);
    ASSERT_FALSE(room.ok());
    EXPECT_EQ(room.error().kind, ErrorKind::infrastructure);
    EXPECT_EQ(room.error().what, "free space on /run/x is 1.2 GiB, wanted 2.0 GiB");
    EXPECT_THAT(room.error().hint,
                AllOf(HasSubstr("nix-collect-garbage"), HasSubstr("min-free"), HasSubstr("prove.min_free")));
    disk.at["/nix/store"].inodes = 999;
    EXPECT_EQ(check_room(disk, {"/nix/store"}, k_need).error().what, "free inodes on /nix/store are 999, wanted 1000");
}

TEST(Room, WhatIsNotCountedOrNotKnownOrSwitchedOffIsEnough) {
    FakeDisk disk;
    disk.at = {{"/btrfs", {.bytes = 5 * k_gib, .file_system = 1}},
               {"/full", {.bytes = 0, .inodes = 0, .file_system = 2}}};
    EXPECT_TRUE(check_room(disk, {"/btrfs", "/unknown"}, k_need).ok());
    EXPECT_TRUE(check_room(disk, {"/full"}, {}).ok());
    EXPECT_FALSE(check_room(disk, {"/full"}, {.bytes = 1}).ok());
    EXPECT_FALSE(check_room(disk, {"/full"}, {.inodes = 1}).ok());
}

TEST(DiskWatch, TellsOnceWhenRoomRunsOut) {
    FakeDisk disk;
    disk.set("/nix/store", {.bytes = 3 * k_gib, .inodes = 5000, .file_system = 1});
    std::promise<Error> told;
    std::atomic<int> calls{0};
    auto future = told.get_future();
    {
        DiskWatch watch(
            disk, {"/nix/store"}, k_need,
            [&](const Error& error) {
                if (++calls == 1) told.set_value(error);
            },
            std::chrono::milliseconds(1));
        ASSERT_TRUE(disk.wait_for_looks(3));
        EXPECT_EQ(calls, 0);
        EXPECT_FALSE(watch.shortage().has_value());
        disk.set("/nix/store", {.bytes = k_gib, .inodes = 5000, .file_system = 1});
        ASSERT_EQ(future.wait_for(std::chrono::seconds(30)), std::future_status::ready);
        EXPECT_EQ(watch.shortage(), future.get());
    }
    EXPECT_EQ(calls, 1);
}

TEST(DiskWatch, WithoutANeedNobodyLooks) {
    FakeDisk disk;
    {
        const DiskWatch watch(
            disk, {"/nix/store"}, {}, [](const Error&) {}, std::chrono::milliseconds(1));
    }
    EXPECT_EQ(disk.looks(), 0);
}

TEST(DiskWatch, EndsWithoutWaitingForItsPeriod) {
    FakeDisk disk;
    const DiskWatch watch(
        disk, {"/nix/store"}, k_need, [](const Error&) {}, std::chrono::hours(24));
    EXPECT_FALSE(watch.shortage().has_value());
}

}  // namespace
}  // namespace lockstep::test
