// SPDX-License-Identifier: MIT
// Derivation files (`Derive(...)` ATerms, stable since Nix 1) read directly: no process per derivation and no
// dependence on `nix derivation show`, whose JSON changed in 2.15, 2.23, 2.32 and 2.33. And the graph over many of
// them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lockstep/core/result.hpp"

namespace lockstep {

struct DerivationOutput {
    std::string name, path, hash_algo, hash;
    bool operator==(const DerivationOutput&) const = default;
};

struct Derivation {
    std::vector<DerivationOutput> outputs;
    std::map<std::string, std::vector<std::string>> input_drvs;  ///< derivation path → output names
    std::vector<std::string> input_sources;
    std::string system, builder;
    std::vector<std::string> args;
    std::map<std::string, std::string> env;
};

/// Errors: kind infrastructure, with the offset where the text stops being a derivation.
[[nodiscard]] Result<Derivation> parse_derivation(std::string_view text);

/// "/nix/store/<hash>-foo-1.2.drv" → "foo-1.2". Gives the text itself when it has no such form.
[[nodiscard]] std::string_view derivation_name(std::string_view drv_path);

/// The part of a derivation that attribution needs.
struct DrvNode {
    std::string path, system;
    std::vector<std::string> required_features;  ///< requiredSystemFeatures, words
    std::vector<std::string> outputs;            ///< output paths; empty for floating content-addressed ones
    std::vector<std::uint32_t> inputs;           ///< indices of input derivations
    bool fixed_output = false;
};

/// The union of the closures of several derivations. Not thread-safe.
class DrvGraph {
public:
    using Reader = std::function<Result<std::string>(const std::string& drv_path)>;

    /// Adds a derivation and everything it needs, each read once. An unreadable derivation is an error; what was
    /// read before it stays. Iterative: depth is bounded by memory, not by the stack.
    [[nodiscard]] Result<std::uint32_t> add(const std::string& drv_path, const Reader& read);

    [[nodiscard]] const std::uint32_t* find(const std::string& drv_path) const;
    [[nodiscard]] const DrvNode& node(std::uint32_t index) const { return nodes_[index]; }
    [[nodiscard]] std::size_t size() const { return nodes_.size(); }

    /// All indices reachable from `root`, itself included, inputs before users.
    [[nodiscard]] std::vector<std::uint32_t> closure(std::uint32_t root) const;

    /// A shortest path of indices from `root` down to `to` (both included); empty when there is none.
    [[nodiscard]] std::vector<std::uint32_t> chain(std::uint32_t root, std::uint32_t to) const;

private:
    std::vector<DrvNode> nodes_;
    std::unordered_map<std::string, std::uint32_t> index_;
};

}  // namespace lockstep
