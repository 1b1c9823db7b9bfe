// SPDX-License-Identifier: MIT
// Reading files of the machine that are not part of the run: derivations in the store, machine files.
#pragma once

#include <cstdint>
#include <string>

#include "lockstep/core/result.hpp"

namespace lockstep {

class Files {
public:
    virtual ~Files() = default;
    /// The whole file, at most `max_bytes`. Thread-safe. Errors: infrastructure.
    [[nodiscard]] virtual Result<std::string> read(const std::string& path, std::uint64_t max_bytes = 64u << 20) = 0;
};

}  // namespace lockstep
