// SPDX-License-Identifier: MIT
// How much room file systems have.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lockstep/core/result.hpp"

namespace lockstep {

struct DiskSpace {
    std::uint64_t bytes = 0;              ///< free for ordinary users: builders are that
    std::optional<std::uint64_t> inodes;  ///< free; nullopt where files are not counted (btrfs)
    std::uint64_t file_system = 0;        ///< equal for paths on the same one

    bool operator==(const DiskSpace&) const = default;
};

class Disk {
public:
    virtual ~Disk() = default;
    /// Of the file system that holds `path`, or will: of the nearest folder above it that exists. Thread-safe.
    /// Errors: infrastructure.
    [[nodiscard]] virtual Result<DiskSpace> space(const std::string& path) = 0;
};

}  // namespace lockstep
