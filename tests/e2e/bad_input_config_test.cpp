// SPDX-License-Identifier: MIT
// Wrong configuration, command lines and surroundings: said at once, with the place and the next step.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "e2e/bad_input_scene.hpp"

namespace lockstep::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class BadConfig : public ::testing::Test, protected BadInputScene {
protected:
    void SetUp() override { LOCKSTEP_NEEDS_NIX(); }
};

TEST_F(BadConfig, HostSelectorOfTheCommandLineThatMatchesNothing) {
    publish_small_fleet();
    fleet.part("catalogue", "tls", {.text = "2"});
    const Witness witness(*this);
    expect_stopped(run({"run", "--host", "wbe1"}), 64, {"wbe1", "web1"});
    expect_stopped(run({"build", "wbe1"}), 64, {"wbe1", "web1"});
    witness.expect_unchanged();
}

TEST_F(BadConfig, HostSelectorOfTheFileThatMatchesNothing) {
    publish_small_fleet();
    fleet.part("catalogue", "tls", {.text = "2"});
    publish_file("lockstep.yaml", "config_version: 1\ntargets:\n  include: [wbe1]\n");
    const Witness witness(*this);
    expect_stopped(run({"run"}), 78, {"wbe1", "web1"});
    witness.expect_unchanged();
}

TEST_F(BadConfig, SeveralMistakesAreToldAtOnceWithTheirPlaces) {
    publish_small_fleet();
    publish_file("lockstep.yaml",
                 "config_version: 1\n"
                 "bass: main\n"
                 "prove:\n"
                 "  slots: many\n"
                 "  build_timeout: 5 parsecs\n"
                 "targets:\n"
                 "    foreign: perhaps\n");
    const Witness witness(*this);
    expect_stopped(run({"run"}), 78,
                   {"4 mistakes", "lockstep.yaml:2:1", "`bass`", "lockstep.yaml:4:10", "lockstep.yaml:5:18",
                    "lockstep.yaml:7:14"});
    witness.expect_unchanged();
}

TEST_F(BadConfig, FileThatIsNoYaml) {
    publish_small_fleet();
    publish_file("lockstep.yaml", "config_version: 1\nprove: [1, 2\nbase: }\n");
    const Witness witness(*this);
    expect_stopped(run({"run"}), 78, {"lockstep.yaml:"});
    witness.expect_unchanged();
}

TEST_F(BadConfig, NoRemote) {
    fleet.host("web1", {});
    fleet.commit("first");
    const Witness witness(*this);
    expect_stopped(run({"run"}), 78, {"remote \"origin\"", "git remote add origin"});
    expect_stopped(run({"run", "--remote", "upstream"}), 78, {"remote \"upstream\""});
    witness.expect_unchanged();
}

TEST_F(BadConfig, NotAGitRepository) {
    std::filesystem::create_directories(lab / "plain");
    for (const char* command : {"run", "build"}) {
        const auto end = lockstep.run({command, "--repo", (lab / "plain").string()});
        expect_stopped(end, 78, {"not in a git work tree", "--repo"});
    }
    EXPECT_EQ(lockstep.run({"run"}, {}, (lab / "plain").string()).code, 78);
    EXPECT_TRUE(std::filesystem::is_empty(lab / "plain"));
}

TEST_F(BadConfig, CommandLineIsRefusedBeforeAnythingIsTouched) {
    publish_small_fleet();
    const Witness witness(*this);
    const struct {
        std::vector<std::string> arguments;
        std::vector<std::string> texts;
    } cases[] = {
        {{"rnu"}, {"no command `rnu`", "did you mean `run`?"}},
        {{"run", "--dryrun"}, {"--dryrun", "did you mean `--dry-run`?"}},
        {{"run", "--token", "s3cret-value"}, {"--token", "--token-file FILE"}},
        {{"run", "--token=s3cret-value"}, {"--token", "--token-file FILE"}},
        {{"run", "--host"}, {"--host needs a value"}},
        {{"run", "--color", "blue"}, {"--color", "auto, always and never"}},
        {{"run", "--now", "tomorrow"}, {"--now", "tomorrow"}},
        {{"run", "--slots", "many"}, {"--slots", "many"}},
        {{"run", "web1"}, {"takes no operands", "--host"}},
        {{}, {"no command"}},
    };
    for (const auto& [arguments, texts] : cases) {
        const auto end = lockstep.run(arguments, {}, fleet.repository().string());
        SCOPED_TRACE(end.err);
        expect_stopped(end, 64, texts);
        EXPECT_THAT(end.err, Not(HasSubstr("s3cret-value")));
        EXPECT_THAT(end.out, IsEmpty());
    }
    witness.expect_unchanged();
    EXPECT_THAT(lockstep.run_dirs(), IsEmpty());
}

