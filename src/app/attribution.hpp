// SPDX-License-Identifier: MIT
// From store validity and the derivation graph to results: which derivation failed first, and whom it breaks.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "app/build_logs.hpp"
#include "lockstep/core/derivation.hpp"
#include "lockstep/core/records.hpp"

namespace lockstep {

/// A host whose output is not valid after a realisation.
struct BrokenHost {
    std::string name, drv;
};

struct AttributionInput {
    const DrvGraph& graph;                 ///< holds the closure of every broken host
    const std::set<std::string>& invalid;  ///< output paths known to be invalid
    const std::map<std::string, ObservedBuild>& builds;
    const nix::RealiseFacts& realise;
    const nix::Capabilities& can;
};

/// What became of one broken host.
struct Attribution {
    HostState state = HostState::infra_error;
    std::string root;                ///< drv of the deciding first failure, "" when none could be found
    std::vector<std::string> roots;  ///< all first failures below the host
    std::vector<std::string> chain;  ///< derivation names, host first
    std::string detail;
};

/// Judged first failures, by drv; shared by all hosts of one realisation.
using RootCauses = std::map<std::string, Cause>;

/// A first failure is an invalid derivation below the host, reached through invalid ones only, all of whose own inputs
/// are valid. Adds newly judged ones to `causes`.
[[nodiscard]] Attribution attribute(const BrokenHost& host, const AttributionInput& input, RootCauses& causes);

/// Cleaned derivation names on a shortest path, HostResult::chain; empty when there is none.
[[nodiscard]] std::vector<std::string> chain_names(const DrvGraph& graph, std::uint32_t root, std::uint32_t to);

/// The state that a cause gives to a host; `own` when the failing derivation is the host's own.
[[nodiscard]] HostState state_of(CauseClass cls, bool own);

/// Numbers causes c1, c2, … (those that break most hosts first, then by name) and returns them in that order. `key` of
/// each is what HostResult::cause holds until then; the hosts' fields are rewritten to the ids.
[[nodiscard]] std::vector<Cause> number_causes(std::map<std::string, Cause> by_key, std::vector<HostResult>& hosts);

}  // namespace lockstep
