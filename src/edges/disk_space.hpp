// SPDX-License-Identifier: MIT
// Free space by statvfs.
#pragma once

#include "lockstep/ports/disk.hpp"

namespace lockstep {

class MountedDisk final : public Disk {
public:
    [[nodiscard]] Result<DiskSpace> space(const std::string& path) override;
};

}  // namespace lockstep
