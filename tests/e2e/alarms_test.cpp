// SPDX-License-Identifier: MIT
// Locks that look tampered with: the hosts are proved, the base branch stays, a pull request says why. The base commit
// holds an edited lock, so that the honest update looks like the attack.
#include "e2e/bad_input_scene.hpp"

namespace lockstep::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Kind = Recipe::Kind;

class LockAlarms : public ::testing::Test, protected BadInputScene {
protected:
    void SetUp() override {
        LOCKSTEP_NEEDS_NIX();
        publish_small_fleet();
    }

    /// Publishes the lock with input "catalogue" as `edit` leaves it.
    template <class Edit>
    void tamper(Edit&& edit) {
        auto lock = nlohmann::json::parse(read_file(fleet.repository() / "flake.lock"));
        edit(lock["nodes"]["catalogue"]);
        publish_file("flake.lock", lock.dump(2) + "\n");
        before = on_remote({"rev-parse", "main"});
    }
    void tamper_with_the_date() {
        tamper([](auto& node) {
            auto& modified = node["locked"]["lastModified"];
            modified = modified.template get<std::int64_t>() + 30 * 86'400;
        });
    }
    /// A new commit of input "catalogue" that has an input of its own.
    void bring_a_new_input() {
        const auto extra = lab / "extra";
        write_file(extra / "flake.nix", "{ outputs = _: { }; }");
        for (const auto& arguments : std::vector<std::vector<std::string>>{
                 {"init", "-q", "-b", "main"}, {"add", "."}, {"commit", "-qm", "extra"}})
            lab.git(extra, arguments);
        auto flake = read_file(fleet.input_repository("catalogue") / "flake.nix");
        flake.insert(flake.find('{') + 1, " inputs.extra.url = \"git+file://" + extra.string() + "\"; ");
        flake.replace(flake.find("{ self }"), 8, "{ self, extra }");
        rewrite_input(flake);
    }

