// SPDX-License-Identifier: MIT
// Plans that are made now and carried out later, and whose word counts for them, as somebody types it.
#include <gmock/gmock.h>

#include "deploy/deploy_aside.hpp"
#include "deploy/deploy_program.hpp"

namespace lockstep::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

struct DeployPlanned : ::testing::Test {
    void SetUp() override { LOCKSTEP_NEEDS_DEPLOY_LAB(); }
};

/// The program with people who may approve, and some who may not.
struct Approving : DeployProgram {
    Approving(const std::vector<std::string>& hosts, const std::string& settings)
        : DeployProgram(hosts, settings + "  approvers: approvers\n") {
        for (const char* name : {"alice", "mallory"}) {
            const auto made = lab.run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key(name)});
            EXPECT_TRUE(made.ok()) << made.err;
        }
        write_file(repository / "approvers",
                   "alice@example.org namespaces=\"lockstep-approval\" " + read_file(key("alice") + ".pub"));
        commit("who may approve");
    }
    [[nodiscard]] std::string key(const std::string& name) const { return file(name + "_key"); }
    [[nodiscard]] std::string file(const std::string& name) const { return (lab.dir() / name).string(); }
    [[nodiscard]] ProgramEnd plan(const std::string& name, std::vector<std::string> more = {}) {
        more.insert(more.begin(), {"deploy", "--dry-run", "--output", file(name)});
        auto end = run(more);
        EXPECT_EQ(end.code, 0) << end.err;
        return end;
    }
    void approve(const std::string& plan, const std::string& name, const std::string& signing_key,
                 const std::string& signer, const std::string& valid = "1h") {
        const auto end = run({"approve", "--plan", file(plan), "--key", key(signing_key), "--signer", signer, "--valid",
                              valid, "--output", file(name)});
        EXPECT_EQ(end.code, 0) << end.err;
    }
    /// Whatever is wrong, nothing is touched.
    void expect_refused(const std::vector<std::string>& arguments, const std::string& why) {
        const auto end = run(arguments);
        EXPECT_EQ(end.code, 52) << end.err;
        EXPECT_THAT(end.err, HasSubstr(why));
        EXPECT_THAT(end.report["verdict"]["reason"].dump(), HasSubstr(why));
        EXPECT_EQ(lab.host("web1").running(), lab.system({.name = "v1"})) << why;
        EXPECT_EQ(lab.host("web1").profile(), lab.system({.name = "v1"})) << why;
        EXPECT_EQ(times(lab.host("web1"), "v2 test start"), 0) << why;
    }
};

TEST_F(DeployPlanned, APlanIsReadByPeopleAndCarriedOutAsItIs) {
    DeployProgram program({"web1", "web2"}, "  strategy: parallel\n");
    write_file(program.repository / "flake.lock", R"({"nodes":{"root":{}},"root":"root","version":7})");
    program.commit("a lock, for `plan`");
    const auto built = program.run({"build"});
    ASSERT_EQ(built.code, 0) << built.err;
    const auto v1 = program.lab.system({.name = "v1"}), v2 = DeployProgram::proved(built, "web1");
    const auto file = (program.lab.dir() / "plan.json").string();

    const auto dry = program.run({"deploy", "--dry-run", "--output", file});
    ASSERT_EQ(dry.code, 0) << dry.err;
    EXPECT_THAT(dry.err, AllOf(HasSubstr("web1  "), HasSubstr(" → "), HasSubstr("packages"),
                               HasSubstr("units     known after staging"), HasSubstr("free)"), HasSubstr("sha256:")));
    const auto plan = Json::parse(read_file(file), nullptr, false);
    ASSERT_TRUE(plan.is_object());
    EXPECT_EQ(plan["schema"], "lockstep-plan/1.0");
    ASSERT_EQ(plan["plan"]["hosts"].size(), 2U);
    EXPECT_EQ(plan["plan"]["hosts"][0]["from"], v1);
    EXPECT_EQ(plan["plan"]["hosts"][0]["to"], v2);
    EXPECT_EQ(plan["plan"]["proof"], built.report["run"]["id"]);
    EXPECT_EQ(plan["plan"]["policy"]["deploy.strategy"], "parallel");
    EXPECT_TRUE(plan["plan"]["hosts"][0]["units"].is_null());
    EXPECT_NE(plan["plan"]["hosts"][0]["packages"]["summary"], "");
    EXPECT_GT(plan["measured"]["web1"]["copy_bytes_at_most"], 0);
    EXPECT_GT(plan["measured"]["web1"]["store_free_bytes"], 0);

    // Made again, it is the same plan.
    ASSERT_EQ(program.run({"deploy", "--dry-run", "--output", file + "2"}).code, 0);
    EXPECT_EQ(Json::parse(read_file(file + "2"))["hash"], plan["hash"]);

    const auto end = program.run({"deploy", "--plan", file});
    EXPECT_EQ(end.code, 0) << end.err;
    for (const char* name : {"web1", "web2"}) {
        EXPECT_EQ(program.lab.host(name).running(), v2);
        EXPECT_EQ(end.state_of(name), "confirmed");
    }
    EXPECT_EQ(end.status["plan_hash"], plan["hash"]);
    EXPECT_THAT(read_file(end.run_dir / "deployment-report.md"), HasSubstr(plan["hash"].get<std::string>()));

    const auto outlook = program.run({"plan"});
    EXPECT_EQ(outlook.code, 0) << outlook.err;
    EXPECT_THAT(outlook.out, AllOf(HasSubstr("no host was asked"), HasSubstr("web1  was left with what is proved")));

    // It was of hosts that ran v1.
    const auto again = program.run({"deploy", "--plan", file});
    EXPECT_EQ(again.code, 52) << again.err;
    EXPECT_THAT(again.err, AllOf(HasSubstr("web1: runs"), HasSubstr("web2: runs")));

    // A host that a deploy would leave alone is told beforehand.
    const auto other = program.lab.system({.name = "byhand"});
    program.lab.host("web1").receive(other);
    program.lab.host("web1").drift(other);
    EXPECT_THAT(program.run({"deploy", "--dry-run"}).err, HasSubstr("web1: somebody switched it since"));
    EXPECT_THAT(program.run({"deploy", "--dry-run", "--accept-drift"}).err, Not(HasSubstr("somebody switched")));
}

