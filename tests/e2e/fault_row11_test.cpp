// SPDX-License-Identifier: MIT
// Rows 10, 11 and 15 at the level of the whole program: a run directory that cannot be used, fills up or vanishes; a
// builder that leaves a daemon.
#include <fcntl.h>
#include <sys/mount.h>

#include "e2e/resume_scene.hpp"

namespace lockstep::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A file system of a test's own.
class Mounted {
public:
    Mounted(std::filesystem::path place, unsigned long flags, const std::string& options) : place_(std::move(place)) {
        std::filesystem::create_directories(place_);
        done_ = mount("none", place_.c_str(), "tmpfs", flags, options.c_str()) == 0;
    }
    ~Mounted() {
        if (done_) umount2(place_.c_str(), MNT_DETACH);
    }
    Mounted(const Mounted&) = delete;
    Mounted& operator=(const Mounted&) = delete;
    [[nodiscard]] bool done() const { return done_; }

private:
    std::filesystem::path place_;
    bool done_ = false;
};

TEST(FaultRow11, AReadOnlyRunDirectoryIsSaidBeforeAnythingIsDone) {
    LOCKSTEP_NEEDS_NIX();
    ResumeScene scene(true);
    const Mounted disk(scene.lab / "disk", MS_RDONLY, "size=1m,mode=700");
    if (!disk.done()) GTEST_SKIP() << "mounting needs a right that the test does not have";
    const Witness witness(scene);
    const auto end = scene.run({"run", "--run-dir", (scene.lab / "disk" / "run").string()});
    EXPECT_EQ(end.code, 78) << end.err;
    EXPECT_THAT(end.err, HasSubstr("Read-only file system"));
    EXPECT_THAT(end.err, HasSubstr("--run-dir"));
    witness.expect_unchanged();
}

TEST(FaultRow11, AFullRunDirectoryIsSaidBeforeAnythingIsDone) {
    LOCKSTEP_NEEDS_NIX();
    ResumeScene scene(true);
    const Mounted disk(scene.lab / "disk", 0, "size=4k,mode=700");
    if (!disk.done()) GTEST_SKIP() << "mounting needs a right that the test does not have";
    write_file(scene.lab / "disk" / "filler", std::string(4096, 'x'));
    const Witness witness(scene);
    const auto end = scene.run({"run", "--run-dir", (scene.lab / "disk" / "run").string()});
    EXPECT_EQ(end.code, 40) << end.err;
    EXPECT_THAT(end.err, HasSubstr("No space left on device"));
    witness.expect_unchanged();
}

TEST(FaultRow11, ARunDirectoryThatVanishesCostsTheRunAndNothingElse) {
    LOCKSTEP_NEEDS_FAILPOINTS();
    LOCKSTEP_NEEDS_NIX();
    ResumeScene scene(true);
    const auto directory = scene.lab / "run";
    auto run = scene.start_and_reach("all-built=pause", {"--run-dir", directory.string()});
    ASSERT_TRUE(run);
    std::filesystem::remove_all(directory);
    scene.let_go();
    const auto end = run->wait();
    EXPECT_EQ(end.code, 40) << end.err;
    EXPECT_THAT(end.err, HasSubstr("no report"));
    EXPECT_EQ(scene.on_remote({"rev-parse", "main"}), scene.before);
}

TEST(FaultRow10, ADiskThatIsFullWhenTheRunWouldLandKeepsNothingFromIt) {
    LOCKSTEP_NEEDS_FAILPOINTS();
    LOCKSTEP_NEEDS_NIX();
    ResumeScene scene(true);
    const Mounted disk(scene.lab / "disk", 0, "size=16m,mode=700");
    if (!disk.done()) GTEST_SKIP() << "mounting needs a right that the test does not have";
    const auto directory = scene.lab / "disk" / "run";
    auto run = scene.start_and_reach("all-built=pause", {"--run-dir", directory.string()},
                                     {"LOCKSTEP_PROVE_MIN_FREE=0B", "LOCKSTEP_PROVE_MIN_FREE_INODES=0"});
    ASSERT_TRUE(run);
    const auto filler = scene.lab / "disk" / "filler";
    const int fd = open(filler.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const std::string block(4096, 'x');
    while (write(fd, block.data(), block.size()) > 0) {
    }
    close(fd);
    scene.let_go();
    const auto end = run->wait();
    EXPECT_EQ(end.code, 0) << end.err;
    scene.expect_landed();
    const auto report = nlohmann::json::parse(read_file(directory / "report.json"), nullptr, false);
    ASSERT_TRUE(report.is_object()) << "its megabyte was set aside";
    EXPECT_EQ(report["verdict"]["outcome"], "landed");
}

class FaultRow10Intents : public ::testing::TestWithParam<std::pair<bool, const char*>> {};

TEST_P(FaultRow10Intents, WhatCannotBeWrittenDownIsNotDone) {
    LOCKSTEP_NEEDS_FAILPOINTS();
    LOCKSTEP_NEEDS_NIX();
    const auto& [green, intent] = GetParam();
    ResumeScene scene(green);
    const auto end = scene.start("journal:" + std::string(intent) + "=errno:28");
    EXPECT_EQ(end.code, green ? 40 : 21) << end.err;
    EXPECT_EQ(scene.on_remote({"rev-parse", "main"}), scene.before);
    if (scene.forge) {
        EXPECT_THAT(scene.forge->pulls(), IsEmpty());
    }
    ASSERT_TRUE(end.report.is_object());
    EXPECT_THAT(end.report["verdict"]["reason"].get<std::string>(), HasSubstr("No space left on device"));
    EXPECT_EQ(scene.resume().code, green ? 0 : 20);
    green ? scene.expect_landed() : scene.expect_proposed();
}

INSTANTIATE_TEST_SUITE_P(Effects, FaultRow10Intents,
                         ::testing::Values(std::pair{true, "push-base"}, std::pair{false, "push-branch"},
                                           std::pair{false, "pull"}),
                         [](const auto& one) { return "N" + std::to_string(one.index); });

TEST(FaultRow15, ADaemonThatABuilderLeftIsEndedAndNamed) {
    LOCKSTEP_NEEDS_NIX();
    BadInputScene scene;
    scene.publish_small_fleet();
    const auto setsid = run_program({"sh", "-c", "command -v setsid && command -v sleep"});
    if (setsid.code != 0) GTEST_SKIP() << "no setsid";
    scene.rewrite_part(
        "PATH=/usr/bin:/bin; setsid sh -c 'echo done > $out; exec sleep 1000' >/dev/null 2>&1 </dev/null &\n"
        "while [ ! -e $out ]; do :; done");
    const auto end = scene.run({"run"});
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_THAT(processes_of(scene.lab), IsEmpty());
    ASSERT_TRUE(end.report.is_object());
    EXPECT_THAT(end.report["notices"].dump(), HasSubstr("(sleep)"));
}

}  // namespace
}  // namespace lockstep::test
