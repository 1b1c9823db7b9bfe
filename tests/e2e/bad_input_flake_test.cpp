// SPDX-License-Identifier: MIT
// Flakes and locks that are missing, broken or meddled with: the run says which, and changes nothing.
#include <sys/stat.h>

#include "e2e/bad_input_scene.hpp"

namespace lockstep::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using Kind = Recipe::Kind;

class BadFlake : public ::testing::Test, protected BadInputScene {
protected:
    void SetUp() override { LOCKSTEP_NEEDS_NIX(); }
};

TEST_F(BadFlake, NoFlakeAtTheBase) {
    write_file(fleet.repository() / "README", "no flake here");
    lab.git(fleet.repository(), {"add", "--all"});
    lab.git(fleet.repository(), {"commit", "--quiet", "--message", "first"});
    bare = fleet.publish();
    const Witness witness(*this);
    expect_stopped(run({"run"}), 78, {"there is no flake.nix", "main", "--flake"});
    expect_stopped(run({"build"}), 78, {"there is no flake.nix"});
    witness.expect_unchanged();
}

TEST_F(BadFlake, LockWithConflictMarkers) {
    publish_small_fleet();
    auto lock = read_file(fleet.repository() / "flake.lock");
    const auto third = lock.find('\n', lock.find('\n') + 1) + 1;
    lock.insert(third, "<<<<<<< HEAD\n");
    publish_file("flake.lock", lock);
    const Witness witness(*this);
    expect_stopped(run({"run"}), 78, {"flake.lock", "conflict", "line 3"});
    witness.expect_unchanged();
}

TEST_F(BadFlake, LockOfAnUnknownVersion) {
    publish_small_fleet();
    publish_file("flake.lock", R"({"nodes": {"root": {}}, "root": "root", "version": 99})");
    const Witness witness(*this);
    expect_stopped(run({"run"}), 78, {"flake.lock", "version", "99"});
    witness.expect_unchanged();
}

TEST_F(BadFlake, ThatDoesNotParse) {
    publish_small_fleet();
    fleet.part("catalogue", "tls", {.text = "2"});
    publish_file("flake.nix", "{ outputs = inputs: { nixosConfigurations = ; }; }\n");
    const Witness witness(*this);
    expect_stopped(run({"run"}), 78, {"the flake does not evaluate", "syntax error"});
    witness.expect_unchanged();
}

TEST_F(BadFlake, WhoseOutputsThrowBeforeAndAfterTheUpdate) {
    publish_small_fleet();
    fleet.part("catalogue", "tls", {.text = "2"});
    publish_file("flake.nix", "{ inputs.catalogue.url = \"git+file://" + fleet.input_repository("catalogue").string() +
                                  "\"; outputs = inputs: throw \"this fleet is closed\"; }\n");
    const Witness witness(*this);
    expect_stopped(run({"run"}), 78, {"the flake does not evaluate", "this fleet is closed"});
    expect_stopped(run({"build"}), 78, {"the flake does not evaluate", "this fleet is closed"});
    witness.expect_unchanged();
}

TEST_F(BadFlake, ThatOnlyTheUpdateBreaks) {
    fleet.part("catalogue", "tls", {});
    fleet.host_if("catalogue", "tls", "web1", {});
    fleet.host_if("catalogue", "tls", "db1", {});
    fleet.commit("first");
    bare = fleet.publish();
    const auto before = on_remote({"rev-parse", "main"});
    rewrite_input("{ outputs = _: throw \"the catalogue is closed\"; }\n");
    const auto end = run({"run"});
    EXPECT_EQ(end.code, 20) << end.err;
    EXPECT_EQ(on_remote({"rev-parse", "main"}), before);
    ASSERT_TRUE(end.report.is_object());
    ASSERT_THAT(end.report["causes"], SizeIs(1));
    EXPECT_THAT(end.report["causes"][0]["first_error"].get<std::string>(), HasSubstr("the catalogue is closed"));
    for (const char* name : {"web1", "db1"}) {
        ASSERT_TRUE(end.host(name).is_object()) << name;
        EXPECT_EQ(end.host(name)["state"], "eval_failed");
        EXPECT_EQ(end.host(name)["cause"], end.report["causes"][0]["id"]);
    }
    EXPECT_EQ(end.report["pull_request"]["action"], "created");
}

TEST_F(BadFlake, WithoutAnyHostNeverCountsAsProved) {
    fleet.part("catalogue", "tls", {});
    fleet.host_if("catalogue", "absent", "web1", {});
    fleet.commit("first");
    bare = fleet.publish();
    fleet.part("catalogue", "tls", {.text = "2"});
    const Witness witness(*this);
    expect_stopped(run({"run"}), 78, {"the flake has no hosts", "nixosConfigurations", "targets.attributes"});
    expect_stopped(run({"run", "--dry-run"}), 78, {"the flake has no hosts"});
    expect_stopped(run({"build"}), 78, {"the flake has no hosts"});
    witness.expect_unchanged();
}

TEST_F(BadFlake, WithoutTheSetOfHosts) {
    publish_small_fleet();
    fleet.part("catalogue", "tls", {.text = "2"});
    const Witness witness(*this);
    expect_stopped(run({"run", "--attributes", "homeConfigurations"}), 78,
                   {"the flake has no `homeConfigurations`", "targets.attributes"});
    witness.expect_unchanged();
}

/// What is proved and what lands is the committed lock, whatever becomes of the file in the run's work tree: the
/// builder of a host waits while the test rewrites it.
TEST_F(BadFlake, LockRewrittenInTheWorkTreeWhileHostsAreBuilt) {
    publish_small_fleet();
    const auto before = on_remote({"rev-parse", "main"});
    const auto gate = lab / "gate";
    ASSERT_EQ(mkfifo(gate.c_str(), 0600), 0);
    fleet.part("catalogue", "tls", {Kind::hangs, gate.string()});
    StartedLockstep started(
        lab, {"run", "--repo", fleet.repository().string(), "--plain", "--run-dir", (lab / "run").string()});
    auto opened = started.open_gate(gate);
    ASSERT_TRUE(opened) << started.wait().err;
    const auto lock = lab / "run" / "work" / "tree" / "flake.lock";
    const auto proved = read_file(lock);
    ASSERT_THAT(proved, HasSubstr("catalogue"));
    write_file(lock, R"({"nodes": {"root": {}}, "root": "root", "version": 7})");
    opened->release();
    const auto end = started.wait();
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_EQ(on_remote({"rev-parse", "main^@"}), before);
    EXPECT_EQ(on_remote({"show", "main:flake.lock"}) + "\n", proved);
    const auto report = nlohmann::json::parse(read_file(lab / "run" / "report.json"), nullptr, false);
    ASSERT_TRUE(report.is_object());
    EXPECT_EQ(report["repo"]["candidate"]["lock_blob"], on_remote({"rev-parse", "main:flake.lock"}));
    EXPECT_EQ(report["repo"]["candidate"]["commit"], on_remote({"rev-parse", "main"}));
}

}  // namespace
}  // namespace lockstep::test
