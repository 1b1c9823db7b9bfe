// SPDX-License-Identifier: MIT
// What `init` writes, as text; tests/edges reads it back.
#include "lockstep/core/init_file.hpp"

#include <gtest/gtest.h>

#include "lockstep/core/text.hpp"
#include "support/temp_dir.hpp"

namespace lockstep {
namespace {

TEST(InitFile, NothingFound) {
    test::expect_golden("config/init-nothing-found.yaml", init_file({}));
}

TEST(InitFile, EverythingFound) {
    InitFacts facts;
    facts.flake = "nixos";
    facts.base = "production";
    facts.forge_kind = "gitea";
    facts.forge_url = "https://git.example.org";
    facts.attributes = {"nixosConfigurations", "packages.x86_64-linux"};
    facts.foreign_hosts = {{"pi", "aarch64-linux"}, {"mac\nmini", "aarch64-darwin"}};
    facts.likely_not_hosts = {"iso", "odd [name]"};
    test::expect_golden("config/init-everything-found.yaml", init_file(facts));
}

TEST(InitFile, LinesStayReadable) {
    InitFacts facts;
    for (int i = 0; i < 50; ++i) facts.foreign_hosts.emplace_back("host" + std::to_string(i), "aarch64-linux");
    const auto text = init_file(facts);
    EXPECT_NE(replace_all(text, "\n  #", "").find("and 40 more"), std::string::npos);
    for (const auto& line : lines_of(text)) EXPECT_LE(line.size(), 105U) << line;
}

TEST(InitFile, KnowsNamesOfImages) {
    for (const auto* name : {"iso", "installer-x86_64", "minimal-vm", "Netboot", "sd-image", "vm-test"})
        EXPECT_TRUE(looks_like_image(name)) << name;
    for (const auto* name : {"web1", "isolde", "vmware-host", "mail.example.org", ""})
        EXPECT_FALSE(looks_like_image(name)) << name;
}

}  // namespace
}  // namespace lockstep