TEST_F(DeployPlanned, StagedHostsSayWhatHappensToTheirUnits) {
    DeployProgram program({"web1"});
    ASSERT_EQ(program.run({"build"}).code, 0);
    const auto v1 = program.lab.system({.name = "v1"});
    const auto file = (program.lab.dir() / "plan.json").string();
    const auto dry = program.run({"deploy", "--dry-run", "--stage", "--output", file});
    ASSERT_EQ(dry.code, 0) << dry.err;
    EXPECT_THAT(dry.err, HasSubstr("restart lab.service, sshd.service; stop lab-old.service"));
    const auto units = Json::parse(read_file(file))["plan"]["hosts"][0]["units"];
    EXPECT_EQ(units["start"], Json({"lab-new.service"}));
    EXPECT_EQ(program.lab.host("web1").running(), v1);
    EXPECT_EQ(program.lab.host("web1").profile(), v1);
    const auto end = program.run({"deploy", "--plan", file});
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_EQ(end.state_of("web1"), "confirmed");
}

TEST_F(DeployPlanned, WhatDiffersFromThePlanIsNamedAndNothingIsTouched) {
    DeployProgram program({"web1", "web2"}, "  strategy: parallel\n");
    const auto built = program.run({"build"});
    ASSERT_EQ(built.code, 0) << built.err;
    const auto v1 = program.lab.system({.name = "v1"});
    const auto file = (program.lab.dir() / "plan.json").string();
    ASSERT_EQ(program.run({"deploy", "--dry-run", "--output", file}).code, 0);
    const auto refused = [&](const std::vector<std::string>& arguments, const std::string& why) {
        const auto end = program.run(arguments);
        EXPECT_EQ(end.code, 52) << end.err;
        EXPECT_THAT(end.err, HasSubstr(why));
        EXPECT_EQ(end.state_of("web1"), "not_started") << why;
        EXPECT_EQ(program.lab.host("web1").running(), v1) << why;
    };
    refused({"deploy", "--plan", file, "--tolerate", "1"}, "policy: deploy.tolerate");
    // Another policy in the repository.
    write_file(program.repository / "lockstep.yaml", read_file(program.repository / "lockstep.yaml") + "  copies: 3\n");
    program.commit("fewer copies");
    refused({"deploy", "--plan", file}, "policy: deploy.copies: the plan says the default, now it is 3");
    // Another host than it was.
    ASSERT_EQ(program.run({"deploy", "--dry-run", "--output", file}).code, 0);
    const auto other = program.lab.system({.name = "byhand"});
    auto& web2 = program.lab.host("web2");
    web2.receive(other);
    web2.drift(other);
    refused({"deploy", "--plan", file, "--accept-drift"}, "web2: runs");
    EXPECT_EQ(program.run({"deploy", "--dry-run", "--json", "--output", "-"}).code, 64);
    EXPECT_EQ(web2.running(), other);
    // Something newer was proved.
    ASSERT_EQ(program.run({"deploy", "--dry-run", "--accept-drift", "--output", file}).code, 0);
    program.write_flake("v3");
    program.commit("third");
    ASSERT_EQ(program.run({"build"}).code, 0);
    refused({"deploy", "--plan", file}, "proof: the plan says " + built.report["run"]["id"].get<std::string>());
    // A file that somebody has changed is no plan.
    auto changed = read_file(file);
    changed.replace(changed.find(v1), v1.size(), other);
    write_file(file, changed);
    const auto end = program.run({"deploy", "--plan", file});
    EXPECT_EQ(end.code, 78) << end.err;
    EXPECT_THAT(end.err, HasSubstr("somebody changed it"));
    EXPECT_EQ(program.run({"deploy", "--plan", file, "web1"}).code, 64);
    EXPECT_EQ(program.run({"deploy", "--approval", file}).code, 64);
}