/// Durations have no flags: a wrong one comes from a variable or a file, and is a mistake of the configuration.
TEST_F(BadConfig, WrongDurationOfAVariable) {
    publish_small_fleet();
    const Witness witness(*this);
    expect_stopped(run({"run"}, {"LOCKSTEP_PROVE_BUILD_TIMEOUT=5x"}), 78,
                   {"LOCKSTEP_PROVE_BUILD_TIMEOUT", "expects a duration", "5x"});
    witness.expect_unchanged();
}

TEST_F(BadConfig, RunLockHeldByAnotherProcess) {
    publish_small_fleet();
    fleet.part("catalogue", "tls", {.text = "2"});
    ASSERT_EQ(run({"run", "--dry-run"}).code, 0);
    std::vector<std::filesystem::path> locks;
    for (const auto& [path, content] : snapshot(lockstep.state()))
        if (std::filesystem::path(path).filename().string().starts_with("lock-")) locks.push_back(path);
    ASSERT_THAT(locks, SizeIs(1));
    const int held = open((lockstep.state() / locks.front()).c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_EQ(flock(held, LOCK_EX | LOCK_NB), 0);
    const Witness witness(*this);
    expect_stopped(run({"run"}), 75, {"another run", "wait for it to end"});
    EXPECT_EQ(run({"run", "--exit-zero-on", "locked"}).code, 0);
    witness.expect_unchanged();
    close(held);
    EXPECT_EQ(run({"run"}).code, 0);
}

TEST_F(BadConfig, TokenFileThatOthersCanRead) {
    publish_small_fleet();
    fleet.part("catalogue", "tls", {.text = "2"});
    const auto file = lab / "token";
    write_file(file, "s3cret-value\n");
    std::filesystem::permissions(file, std::filesystem::perms(0644));
    const Witness witness(*this);
    const auto end =
        run({"run", "--forge", "gitea", "--forge-url", "http://127.0.0.1:1", "--token-file", file.string()});
    expect_stopped(end, 41, {file.string(), "others can read", "chmod 600"});
    EXPECT_THAT(end.err, Not(HasSubstr("s3cret-value")));
    witness.expect_unchanged();
}

/// As from a hook of another repository: neither our git nor Nix's may follow these.
TEST_F(BadConfig, VariablesThatPointGitElsewhereAreNotFollowed) {
    publish_small_fleet();
    fleet.part("catalogue", "tls", {.text = "2"});
    const auto other = lab / "other";
    std::filesystem::create_directories(other);
    lab.git(other, {"init", "--quiet"});
    const auto before = on_remote({"rev-parse", "main"});
    const auto was = snapshot(other);
    const auto end = run({"run"}, {"GIT_DIR=" + (other / ".git").string(), "GIT_WORK_TREE=" + other.string(),
                                   "GIT_INDEX_FILE=" + (other / ".git/index").string()});
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_EQ(on_remote({"rev-parse", "main^@"}), before);
    EXPECT_EQ(difference(was, snapshot(other)), "");
}

TEST_F(BadConfig, NoNixOnThePath) {
    publish_small_fleet();
    fleet.part("catalogue", "tls", {.text = "2"});
    const auto bin = lab / "bin";
    std::filesystem::create_directories(bin);
    auto git = run_ok({"sh", "-c", "command -v git"});
    git.erase(git.find_last_not_of('\n') + 1);
    std::filesystem::create_symlink(git, bin / "git");
    const Witness witness(*this);
    expect_stopped(run({"run"}, {"PATH=" + bin.string()}), 78, {"Nix cannot be run", "install Nix", "--nix-bin"});
    expect_stopped(run({"build"}, {"PATH=" + bin.string()}), 78, {"Nix cannot be run"});
    witness.expect_unchanged();
}

}  // namespace
}  // namespace lockstep::test
