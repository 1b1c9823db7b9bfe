// SPDX-License-Identifier: MIT
// run.log: what lockstep itself did, one line each, with UTC times. The only user of spdlog.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

namespace lockstep {

class RunLog {
public:
    /// Appends to `path`. Trouble with the file never reaches the run.
    explicit RunLog(const std::filesystem::path& path);
    ~RunLog();
    RunLog(const RunLog&) = delete;
    RunLog& operator=(const RunLog&) = delete;
    /// Thread-safe.
    void line(std::string_view text) noexcept;

private:
    struct Logger;
    std::unique_ptr<Logger> logger_;
};

}  // namespace lockstep
