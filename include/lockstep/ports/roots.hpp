// SPDX-License-Identifier: MIT
// The links that garbage collections look at. Making Nix know them is a child process (nix_keep.hpp); this port only
// moves links about.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/result.hpp"

namespace lockstep {

/// Of a run's directory, where its own roots are.
inline constexpr std::string_view k_run_roots = "roots";

/// Paths are absolute. Thread-safe. Errors: infrastructure.
class RootLinks {
public:
    virtual ~RootLinks() = default;
    /// With its parents, for us alone; fine when it is there already.
    [[nodiscard]] virtual Result<void> make_folder(const std::string& folder) = 0;
    /// Makes `link` point at `target`, which need not exist; a link that is there is replaced in one step.
    [[nodiscard]] virtual Result<void> point(const std::string& link, const std::string& target) = 0;
    /// The links directly in a folder, name → target; none when there is no such folder.
    [[nodiscard]] virtual std::map<std::string, std::string> links(const std::string& folder) = 0;
    /// Names of the folders directly in a folder.
    [[nodiscard]] virtual std::vector<std::string> folders(const std::string& folder) = 0;
    /// Removes a link, or a folder with all links and folders in it. Other files stay, and so do the folders around
    /// them.
    virtual void remove(const std::string& path) = 0;
};

}  // namespace lockstep
