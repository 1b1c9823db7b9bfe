// SPDX-License-Identifier: MIT
// The example's rules of sudo are the commands that a deploy runs as root: no more, no fewer.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "lockstep/adapters/deploy.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::test {
namespace {

using Shapes = std::vector<std::vector<std::string>>;

/// The list of lists of strings behind `shapes =`.
Shapes shapes_of(const std::string& module) {
    Shapes result;
    int depth = 0;
    const auto begin = module.find("shapes = [");
    if (begin == std::string::npos) return result;
    for (auto at = module.find('[', begin); at < module.size(); ++at) {
        if (module[at] == '[' && ++depth == 2) result.emplace_back();
        if (module[at] == ']' && --depth == 0) return result;
        if (module[at] != '"') continue;
        const auto end = module.find('"', at + 1);
        if (end == std::string::npos || result.empty()) return {};
        result.back().push_back(module.substr(at + 1, end - at - 1));
        at = end;
    }
    return {};
}

TEST(DeployUserExample, GivesExactlyWhatADeployRunsAsRoot) {
    const auto module = read_file(std::string(LOCKSTEP_TEST_EXAMPLES) + "/nixos/lockstep-deploy-user.nix");
    EXPECT_THAT(shapes_of(module), ::testing::UnorderedElementsAreArray(deploy::privileged_shapes()));
}

TEST(DeployUserExample, MaySeeTheJournal) {
    const auto module = read_file(std::string(LOCKSTEP_TEST_EXAMPLES) + "/nixos/lockstep-deploy-user.nix");
    EXPECT_THAT(module, ::testing::HasSubstr("extraGroups = [ \"systemd-journal\" ];"));
}

}  // namespace
}  // namespace lockstep::test
