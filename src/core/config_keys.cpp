// SPDX-License-Identifier: MIT
// The table of configuration keys: one row per key, everything else about configuration is made from it.
#include "lockstep/core/config_keys.hpp"

#include "core/config_keys_rows.hpp"

namespace lockstep {

const std::vector<ConfigKey>& config_keys() {
    static const std::vector<ConfigKey> table = [] {
        std::vector<ConfigKey> rows;
        for (const auto add :
             {keys::add_repository, keys::add_run, keys::add_update, keys::add_targets, keys::add_prove, keys::add_keep,
              keys::add_nix, keys::add_forge, keys::add_fleet, keys::add_deploy, keys::add_hooks, keys::add_notify})
            add(rows);
        return rows;
    }();
    return table;
}

}  // namespace lockstep
