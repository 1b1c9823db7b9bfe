// SPDX-License-Identifier: MIT
// What a resume does not take on trust: the proof, the store, base, the journal, and that the run is over at all.
#include "e2e/resume_scene.hpp"

namespace lockstep::test {
namespace {

using ::testing::HasSubstr;

class ResumeDoubts : public ::testing::Test {
protected:
    void SetUp() override {
        LOCKSTEP_NEEDS_FAILPOINTS();
        LOCKSTEP_NEEDS_NIX();
    }

    /// A run that is killed; its directory.
    static std::filesystem::path killed_at(const ResumeScene& scene, const std::string& step) {
        EXPECT_EQ(scene.start(step + "=kill").code, k_killed);
        const auto runs = scene.lockstep.run_dirs();
        EXPECT_EQ(runs.size(), 1U);
        return runs.empty() ? std::filesystem::path() : runs.front();
    }
    static nlohmann::json json_of(const std::filesystem::path& file) {
        return nlohmann::json::parse(read_file(file), nullptr, false);
    }
};

TEST_F(ResumeDoubts, AProofThatWasChangedIsMadeAnew) {
    ResumeScene scene(false);
    const auto run = killed_at(scene, "all-built");
    auto proof = json_of(run / "proof.json");
    ASSERT_TRUE(proof.is_object());
    const auto valid = proof["hosts"][0]["out"];  // db1, which the update does not touch
    for (auto& host : proof["hosts"]) {
        host["state"] = "built";
        host["out"] = valid;
    }
    write_file(run / "proof.json", proof.dump());
    const auto end = scene.resume();
    EXPECT_EQ(end.code, 20) << end.err;
    scene.expect_proposed();
}

TEST_F(ResumeDoubts, OutputsThatAreGoneAreBuiltAgain) {
    ResumeScene scene(true);
    const auto run = killed_at(scene, "all-built");
    const auto proof = json_of(run / "proof.json");
    ASSERT_TRUE(proof.is_object());
    const auto out = proof["hosts"][1]["out"].get<std::string>();  // web1
    run_ok({"nix-store", "--delete", "--ignore-liveness", out}, scene.lab.environment());
    ASSERT_FALSE(scene.lab.valid(out));
    const auto end = scene.resume();
    EXPECT_EQ(end.code, 0) << end.err;
    scene.expect_landed();
    EXPECT_TRUE(scene.lab.valid(out)) << "what landed was not proved";
}

TEST_F(ResumeDoubts, BaseThatMovedOnGetsTheUpdateOnTop) {
    ResumeScene scene(true);
    killed_at(scene, "all-built");
    scene.publish_file("README", "by others\n");
    const auto others = scene.on_remote({"rev-parse", "main"});
    const auto end = scene.resume();
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_EQ(scene.on_remote({"rev-parse", "main^@"}), others);
    EXPECT_EQ(scene.on_remote({"diff", "--name-only", "main^", "main"}), "flake.lock");
}

TEST_F(ResumeDoubts, BaseThatWasRewrittenIsLeftAlone) {
    ResumeScene scene(true);
    killed_at(scene, "all-built");
    const auto other = scene.on_remote({"commit-tree", "-m", "another history", "main^{tree}"});
    scene.lab.git(scene.bare, {"update-ref", "refs/heads/main", other});
    const auto end = scene.resume();
    EXPECT_EQ(end.code, 31) << end.err;
    EXPECT_THAT(end.err, HasSubstr("main was rewritten since the run was cut off"));
    EXPECT_EQ(scene.on_remote({"rev-parse", "main"}), other);
}

TEST_F(ResumeDoubts, ACandidateThatSomebodyElsePushedIsNotCalledOurs) {
    ResumeScene scene(true);
    const auto run = killed_at(scene, "all-built");
    const auto candidate = json_of(run / "proof.json")["repo"]["candidate"]["commit"].get<std::string>();
    scene.lab.git(run / "work" / "repository.git",
                  {"push", "--quiet", scene.bare.string(), candidate + ":refs/heads/main"});
    const auto end = scene.resume();
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_EQ(json_of(run / "report.json")["verdict"]["outcome"], "unchanged");
    EXPECT_EQ(scene.on_remote({"rev-parse", "main"}), candidate);
}

TEST_F(ResumeDoubts, ARunThatLivesIsLeftToItself) {
    ResumeScene scene(true);
    auto run = scene.start_and_reach("all-built=pause");
    ASSERT_TRUE(run);
    const auto world = scene.world();
    const auto end = scene.resume();
    EXPECT_EQ(end.code, 75) << end.err;
    EXPECT_THAT(end.err, HasSubstr("run " + scene.lockstep.run_dirs().front().filename().string()));
    EXPECT_THAT(end.err, HasSubstr("is still under way"));
    EXPECT_EQ(scene.world(), world);
    scene.let_go();
    EXPECT_EQ(run->wait().code, 0);
    scene.expect_landed();
}

TEST_F(ResumeDoubts, AReportThatIsOlderThanTheVerdictIsNotBelieved) {
    ResumeScene scene(true);
    ASSERT_EQ(scene.start().code, 0);
    const auto run = scene.lockstep.run_dirs().front();
    // As it is written at the first signal, by a process that was killed before it could replace it.
    auto report = json_of(run / "report.json");
    report["verdict"] = {{"outcome", "stopped"},
                         {"exit_code", 130},
                         {"exit_word", "interrupted"},
                         {"reason", "interrupted"},
                         {"next_action", "lockstep resume"}};
    write_file(run / "report.json", report.dump());
    const auto end = scene.resume();
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_EQ(json_of(run / "report.json")["verdict"]["outcome"], "landed");
    scene.expect_landed();
}

TEST_F(ResumeDoubts, ARunThatWasOvertakenIsNotTakenUpAgain) {
    ResumeScene scene(true);
    const auto run = killed_at(scene, "commit");
    ASSERT_EQ(scene.start().code, 0);
    scene.fleet.part("catalogue", "tls", {Recipe::Kind::ok, "3"});  // there would be something to do
    const auto world = scene.world();
    const auto end = scene.run({"resume", run.filename().string()});
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_THAT(end.err, HasSubstr("nothing to resume"));
    EXPECT_EQ(scene.world(), world);
}

TEST_F(ResumeDoubts, ARunThatWasOvertakenByOneThatEndedBadlyEndsLikeThat) {
    ResumeScene scene(false);
    const auto run = killed_at(scene, "commit");
    ASSERT_EQ(scene.start().code, 20);
    const auto world = scene.world();
    const auto end = scene.run({"resume", run.filename().string()});
    EXPECT_EQ(end.code, 20) << end.err;
    EXPECT_THAT(end.err, HasSubstr("ended with `proposed` (exit 20)"));
    EXPECT_EQ(scene.world(), world);
}

TEST_F(ResumeDoubts, ARunOfAnotherFlakeOnTheSameBaseOvertakesNothing) {
    ResumeScene scene(true);
    std::filesystem::create_directories(scene.fleet.repository() / "other");
    write_file(scene.fleet.repository() / "other/flake.lock", R"({"nodes":{"root":{}},"root":"root","version":7})");
    scene.publish_file("other/flake.nix", "{ outputs = _: { }; }\n");
    scene.before = scene.on_remote({"rev-parse", "main"});
    const auto run = killed_at(scene, "commit");
    const auto other = scene.run({"run", "--flake", "other"});
    ASSERT_EQ(other.code, 0) << other.err;
    ASSERT_EQ(scene.on_remote({"rev-parse", "main"}), scene.before);
    const auto end = scene.run({"resume", run.filename().string()});
    EXPECT_EQ(end.code, 0) << end.err;
    scene.expect_landed();
}

TEST_F(ResumeDoubts, AHookThatForbidsToGoOnCostsTheRunNothing) {
    ResumeScene scene(true);
    const auto machine = scene.lab / "machine.yaml";
    write_file(machine, "config_version: 1\n");
    const auto cut = scene.run({"run", "--config", machine.string()}, {"LOCKSTEP_TEST_FAILPOINT=all-built=kill"});
    ASSERT_EQ(cut.code, k_killed) << cut.err;
    const auto run = scene.lockstep.run_dirs().front();
    write_file(run / "report.json", "of the process before\n");
    const auto candidate = json_of(run / "proof.json")["repo"]["candidate"]["commit"].get<std::string>();

    write_file(machine, "config_version: 1\nhooks: { before_run: ['exit 4'] }\n");
    const auto forbidden = scene.resume();
    EXPECT_EQ(forbidden.code, 52) << forbidden.err;
    EXPECT_THAT(forbidden.err, HasSubstr("nothing was changed; `lockstep resume` again"));
    EXPECT_EQ(scene.on_remote({"rev-parse", "main"}), scene.before);
    EXPECT_EQ(read_file(run / "report.json"), "of the process before\n");

    write_file(machine, "config_version: 1\n");
    const auto end = scene.resume();
    EXPECT_EQ(end.code, 0) << end.err;
    scene.expect_landed();
    EXPECT_EQ(scene.on_remote({"rev-parse", "main"}), candidate) << "the commit was kept";
}

TEST_F(ResumeDoubts, ARemoteThatIsAwayCostsTheRunNothing) {
    ResumeScene scene(true);
    const auto run = killed_at(scene, "all-built");
    const auto candidate = json_of(run / "proof.json")["repo"]["candidate"]["commit"].get<std::string>();
    const auto origin = [&](const std::string& url) {
        scene.lab.git(scene.fleet.repository(), {"remote", "set-url", "origin", url});
    };
    origin("http://127.0.0.1:1/fleet.git");
    const auto end = scene.run({"resume", run.string()});
    EXPECT_EQ(end.code, 40) << end.err;
    origin(scene.bare.string());
    scene.fleet.part("catalogue", "tls", {Recipe::Kind::ok, "3"});  // a new commit would be another
    const auto again = scene.run({"resume", run.string()});
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(scene.on_remote({"rev-parse", "main"}), candidate) << "the commit was kept";
}

TEST_F(ResumeDoubts, ADamagedJournalIsSetAsideAndNothingIsDone) {
    ResumeScene scene(true);
    const auto run = killed_at(scene, "all-built");
    auto journal = read_file(run / "journal.jsonl");
    const auto place = journal.find(R"("step":"commit")");
    ASSERT_NE(place, std::string::npos);
    journal[place + 9] ^= 1;
    write_file(run / "journal.jsonl", journal);
    const auto world = scene.world();
    const auto end = scene.resume();
    EXPECT_EQ(end.code, 40) << end.err;
    EXPECT_THAT(end.err, HasSubstr("is damaged at line"));
    EXPECT_EQ(scene.world(), world);
    EXPECT_FALSE(std::filesystem::exists(run / "journal.jsonl"));
    EXPECT_EQ(read_file(run / "journal.damaged.jsonl"), journal);
    EXPECT_EQ(scene.start().code, 0) << "a new run goes on";
    scene.expect_landed();
}

}  // namespace
}  // namespace lockstep::test
