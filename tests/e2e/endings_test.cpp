// SPDX-License-Identifier: MIT
// The main job from a stale lock to its two endings: the real program, Nix and git over HTTP, against each dialect of
// the fake forge, which checks every request by the forges' own descriptions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "fakes/fake_forge.hpp"
#include "support/fleet_fixture.hpp"
#include "support/ssh_server.hpp"

namespace lockstep::test {
namespace {

using fakes::FakeForge;
using fakes::ForgeKind;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::SizeIs;
using Kind = Recipe::Kind;

/// A fleet of three hosts with a remote; `bare` is the truth about its branches.
struct Stage {
    NixLab lab;
    FleetFixture fleet{lab};
    std::filesystem::path bare;

    Stage() {
        fleet.part("catalogue", "tls", {});
        fleet.part("catalogue", "kernel", {});
        fleet.host("web1", {.parts = {"catalogue.tls"}});
        fleet.host("web2", {.parts = {"catalogue.tls"}});
        fleet.host("db1", {.parts = {"catalogue.kernel"}});
        fleet.commit("first");
        bare = fleet.publish();
    }

    void set_remote(const std::string& url) { lab.git(fleet.repository(), {"remote", "set-url", "origin", url}); }
    [[nodiscard]] std::string on_remote(std::vector<std::string> arguments) const {
        auto text = lab.git(bare, std::move(arguments));
        while (!text.empty() && text.back() == '\n') text.pop_back();
        return text;
    }

