// SPDX-License-Identifier: MIT
// Reading files of the machine.
#pragma once

#include "lockstep/ports/files.hpp"

namespace lockstep {

class DiskFiles final : public Files {
public:
    [[nodiscard]] Result<std::string> read(const std::string& path, std::uint64_t max_bytes = 64u << 20) override;
};

}  // namespace lockstep
