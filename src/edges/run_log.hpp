// SPDX-License-Identifier: MIT
// run.log: what lockstep itself did, one line each, with UTC times. The only user of spdlog.
#pragma once

#include <memory>
#include <string_view>

#include "edges/fd.hpp"

namespace lockstep {

class RunLog {
public:
    /// Writes to an open file. Trouble with it never reaches the run.
    explicit RunLog(Fd file);
    ~RunLog();
    RunLog(const RunLog&) = delete;
    RunLog& operator=(const RunLog&) = delete;
    /// "2026-11-21T02:00:00.123Z text", with the text made one clean line of at most 16 KiB. Thread-safe.
    void line(std::string_view text) noexcept;

private:
    struct Logger;
    std::unique_ptr<Logger> logger_;
};

}  // namespace lockstep