TEST_F(DeployPlanned, S29_AnApprovalOfAnotherPlanIsRefused) {
    Approving program({"web1"}, "  gates: [start]\n");
    const auto built = program.run({"build"});
    ASSERT_EQ(built.code, 0) << built.err;
    const auto plan = program.plan("plan.json");
    EXPECT_THAT(plan.err, HasSubstr("needs a signed approval"));
    (void)program.plan("other.json", {"--strategy", "parallel"});
    const std::vector<std::string> deploy = {"deploy", "--yes", "--plan", program.file("plan.json")};
    const auto with = [&](const std::string& approval) {
        auto arguments = deploy;
        arguments.insert(arguments.end(), {"--approval", program.file(approval)});
        return arguments;
    };
    program.expect_refused({"deploy", "--yes"}, "needs a signed approval");
    program.expect_refused(deploy, "needs a signed approval");

    program.approve("other.json", "other", "alice", "alice@example.org");
    program.expect_refused(with("other"), "it is of another plan");
    program.approve("plan.json", "expired", "alice", "alice@example.org", "1ms");
    program.expect_refused(with("expired"), "it expired at");
    program.approve("plan.json", "unknown", "mallory", "mallory@example.org");
    program.expect_refused(with("unknown"), "is none of deploy.approvers");
    program.approve("plan.json", "pretended", "mallory", "alice@example.org");
    program.expect_refused(with("pretended"), "is none of deploy.approvers");

    program.approve("plan.json", "good", "alice", "alice@example.org");
    auto tampered = Json::parse(read_file(program.file("good")));
    tampered["approval"]["expires"] = "2099-01-01T00:00:00Z";
    write_file(program.file("tampered"), tampered.dump());
    program.expect_refused(with("tampered"), "its signature is not of this text");
    // Nobody gives an approval that is not to count: one bad among good ones refuses too.
    auto both = with("good");
    both.insert(both.end(), {"--approval", program.file("other")});
    program.expect_refused(both, "it is of another plan");

    const auto end = program.run(with("good"));
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_EQ(end.state_of("web1"), "confirmed");
    EXPECT_EQ(program.lab.host("web1").running(), DeployProgram::proved(built, "web1"));
    ASSERT_EQ(end.status["approvals"].size(), 1U);
    EXPECT_EQ(end.status["approvals"][0]["signer"], "alice@example.org");
    const std::string key = end.status["approvals"][0]["key"];
    const auto fingerprint = program.lab.run({"ssh-keygen", "-lf", program.key("alice") + ".pub"});
    EXPECT_THAT(fingerprint.out, HasSubstr(key));
    EXPECT_THAT(end.status["hosts"][0]["approver"], HasSubstr("alice@example.org"));
    EXPECT_THAT(read_file(end.run_dir / "deployment-report.md"), HasSubstr("Approved by alice@"));
    EXPECT_THAT(read_file(end.run_dir / "journal.jsonl"),
                AllOf(HasSubstr("deploy-approved"), HasSubstr(key), HasSubstr("sha256:")));
}

TEST_F(DeployPlanned, WithoutApproversYesAnswersTheGates) {
    DeployProgram program({"web1"}, "  gates: [start]\n");
    ASSERT_EQ(program.run({"build"}).code, 0);
    EXPECT_EQ(program.run({"deploy"}).code, 52);
    EXPECT_EQ(program.run({"deploy", "--yes"}).code, 0);
}

/// `build`, and a deploy of an approved plan that is killed while its first host waits to be proved.
std::pair<ProgramEnd, ProgramEnd> approved_and_killed(Approving& program) {
    const auto built = program.run({"build"});
    (void)program.plan("plan.json");
    program.approve("plan.json", "approval", "alice", "alice@example.org");
    return {built, program.run({"deploy", "--plan", program.file("plan.json"), "--approval", program.file("approval")},
                               "deploy-awaiting=kill")};
}

