// SPDX-License-Identifier: MIT
// One run per remote and base on this machine: a kernel lock on a file, freed by any death of its holder.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "edges/fd.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep {

class RunLock {
public:
    /// `holder` (one line: run id, process id, since) stays in the file for whoever is refused. Errors: locked, with
    /// the holder.
    static Result<std::unique_ptr<RunLock>> acquire(const std::filesystem::path& file, const std::string& holder);

private:
    explicit RunLock(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_;
};

}  // namespace lockstep
