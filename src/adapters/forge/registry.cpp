// SPDX-License-Identifier: MIT
// The only list of dialects. A new forge is one file and one row here.
#include "adapters/forge/dialects.hpp"

namespace lockstep::forge {

const std::vector<DialectRow>& registry() {
    static const std::vector<DialectRow> rows = {
        {"github", &make_github, ""},
        {"gitea", &make_gitea, "/api/v1"},
        {"forgejo", &make_forgejo, "/api/v1"},
    };
    return rows;
}

}  // namespace lockstep::forge
