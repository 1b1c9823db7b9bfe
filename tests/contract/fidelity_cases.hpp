// SPDX-License-Identifier: MIT
// What real forges answer, as a table: so that the fake forge cannot drift into what would be convenient.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "fakes/fake_forge.hpp"

namespace lockstep::fakes {

/// On a repository with branches main, update (one commit ahead of main), same (= main) and pull requests as `before`
/// adds them. Paths starting with "/repo" are below /repos/ada/fleet.
struct FidelityCase {
    std::string name;
    std::vector<std::string> servers;  ///< "github", "gitea 1.26", …; "gitea" = every version of it
    std::string method, path, body;
    int status = 0;
    std::vector<std::pair<std::string, std::string>>
        essential;  ///< JSON pointer, or "header: Name" → value, or "~part of it"
    std::string source;
    std::function<void(FakeForge&)> before;
    bool lawful = true;  ///< false: the request breaks the forge's own description, on purpose
    std::string token;   ///< "": everything; "none", "reader", "job", "wrong"
};

[[nodiscard]] std::vector<FidelityCase> github_pull_cases();
[[nodiscard]] std::vector<FidelityCase> github_other_cases();
[[nodiscard]] std::vector<FidelityCase> gitea_pull_cases();
[[nodiscard]] std::vector<FidelityCase> gitea_label_cases();
[[nodiscard]] std::vector<FidelityCase> gitea_other_cases();

}  // namespace lockstep::fakes
