// SPDX-License-Identifier: MIT
// One run per remote and base on this machine: a kernel lock on a file, freed by any death of its holder.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "edges/fd.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep {

/// Who holds a lock, as the lock file tells it: {"pid":1234,"run":"…","since":"2026-11-21T02:00:00Z"} on one line.
[[nodiscard]] std::string holder_json(std::string_view run_id, std::string_view since);

class RunLock {
public:
    /// Does not wait. `holder` (holder_json, or any line) stays in the file for whoever is refused. Errors: locked,
    /// naming the holder; infrastructure. On network file systems the lock is as good as their flock.
    static Result<std::unique_ptr<RunLock>> acquire(const std::filesystem::path& file, const std::string& holder);
    /// Empties the file (which stays: deleting it would let two holders lock two files of one name) and lets go.
    ~RunLock();
    RunLock(const RunLock&) = delete;
    RunLock& operator=(const RunLock&) = delete;

private:
    explicit RunLock(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_;
};

}  // namespace lockstep