    Ran lockstep(std::vector<std::string> arguments, std::vector<std::string> environment = {}) const {
        std::vector<std::string> argv{LOCKSTEP_BINARY};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        argv.insert(argv.end(), {"--repo", fleet.repository().string(), "--plain"});
        auto full = lab.environment();
        full.push_back("XDG_STATE_HOME=" + (lab.root() / "state").string());
        full.insert(full.end(), environment.begin(), environment.end());
        return run_program(argv, full);
    }
};

/// The proved commit of a run that landed: one parent, the old base; only the lock differs; nothing else is left.
void expect_landed(const Stage& stage, const std::string& before) {
    const auto after = stage.on_remote({"rev-parse", "main"});
    EXPECT_NE(after, before);
    EXPECT_EQ(stage.on_remote({"rev-parse", "main^@"}), before);
    EXPECT_EQ(stage.on_remote({"diff", "--name-only", before, after}), "flake.lock");
    EXPECT_EQ(stage.on_remote({"for-each-ref", "--format=%(refname)"}), "refs/heads/main");
}

class Endings : public ::testing::TestWithParam<ForgeKind> {
protected:
    void SetUp() override { LOCKSTEP_NEEDS_NIX(); }
};

TEST_P(Endings, GreenLandsRedProposesAndTheNextRunUpdatesThePullRequest) {
    Stage stage;
    FakeForge forge({.kind = GetParam(), .repository = stage.bare});
    stage.set_remote(forge.clone_url());
    const auto token_file = stage.lab / "token";
    write_file(token_file, forge.token() + "\n");
    std::filesystem::permissions(token_file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    const std::vector<std::string> flags{"--forge",        forge.kind(),   "--forge-url",
                                         forge.web_root(), "--token-file", token_file.string()};
    const auto run = [&](std::vector<std::string> more = {}) {
        std::vector<std::string> arguments{"run"};
        arguments.insert(arguments.end(), flags.begin(), flags.end());
        arguments.insert(arguments.end(), more.begin(), more.end());
        return stage.lockstep(arguments);
    };

    // Nothing to update: no trace.
    const auto start = stage.on_remote({"rev-parse", "main"});
    const auto nothing = run();
    EXPECT_EQ(nothing.code, 0) << nothing.err;
    EXPECT_EQ(run({"--detailed-exit-code"}).code, 10);
    EXPECT_EQ(stage.on_remote({"for-each-ref", "--format=%(refname) %(objectname)"}), "refs/heads/main " + start);
    EXPECT_THAT(forge.pulls(), IsEmpty());

    // Green.
    stage.fleet.part("catalogue", "tls", {.text = "2"});
    const auto green = run();
    ASSERT_EQ(green.code, 0) << green.err;
    expect_landed(stage, start);
    const auto landed = stage.on_remote({"rev-parse", "main"});
    EXPECT_THAT(forge.pulls(), IsEmpty());
    ASSERT_THAT(forge.statuses(landed), Not(IsEmpty()));
    EXPECT_EQ(forge.statuses(landed).back().state, "success");

    // Red.
    stage.fleet.part("catalogue", "tls", {Kind::fails, "3"});
    const auto red = run();
    ASSERT_EQ(red.code, 20) << red.err;
    EXPECT_EQ(stage.on_remote({"rev-parse", "main"}), landed);
    ASSERT_THAT(forge.open_pulls(), SizeIs(1));
    const auto first = forge.open_pulls().front();
    EXPECT_EQ(first.base, "main");
    EXPECT_THAT(first.head, HasSubstr("flake-update/"));
    EXPECT_EQ(first.head_sha, stage.on_remote({"rev-parse", first.head}));
    EXPECT_THAT(forge.labels_of(first.number), IsSupersetOf({"build-failure", "needs-review"}));
    EXPECT_THAT(first.body, HasSubstr("2 of 3 hosts"));
    EXPECT_THAT(first.body, HasSubstr("web1"));
    EXPECT_THAT(forge.comments(first.number), SizeIs(1));
    EXPECT_EQ(forge.attachments(first.number).empty(),
              GetParam() == ForgeKind::github);  // GitHub has no place for them

    // Red again, for another reason: the same pull request, the same comment, no second label.
    stage.fleet.part("catalogue", "kernel", {Kind::fails, "4"});
    const auto again = run();
    ASSERT_EQ(again.code, 20) << again.err;
    ASSERT_THAT(forge.pulls(), SizeIs(1));
    const auto second = forge.open_pulls().front();
    EXPECT_EQ(second.number, first.number);
    EXPECT_NE(second.head_sha, first.head_sha);
    EXPECT_THAT(second.body, HasSubstr("db1"));
    EXPECT_THAT(forge.comments(first.number), SizeIs(1));
    EXPECT_THAT(forge.label_names(), SizeIs(2));
    EXPECT_EQ(stage.on_remote({"rev-parse", "main"}), landed);

    // Mended upstream: it lands, and the update branch is gone.
    stage.fleet.part("catalogue", "kernel", {.text = "5"});
    stage.fleet.part("catalogue", "tls", {.text = "5"});
    ASSERT_EQ(run().code, 0);
    expect_landed(stage, landed);
}

TEST_P(Endings, ProtectedBaseBecomesAPullRequestForReview) {
    Stage stage;
    FakeForge forge({.kind = GetParam(), .repository = stage.bare});
    forge.protect("main");
    stage.set_remote(forge.clone_url(forge.token()));
    const auto before = stage.on_remote({"rev-parse", "main"});
    stage.fleet.part("catalogue", "tls", {.text = "2"});
    const std::string variable = forge.kind() == "github"  ? "GITHUB_TOKEN"
                                 : forge.kind() == "gitea" ? "GITEA_TOKEN"
                                                           : "FORGEJO_TOKEN";
    const auto ran = stage.lockstep({"run", "--forge", forge.kind(), "--forge-url", forge.web_root()},
                                    {variable + "=" + forge.token()});
    EXPECT_EQ(ran.code, 31) << ran.err;
    EXPECT_EQ(stage.on_remote({"rev-parse", "main"}), before);
    ASSERT_THAT(forge.open_pulls(), SizeIs(1));
    EXPECT_THAT(forge.labels_of(forge.open_pulls().front().number), ElementsAre("needs-review"));
    EXPECT_THAT(ran.err, Not(HasSubstr(forge.token())));
}

TEST_P(Endings, AWrongTokenIsFoundBeforeAnythingIsBuilt) {
    Stage stage;
    FakeForge forge({.kind = GetParam(), .repository = stage.bare});
    stage.set_remote(forge.clone_url(forge.token()));
    stage.fleet.part("catalogue", "tls", {Kind::fails, "2"});
    const std::string variable = forge.kind() == "github"  ? "GITHUB_TOKEN"
                                 : forge.kind() == "gitea" ? "GITEA_TOKEN"
                                                           : "FORGEJO_TOKEN";
    const auto ran = stage.lockstep({"run", "--forge", forge.kind(), "--forge-url", forge.web_root()},
                                    {variable + "=0123456789abcdefwrong"});
    EXPECT_EQ(ran.code, 41) << ran.err;
    EXPECT_THAT(ran.err, Not(HasSubstr("prove:")));
    EXPECT_THAT(ran.err, HasSubstr("next:"));
}

TEST_P(Endings, AForgeThatFailsAfterThePushLeavesTheBranchAndSaysWhatIsMissing) {
    Stage stage;
    FakeForge forge({.kind = GetParam(), .repository = stage.bare});
    stage.set_remote(forge.clone_url(forge.token()));
    stage.fleet.part("catalogue", "tls", {Kind::fails, "2"});
    forge.faults().on("POST", "/pulls$", fakes::fault::answer(403, "{\"message\": \"no\"}"), {.nth = 1, .times = 0});
    const std::string variable = forge.kind() == "github"  ? "GITHUB_TOKEN"
                                 : forge.kind() == "gitea" ? "GITEA_TOKEN"
                                                           : "FORGEJO_TOKEN";
    const auto ran = stage.lockstep({"run", "--forge", forge.kind(), "--forge-url", forge.web_root()},
                                    {variable + "=" + forge.token()});
    EXPECT_EQ(ran.code, 21) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("open the pull request"));
    EXPECT_THAT(stage.on_remote({"for-each-ref", "--format=%(refname)"}), HasSubstr("refs/heads/flake-update/"));
}

INSTANTIATE_TEST_SUITE_P(Dialects, Endings, ::testing::Values(ForgeKind::github, ForgeKind::gitea, ForgeKind::forgejo),
                         [](const auto& one) {
                             return one.param == ForgeKind::github  ? "github"
                                    : one.param == ForgeKind::gitea ? "gitea"
                                                                    : "forgejo";
                         });

TEST(Transports, LandsOverAPath) {
    LOCKSTEP_NEEDS_NIX();
    Stage stage;
    const auto before = stage.on_remote({"rev-parse", "main"});
    stage.fleet.part("catalogue", "tls", {.text = "2"});
    const auto ran = stage.lockstep({"run"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    expect_landed(stage, before);
}

TEST(Transports, LandsOverSsh) {
    LOCKSTEP_NEEDS_NIX();
    if (const auto why = SshServer::unavailable(); !why.empty()) GTEST_SKIP() << why;
    Stage stage;
    SshServer server(stage.bare.parent_path());
    stage.set_remote(server.url(stage.bare.filename().string()));
    const auto before = stage.on_remote({"rev-parse", "main"});
    stage.fleet.part("catalogue", "tls", {.text = "2"});
    const auto ran = stage.lockstep({"run", "--forge", "none"}, {"GIT_SSH_COMMAND=" + server.git_ssh_command()});
    ASSERT_EQ(ran.code, 0) << ran.err << server.log();
    expect_landed(stage, before);
}

/// Somebody else pushes to the base branch whenever hosts are being built: a wrapper around nix-store does it.
struct MovingStage : Stage {
    std::filesystem::path other = lab / "other";

    /// `times` commits are there to be pushed, one per realisation. Each changes `file`.
    MovingStage(int times, const std::string& file) {
        lab.git(lab.root(), {"clone", "-q", bare.string(), other.string()});
        for (int i = 1; i <= times; ++i) {
            write_file(other / file, "by somebody else " + std::to_string(i));
            lab.git(other, {"add", "."});
            lab.git(other, {"commit", "-qm", "meanwhile " + std::to_string(i)});
            lab.git(other, {"branch", "move-" + std::to_string(i)});
        }
        fleet.part("catalogue", "tls", {.text = "2"});
        const auto wrapper = lab / "bin" / "nix-store";
        write_file(wrapper,
                   "#!/bin/sh\ncase \"$*\" in *--check-validity*) cd " + other.string() +
                       " && for n in 1 2 3 4 5 6 7 8; do git rev-parse -q --verify move-$n >/dev/null || continue; "
                       "git push -q origin move-$n:main && git branch -qD move-$n; break; done;; esac\nexec " +
                       program("nix-store") + " \"$@\"\n");
        std::filesystem::permissions(wrapper, std::filesystem::perms::owner_all);
        std::filesystem::create_symlink(program("nix"), lab / "bin" / "nix");
    }

    [[nodiscard]] std::string program(const std::string& name) const {
        const auto found = run_ok({"sh", "-c", "command -v " + name}, lab.environment());
        return found.substr(0, found.find('\n'));
    }
    Ran run(std::vector<std::string> environment = {}) const {
        return lockstep({"run", "--nix-bin", (lab / "bin").string()}, std::move(environment));
    }
    [[nodiscard]] nlohmann::json report(const Ran& ran) const {
        const auto at = ran.err.rfind("report.json"), begin = ran.err.rfind(' ', at);
        return nlohmann::json::parse(read_file(ran.err.substr(begin + 1, at + 11 - begin - 1)));
    }
};

TEST(BaseBranch, ThatMovedIsNeverOverwritten) {
    LOCKSTEP_NEEDS_NIX();
    const MovingStage stage(1, "note.txt");
    const auto ran = stage.run({"LOCKSTEP_LAND_TRIES=1"});
    EXPECT_EQ(ran.code, 30) << ran.err;
    EXPECT_EQ(stage.on_remote({"log", "-1", "--format=%s", "main"}), "meanwhile 1");
    EXPECT_THAT(ran.err, HasSubstr("run again"));
}

TEST(BaseBranch, ThatMovedGetsTheUpdateOnTop) {
    LOCKSTEP_NEEDS_NIX();
    const MovingStage stage(2, "note.txt");
    const auto ran = stage.run();
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(stage.on_remote({"log", "-3", "--format=%s", "main"}), "flake.lock: Update\nmeanwhile 2\nmeanwhile 1");
    EXPECT_EQ(stage.on_remote({"diff", "--name-only", "main~1", "main"}), "flake.lock");
    EXPECT_EQ(stage.on_remote({"for-each-ref", "--format=%(refname)"}), "refs/heads/main");
    const auto report = stage.report(ran);
    EXPECT_EQ(report["repo"]["base"]["after"], stage.on_remote({"rev-parse", "main"}));
    for (const auto& host : report["hosts"]) EXPECT_EQ(host["state"], "cached") << "nothing is built twice";
}

TEST(BaseBranch, WhoseHostsChangedMeanwhileIsProvedAgain) {
    LOCKSTEP_NEEDS_NIX();
    MovingStage stage(0, "");
    // The other commit breaks a host: what was proved before says nothing about it.
    stage.fleet.host("db1", {Kind::fails, "meanwhile"});
    stage.fleet.commit("breaks db1");
    stage.lab.git(stage.fleet.repository(), {"push", "-q", (stage.other).string(), "HEAD:refs/heads/move-1"});
    const auto ran = stage.run();
    EXPECT_EQ(ran.code, 20) << ran.err;
    EXPECT_EQ(stage.on_remote({"log", "-1", "--format=%s", "main"}), "breaks db1");
}

TEST(BaseBranch, WhoseLockWasTamperedWithMeanwhileRaisesTheAlarm) {
    LOCKSTEP_NEEDS_NIX();
    MovingStage stage(0, "");
    const auto path = stage.fleet.repository() / "flake.lock";
    auto lock = nlohmann::json::parse(read_file(path));
    auto& modified = lock["nodes"]["catalogue"]["locked"]["lastModified"];
    modified = modified.get<std::int64_t>() + 30 * 86'400;
    write_file(path, lock.dump());
    stage.lab.git(stage.fleet.repository(), {"commit", "-qam", "tampers"});
    stage.lab.git(stage.fleet.repository(), {"push", "-q", (stage.other).string(), "HEAD:refs/heads/move-1"});
    const auto ran = stage.run();
    EXPECT_EQ(ran.code, 60) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("try 2 of 3"));
    EXPECT_EQ(stage.on_remote({"log", "-1", "--format=%s", "main"}), "tampers");
    EXPECT_EQ(stage.report(ran)["lock"]["alarms"][0]["code"], "backwards");
}

TEST(BaseBranch, ThatKeepsMovingEndsTheRun) {
    LOCKSTEP_NEEDS_NIX();
    const MovingStage stage(8, "note.txt");
    const auto ran = stage.run();
    EXPECT_EQ(ran.code, 30) << ran.err;
    EXPECT_THAT(stage.on_remote({"log", "--format=%s", "main"}), Not(HasSubstr("flake.lock")));
    EXPECT_THAT(ran.err, HasSubstr("try 3 of 3"));
}

/// With a day of its own: the inputs of these tests are committed at the real time, which may lie after that day.
constexpr const char* k_any_date = "LOCKSTEP_ALARMS_IGNORE=backwards";

TEST(UpdateBranch, OfSomebodyElseIsNeverOverwritten) {
    LOCKSTEP_NEEDS_NIX();
    Stage stage;
    const auto foreign = stage.on_remote({"rev-parse", "main"});
    stage.lab.git(stage.bare, {"branch", "flake-update/2026-11-21", "main"});
    stage.fleet.part("catalogue", "tls", {Kind::fails, "2"});
    const auto ran = stage.lockstep({"run", "--now", "2026-11-21"}, {k_any_date});
    EXPECT_EQ(ran.code, 20) << ran.err;
    EXPECT_EQ(stage.on_remote({"rev-parse", "flake-update/2026-11-21"}), foreign);
    EXPECT_NE(stage.on_remote({"rev-parse", "flake-update/2026-11-21-2"}), foreign);
}

TEST(UpdateBranch, WithCommitsOfPeopleIsLeftAlone) {
    LOCKSTEP_NEEDS_NIX();
    Stage stage;
    stage.fleet.part("catalogue", "tls", {Kind::fails, "2"});
    ASSERT_EQ(stage.lockstep({"run", "--now", "2026-11-21"}, {k_any_date}).code, 20);
    const auto other = stage.lab / "other";
    stage.lab.git(stage.lab.root(),
                  {"clone", "-q", "-b", "flake-update/2026-11-21", stage.bare.string(), other.string()});
    write_file(other / "fix.txt", "by hand");
    stage.lab.git(other, {"add", "."});
    stage.lab.git(other, {"commit", "-qm", "Fix by hand"});
    stage.lab.git(other, {"push", "-q"});
    const auto fixed = stage.on_remote({"rev-parse", "flake-update/2026-11-21"});
    stage.fleet.part("catalogue", "tls", {Kind::fails, "3"});
    const auto ran = stage.lockstep({"run", "--now", "2026-11-22"}, {k_any_date});
    EXPECT_EQ(ran.code, 20) << ran.err;
    EXPECT_EQ(stage.on_remote({"rev-parse", "flake-update/2026-11-21"}), fixed);
    EXPECT_THAT(ran.err, HasSubstr("left alone"));
}

}  // namespace
}  // namespace lockstep::test
