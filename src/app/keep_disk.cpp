// SPDX-License-Identifier: MIT
// Each file system is looked at once, however many of the paths are on it.
#include "app/keep_disk.hpp"

#include <fmt/format.h>

#include <set>

#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

Error short_of(const std::string& what, const std::string& wanted, const std::string& key) {
    return {ErrorKind::infrastructure, fmt::format("free {}, wanted {}", what, wanted),
            "builds would fill the file system",
            fmt::format("free some: run nix-collect-garbage, or let Nix do it (min-free in nix.conf, "
                        "nix.settings.min-free on NixOS); or lower {}",
                        key)};
}

}  // namespace

Result<void> check_room(Disk& disk, const std::vector<std::string>& paths, const DiskNeed& need) {
    std::set<std::uint64_t> seen;
    for (const auto& path : paths) {
        if (need.bytes == 0 && need.inodes == 0) break;
        const auto space = disk.space(path);
        if (!space.ok() || !seen.insert(space->file_system).second) continue;
        if (space->bytes < need.bytes)
            return short_of(fmt::format("space on {} is {}", path, human_size(space->bytes)), human_size(need.bytes),
                            "prove.min_free");
        if (space->inodes && *space->inodes < need.inodes)
            return short_of(fmt::format("inodes on {} are {}", path, *space->inodes), std::to_string(need.inodes),
                            "prove.min_free_inodes");
    }
    return {};
}

DiskWatch::DiskWatch(Disk& disk, std::vector<std::string> paths, DiskNeed need,
                     std::function<void(const Error&)> on_shortage, std::chrono::milliseconds period)
    : disk_(disk), paths_(std::move(paths)), need_(need), on_shortage_(std::move(on_shortage)), period_(period) {
    if (need_.bytes > 0 || need_.inodes > 0) thread_ = std::thread([this] { watch(); });
}

DiskWatch::~DiskWatch() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    stop_.notify_all();
    if (thread_.joinable()) thread_.join();
}

std::optional<Error> DiskWatch::shortage() const {
    const std::lock_guard lock(mutex_);
    return shortage_;
}

void DiskWatch::watch() {
    std::unique_lock lock(mutex_);
    while (!stop_.wait_for(lock, period_, [this] { return stopping_; })) {
        lock.unlock();  // a network file system may take its time
        const auto room = check_room(disk_, paths_, need_);
        lock.lock();
        if (room.ok() || stopping_) continue;
        shortage_ = room.error();
        lock.unlock();
        on_shortage_(room.error());
        return;
    }
}

}  // namespace lockstep
