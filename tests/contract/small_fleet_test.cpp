// SPDX-License-Identifier: MIT
// The example fleet does what its README promises, with the real Nix on PATH.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "lockstep/core/text.hpp"
#include "support/nix_lab.hpp"

namespace lockstep::test {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

class SmallFleet : public ::testing::Test {
protected:
    void SetUp() override { LOCKSTEP_NEEDS_NIX(); }
};

struct Copy {
    fs::path fleet, catalogue;
};

Copy copy_examples(const NixLab& lab) {
    const fs::path examples = LOCKSTEP_TEST_EXAMPLES;
    const Copy copy{lab / "fleet", lab / "catalogue"};
    fs::copy(examples / "small-fleet", copy.fleet, fs::copy_options::recursive);
    fs::copy(examples / "small-fleet-catalogue", copy.catalogue, fs::copy_options::recursive);
    write_file(copy.fleet / "flake.nix", replace_all(read_file(copy.fleet / "flake.nix"),
                                                     "/path/to/small-fleet-catalogue", copy.catalogue.string()));
    write_file(copy.fleet / "system.nix", "\"" + this_system() + "\"\n");
    for (const auto& repository : {copy.catalogue, copy.fleet}) {
        lab.git(repository, {"init", "--quiet"});
        lab.git(repository, {"add", "."});
        lab.git(repository, {"commit", "--quiet", "-m", "First commit"});
    }
    run_ok({"nix", "flake", "lock", copy.fleet.string()}, lab.environment());
    lab.git(copy.fleet, {"add", "flake.lock"});
    lab.git(copy.fleet, {"commit", "--quiet", "-m", "Lock the catalogue"});
    return copy;
}

std::string pinned(const NixLab& lab, const Copy& copy) {
    return nix::pinned_flake(copy.fleet.string(), lab.git(copy.fleet, {"rev-parse", "HEAD"}), "", false);
}

/// Host → derivation of the committed state.
std::map<std::string, std::string> derivations(const NixLab& lab, const Copy& copy) {
    std::map<std::string, std::string> result;
    for (const auto& name : lab.names(pinned(lab, copy))) result[name] = lab.derivation(pinned(lab, copy), name);
    return result;
}

void release(const NixLab& lab, const Copy& copy, const std::string& from, const std::string& to) {
    const auto file = copy.catalogue / "versions.nix";
    const auto before = read_file(file);
    const auto after = replace_all(before, from, to);
    ASSERT_NE(before, after);
    write_file(file, after);
    lab.git(copy.catalogue, {"commit", "--quiet", "--all", "-m", to});
    const auto ran = lab.run(nix::update_command(lab.setup(), {.worktree = copy.fleet.string(), .inputs = {}}));
    ASSERT_EQ(ran.code, 0) << ran.err;
    lab.git(copy.fleet, {"commit", "--quiet", "--all", "-m", "flake.lock: Update"});
}

std::vector<std::string> hosts_that_build(const NixLab& lab, const std::map<std::string, std::string>& drvs) {
    nix::RealiseRequest request{.drvs = {}, .slots = 2};
    for (const auto& [name, drv] : drvs) request.drvs.push_back(drv);
    (void)lab.run(nix::realise_command(lab.setup(), request));
    std::vector<std::string> good;
    for (const auto& [name, drv] : drvs)
        if (lab.valid(parse_derivation(read_file(drv)).value().outputs.at(0).path)) good.push_back(name);
    return good;
}

TEST_F(SmallFleet, BuildsLandsAndBreaksAsTheReadmeSays) {
    NixLab lab;
    const auto copy = copy_examples(lab);
    const auto first = derivations(lab, copy);
    EXPECT_THAT(hosts_that_build(lab, first), ElementsAre("backup", "db1", "mail.example.org", "web1", "web2"));

    release(lab, copy, "tls = \"3.0.1\"", "tls = \"3.0.2\"");
    const auto good = derivations(lab, copy);
    for (const auto& [name, drv] : good) EXPECT_EQ(drv == first.at(name), name == "backup") << name;
    EXPECT_EQ(hosts_that_build(lab, good).size(), 5u);

    release(lab, copy, "proxy = \"1.4.0\"", "proxy = \"2.0.0\"");
    const auto broken = derivations(lab, copy);
    EXPECT_THAT(hosts_that_build(lab, broken), ElementsAre("backup", "db1"));
    EXPECT_EQ(broken.at("db1"), good.at("db1"));
}

}  // namespace
}  // namespace lockstep::test
