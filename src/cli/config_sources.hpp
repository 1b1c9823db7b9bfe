// SPDX-License-Identifier: MIT
// Everything that has a say in the configuration, put together: defaults < repository's file < machine's file <
// LOCKSTEP_* variables < flags.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lockstep/core/config.hpp"
#include "lockstep/core/config_keys.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep::cli {

struct Sources {
    std::optional<std::string> repository_text, machine_text;
    std::string repository_name, machine_name;
    std::map<std::string, std::string>
        variables;  ///< the environment; an empty LOCKSTEP_* variable is the same as none
    std::vector<std::pair<std::string, RawValue>> overrides;
};

/// Errors (config): every mistake of every source at once, one line each in `why`.
[[nodiscard]] Result<Config> assemble(const Sources& sources);

}  // namespace lockstep::cli
