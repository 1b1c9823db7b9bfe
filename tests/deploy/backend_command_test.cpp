// SPDX-License-Identifier: MIT
// Backends as somebody chooses them: by configuration, for a host, by flag.
#include <gmock/gmock.h>

#include <cstdlib>

#include "deploy/deploy_program.hpp"

namespace lockstep::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct BackendCommand : ::testing::Test {
    void SetUp() override { LOCKSTEP_NEEDS_DEPLOY_LAB(); }
};

/// Fakes on the PATH of the program.
void equip(DeployProgram& program, const std::string& answers) {
    const auto folder = program.lab.dir() / "backends";
    fs::copy(fs::path(LOCKSTEP_SOURCE_DIR) / "tests/support/backends", folder);
    write_file(folder / "answers", read_file(fs::path(LOCKSTEP_TEST_DATA) / "backends" / answers));
    write_file(folder / "behaviour", "good\n");
    write_file(folder / "path", "");
    program.extra = {{"PATH", folder.string() + ":" + std::getenv("PATH")}};
}

TEST_F(BackendCommand, TheFlagBeatsTheHostAndTheHostBeatsTheConfiguration) {
    DeployProgram program({"web1"}, "  backend: colmena\n");
    equip(program, "nixos-rebuild-26.05.txt");
    const auto yaml = program.repository / "lockstep.yaml";
    auto text = read_file(yaml);
    text.replace(text.find("web1: {"), 7, "web1: { backend: deploy-rs,");
    write_file(yaml, text);
    program.commit("web1 by deploy-rs");
    const auto built = program.run({"build"});
    ASSERT_EQ(built.code, 0) << built.err;
    const auto v2 = DeployProgram::proved(built, "web1");

    const auto by_host = program.run({"deploy", "--dry-run"});
    EXPECT_EQ(by_host.code, 78) << by_host.err;
    EXPECT_THAT(by_host.err, HasSubstr("this deploy does not know")) << "the fake's help is another program's";

    const auto plan = program.run({"deploy", "--dry-run", "--backend", "nixos-rebuild"});
    EXPECT_EQ(plan.code, 0) << plan.err;
    EXPECT_THAT(plan.err, HasSubstr("nothing brings a host back"));
    EXPECT_NE(program.lab.host("web1").running(), v2);

    const auto end = program.run({"deploy", "--backend", "nixos-rebuild"});
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_EQ(end.state_of("web1"), "confirmed");
    EXPECT_EQ(program.lab.host("web1").running(), v2);
    EXPECT_EQ(program.lab.host("web1").profile(), v2);
    EXPECT_THAT(read_file(program.lab.dir() / "backends/argv"),
                HasSubstr("nixos-rebuild switch --store-path " + v2 + " --target-host root@"));
    EXPECT_THAT(program.lab.host("web1").steps(), ::testing::Contains("v2 switch rc=0"));
}

TEST_F(BackendCommand, WhatABackendCannotDoIsRefusedByADryRunToo) {
    DeployProgram program({"web1"}, "  backend: deploy-rs\n");
    equip(program, "deploy-rs-2025-12.txt");
    const auto yaml = program.repository / "lockstep.yaml";
    auto text = read_file(yaml);
    text.replace(text.find("web1: {"), 7, "web1: { action: test,");
    write_file(yaml, text);
    program.commit("web1 for a try");
    ASSERT_EQ(program.run({"build"}).code, 0);
    for (const auto& words : {std::vector<std::string>{"deploy", "--dry-run"}, std::vector<std::string>{"deploy"}}) {
        const auto end = program.run(words);
        EXPECT_EQ(end.code, 78) << end.err;
        EXPECT_THAT(end.err, AllOf(HasSubstr("deploy-rs cannot deploy web1"), HasSubstr("until the next boot only")));
        EXPECT_TRUE(program.lab.host("web1").steps().empty());
    }
}

}  // namespace
}  // namespace lockstep::test
