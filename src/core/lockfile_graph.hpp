// SPDX-License-Identifier: MIT
// The nodes of a lock file as they are written, before input paths are made of them. Private to the lock file reader.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lockstep/core/lockfile.hpp"

namespace lockstep {

using LockPath = std::vector<std::string>;  ///< names from the root flake down

/// An input of a node: the key of the node it is locked to, or the input path it follows.
using LockEdge = std::variant<std::string, LockPath>;

struct LockNode {
    std::map<std::string, LockEdge> inputs;
    std::optional<FlakeRef> locked, original;
    bool is_flake = true;
    std::size_t bytes = 0;  ///< of all its text, to bound what copies of it can take
};

struct LockGraph {
    int version = 0;
    std::string root;
    std::map<std::string, LockNode> nodes;
};

/// An Error about the content of a lock file, kind config.
[[nodiscard]] Error lock_error(std::string why);

/// Reads the JSON of a lock file whose nesting was checked already. Errors name the node that is wrong.
[[nodiscard]] Result<LockGraph> read_lock_graph(std::string_view text);

}  // namespace lockstep
