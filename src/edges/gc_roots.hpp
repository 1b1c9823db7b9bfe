// SPDX-License-Identifier: MIT
// Links on the disk that garbage collections look at.
#pragma once

#include <filesystem>
#include <string_view>

#include "lockstep/ports/roots.hpp"

namespace lockstep {

class DiskRootLinks final : public RootLinks {
public:
    [[nodiscard]] Result<void> make_folder(const std::string& folder) override;
    [[nodiscard]] Result<void> point(const std::string& link, const std::string& target) override;
    [[nodiscard]] std::map<std::string, std::string> links(const std::string& folder) override;
    [[nodiscard]] std::vector<std::string> folders(const std::string& folder) override;
    void remove(const std::string& path) override;
};

/// Removes the roots of runs below `runs` that ended without doing so themselves: killed, or the machine went down.
/// Runs that are alive keep theirs.
void release_dead_roots(const std::filesystem::path& runs);

}  // namespace lockstep