    /// Ended with 60 and the alarm first in the report; the hosts were proved; base has not moved.
    void expect_alarm(const LockstepEnd& end, const std::string& code) const {
        EXPECT_EQ(end.code, 60) << end.err;
        ASSERT_TRUE(end.report.is_object()) << end.err;
        EXPECT_EQ(end.report["verdict"]["exit_code"], 60);
        ASSERT_FALSE(end.report["lock"]["alarms"].empty());
        const auto& alarm = end.report["lock"]["alarms"][0];
        EXPECT_EQ(alarm["code"], code);
        EXPECT_EQ(alarm["severity"], "critical");
        EXPECT_TRUE(alarm["stops"].get<bool>());
        EXPECT_THAT(alarm["input"].get<std::string>(), StartsWith("catalogue"));
        EXPECT_EQ(on_remote({"rev-parse", "main"}), before);
    }
    [[nodiscard]] LockstepEnd run_with_forge(const std::vector<std::string>& more = {}) const {
        std::vector<std::string> arguments{"run", "--forge", "directory:" + (lab / "pulls").string()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(arguments);
    }
    [[nodiscard]] std::string all_pull_files() const {
        std::string text;
        for (const auto& file : std::filesystem::recursive_directory_iterator(lab / "pulls"))
            if (file.is_regular_file()) text += read_file(file.path());
        return text;
    }

    std::string before;
};

TEST_F(LockAlarms, ADateInThePastBecomesAPullRequest) {
    tamper_with_the_date();
    fleet.part("catalogue", "tls", {.text = "2"});
    const auto end = run_with_forge();
    expect_alarm(end, "backwards");
    EXPECT_EQ(end.report["verdict"]["outcome"], "alarm");
    for (const auto& host : end.report["hosts"])
        EXPECT_THAT(host["state"].get<std::string>(), ::testing::AnyOf("built", "cached", "unchanged"));
    EXPECT_EQ(end.report["pull_request"]["action"], "created");
    const auto pull = all_pull_files();
    EXPECT_THAT(pull, HasSubstr("lock alarm: backwards"));
    EXPECT_THAT(pull, HasSubstr("build-failure"));
    EXPECT_THAT(pull, HasSubstr("--ignore-alarm backwards"));
    EXPECT_THAT(end.err, HasSubstr("lock alarm: backwards"));
    EXPECT_THAT(end.err, HasSubstr("--ignore-alarm backwards"));

    // Accepted for one run.
    const auto accepted = run_with_forge({"--ignore-alarm", "back*"});
    EXPECT_EQ(accepted.code, 0) << accepted.err;
    EXPECT_NE(on_remote({"rev-parse", "main"}), before);
    EXPECT_THAT(accepted.err, HasSubstr("ignored"));
    EXPECT_TRUE(accepted.report["lock"]["alarms"].empty());
}

#ifdef LOCKSTEP_FAILPOINTS
TEST_F(LockAlarms, WhatCouldNotBePublishedIsPublishedByResume) {
    tamper_with_the_date();
    fleet.part("catalogue", "tls", {.text = "2"});
    const auto forge = "directory:" + (lab / "pulls").string();
    const auto cut = run({"run", "--forge", forge}, {"LOCKSTEP_TEST_FAILPOINT=branch-intent=errno:5"});
    expect_alarm(cut, "backwards");
    EXPECT_TRUE(cut.report["pull_request"].is_null());
    const auto end = run({"resume"});
    EXPECT_EQ(end.code, 60) << end.err;
    EXPECT_THAT(all_pull_files(), HasSubstr("lock alarm: backwards"));
    EXPECT_EQ(on_remote({"rev-parse", "main"}), before);
    EXPECT_EQ(run({"resume"}).code, 60);
}
#endif

TEST_F(LockAlarms, AnotherContentOfTheSameRevision) {
    tamper([](auto& node) { node["locked"]["narHash"] = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="; });
    expect_alarm(run_with_forge(), "same-rev-other-hash");
}

TEST_F(LockAlarms, AnInputThatMoved) {
    tamper([](auto& node) {
        for (const auto* side : {"locked", "original"}) node[side]["url"] = "file:///somewhere/else";
    });
    expect_alarm(run_with_forge(), "moved");
}

TEST_F(LockAlarms, ARedRunIsStillAnAlarmAndShowsBoth) {
    tamper_with_the_date();
    fleet.part("catalogue", "tls", {Kind::fails, "2"});
    const auto end = run_with_forge();
    expect_alarm(end, "backwards");
    EXPECT_EQ(end.host("web1")["state"], "dependency_failed");
    const auto pull = all_pull_files();
    EXPECT_LT(pull.find("backwards"), pull.find("tls"));
    EXPECT_THAT(pull, HasSubstr("1 of 2 hosts fails"));
}

TEST_F(LockAlarms, WithoutAForgeTheBranchIsPushed) {
    tamper_with_the_date();
    fleet.part("catalogue", "tls", {.text = "2"});
    const auto end = run({"run", "--forge", "none"});
    expect_alarm(end, "backwards");
    EXPECT_THAT(on_remote({"for-each-ref", "--format=%(refname)"}), HasSubstr("refs/heads/flake-update/"));
    EXPECT_THAT(end.err, HasSubstr("look at branch flake-update/"));
}

TEST_F(LockAlarms, APullRequestThatCannotBeWrittenIsStillAnAlarm) {
    tamper_with_the_date();
    fleet.part("catalogue", "tls", {Kind::fails, "2"});
    const auto hook = bare / "hooks" / "pre-receive";
    write_file(hook, "#!/bin/sh\necho no >&2; exit 1\n");
    std::filesystem::permissions(hook, std::filesystem::perms::owner_all);
    const auto end = run_with_forge();
    EXPECT_EQ(end.code, 60) << end.err;
    EXPECT_EQ(on_remote({"rev-parse", "main"}), before);
}

TEST_F(LockAlarms, DryRunsAndPlansSayWhatARunWouldDo) {
    tamper_with_the_date();
    fleet.part("catalogue", "tls", {.text = "2"});
    const Witness witness(*this);
    const auto dry = run_with_forge({"--dry-run"});
    expect_alarm(dry, "backwards");
    EXPECT_EQ(dry.report["verdict"]["outcome"], "would_propose");
    const auto plan = run({"plan"});
    EXPECT_EQ(plan.code, 60) << plan.err;
    EXPECT_THAT(plan.out, HasSubstr("Alarms    !! backwards: catalogue"));
    witness.expect_unchanged();
}

TEST_F(LockAlarms, AWarningLandsAndIsShown) {
    bring_a_new_input();
    const auto end = run_with_forge();
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_EQ(end.report["verdict"]["outcome"], "landed");
    ASSERT_EQ(end.report["lock"]["alarms"].size(), 1U);
    EXPECT_EQ(end.report["lock"]["alarms"][0]["code"], "new-transitive-input");
    EXPECT_EQ(end.report["lock"]["alarms"][0]["input"], "catalogue/extra");
    EXPECT_FALSE(end.report["lock"]["alarms"][0]["stops"].get<bool>());
    EXPECT_THAT(end.err, HasSubstr("new-transitive-input: catalogue/extra"));
}

TEST_F(LockAlarms, ThePolicyIsThatOfTheBaseCommit) {
    publish_file("lockstep.yaml", "config_version: 1\nalarms:\n  stop: [new-*]\n");
    before = on_remote({"rev-parse", "main"});
    write_file(fleet.repository() / "lockstep.yaml", "config_version: 1\nalarms:\n  ignore: ['*']\n");
    bring_a_new_input();
    expect_alarm(run_with_forge(), "new-transitive-input");
    // The machine's own file beats it.
    write_file(lab / "machine.yaml", "config_version: 1\nalarms:\n  stop: []\n");
    const auto end = run_with_forge({"--config", (lab / "machine.yaml").string()});
    EXPECT_EQ(end.code, 0) << end.err;
}

TEST_F(LockAlarms, LockdiffShowsThemExceptInItsList) {
    const auto old_lock = fleet.repository() / "flake.lock", new_lock = lab / "new.lock";
    auto lock = nlohmann::json::parse(read_file(old_lock));
    lock["nodes"]["catalogue"]["locked"]["narHash"] = "";
    write_file(new_lock, lock.dump());
    const auto text = lockstep.run({"lockdiff", old_lock.string(), new_lock.string()});
    EXPECT_EQ(text.code, 0) << text.err;
    EXPECT_THAT(text.out, StartsWith("alarms:\n!! hash-missing: catalogue: "));
    EXPECT_THAT(text.out, HasSubstr("\n\ndirect inputs:\n"));
    const auto markdown = lockstep.run({"lockdiff", "--markdown", old_lock.string(), new_lock.string()});
    EXPECT_THAT(markdown.out, StartsWith("**Alarms**\n\n- **hash-missing** (stops the update): catalogue: "));
    const auto json = lockstep.run({"lockdiff", "--json", old_lock.string(), new_lock.string()});
    EXPECT_TRUE(nlohmann::json::parse(json.out).is_array()) << json.out;
    const auto same = lockstep.run({"lockdiff", old_lock.string(), old_lock.string()});
    EXPECT_EQ(same.out, "no inputs changed\n");
}

TEST_F(LockAlarms, AnHonestUpdateRaisesNone) {
    fleet.part("catalogue", "tls", {.text = "2"});
    const auto end = run_with_forge();
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_TRUE(end.report["lock"]["alarms"].empty());
    EXPECT_THAT(end.err, Not(HasSubstr("alarm")));
}

}  // namespace
}  // namespace lockstep::test