TEST_F(DeployPlanned, AResumedDeployKeepsItsPlanAndItsApproval) {
#ifndef LOCKSTEP_FAILPOINTS
    GTEST_SKIP() << "this program has no failpoints";
#endif
    Approving program({"web1", "web2"}, "  strategy: rolling\n  gates: [every]\n");
    const auto [built, cut] = approved_and_killed(program);
    ASSERT_EQ(built.code, 0) << built.err;
    ASSERT_EQ(cut.code, 137) << cut.err;
    // What was given is kept: the files may be gone.
    std::filesystem::remove(program.file("plan.json"));
    std::filesystem::remove(program.file("approval"));
    const auto end = program.run({"resume"});
    EXPECT_EQ(end.code, 0) << end.err;
    for (const char* name : {"web1", "web2"})
        EXPECT_EQ(program.lab.host(name).running(), DeployProgram::proved(built, name)) << name;
    EXPECT_EQ(end.status["approvals"][0]["signer"], "alice@example.org");
}

TEST_F(DeployPlanned, ARefusedApprovalOfAResumedDeployKeepsNobodyFromEndingWhatWasBegun) {
#ifndef LOCKSTEP_FAILPOINTS
    GTEST_SKIP() << "this program has no failpoints";
#endif
    Approving program({"web1", "web2"}, "  strategy: rolling\n  gates: [every]\n");
    const auto [built, cut] = approved_and_killed(program);
    ASSERT_EQ(built.code, 0) << built.err;
    ASSERT_EQ(cut.code, 137) << cut.err;
    write_file(cut.run_dir / "deployment-approval-1.json", "{}");
    const auto end = program.run({"resume"});
    EXPECT_EQ(end.code, 52) << end.err;
    EXPECT_THAT(end.err, HasSubstr("does not count"));
    EXPECT_EQ(program.lab.host("web1").running(), DeployProgram::proved(built, "web1")) << "it was begun";
    EXPECT_EQ(program.lab.host("web1").profile(), DeployProgram::proved(built, "web1"));
    EXPECT_EQ(program.lab.host("web2").running(), program.lab.system({.name = "v1"}));
    EXPECT_EQ(end.state_of("web2"), "not_started");
}

TEST_F(DeployPlanned, TheFlipAndHostsThatAskForThemselvesNeedApprovalsToo) {
    Approving program({"web1", "web2"}, "  strategy: rolling\n");
    auto settings = read_file(program.repository / "lockstep.yaml");
    const std::string web2 = "    web2: { ";
    settings.replace(settings.find(web2), web2.size(), web2 + "approval: holds the money, ");
    write_file(program.repository / "lockstep.yaml", settings);
    program.commit("web2 asks");
    const auto built = program.run({"build"});
    ASSERT_EQ(built.code, 0) << built.err;
    program.expect_refused({"deploy", "--yes", "--strategy", "blue-green"}, "everything is staged");
    EXPECT_NE(program.lab.host("web1").run({"test", "-e", DeployProgram::proved(built, "web1")}).status, 0)
        << "nothing was copied";
    // Nobody asks about web1, and all the same it waits for the word about web2.
    program.expect_refused({"deploy", "--yes"}, "web2: holds the money");
    (void)program.plan("plan.json");
    program.approve("plan.json", "approval", "alice", "alice@example.org");
    const auto end =
        program.run({"deploy", "--plan", program.file("plan.json"), "--approval", program.file("approval")});
    EXPECT_EQ(end.code, 0) << end.err;
    for (const auto& host : end.status["hosts"]) {
        EXPECT_EQ(host["state"], "confirmed");
        EXPECT_EQ(host.contains("approver"), host["name"] == "web2") << host;
    }
}

TEST_F(DeployPlanned, AnApprovalThatExpiresOnTheWayIsNoAnswerAnyMore) {
    DeployScene scene;
    scene.add("a1");
    scene.add("b2");
    scene.request.policy.strategy = DeployStrategy::rolling;
    scene.request.policy.gates.every = true;
    scene.request.dry_run = true;
    scene.deploy();
    ASSERT_TRUE(scene.record.planned);
    scene.request.dry_run = false;
    auto& terms = scene.request.terms;
    terms.plan = scene.record.planned;
    terms.signed_only = true;
    terms.approvals = {{approval_of(*terms.plan, "alice", scene.clock.now(), std::chrono::hours(1)), "SHA256:x"}};
    bool first = true;
    scene.failpoint = [&](std::string_view step) -> Result<void> {
        if (step == "deploy-acked" && std::exchange(first, false)) terms.approvals[0].approval.expires = {};
        return {};
    };
    scene.deploy();
    EXPECT_EQ(scene.record.exit, ExitCode::approval_missing);
    scene.expect_new("a1");
    scene.expect_old("b2", HostOutcome::not_started);
    EXPECT_THAT(scene.host("a1").approver, HasSubstr("alice (SHA256:x)"));
}

}  // namespace
}  // namespace lockstep::test
