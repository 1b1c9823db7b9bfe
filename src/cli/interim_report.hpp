// SPDX-License-Identifier: MIT
// The report of a run that was asked to end, written before anything is waited for: whoever kills it after a few
// seconds has that much.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "lockstep/core/report.hpp"
#include "lockstep/ports/clock.hpp"
#include "lockstep/ports/run_store.hpp"

namespace lockstep::cli {

/// Thread-safe. Store and clock must outlive it.
class InterimReport {
public:
    InterimReport(RunStore& store, const Clock& clock) : store_(store), clock_(clock) {}
    ~InterimReport() { close(); }
    InterimReport(const InterimReport&) = delete;
    InterimReport& operator=(const InterimReport&) = delete;

    /// What the run knows so far.
    void take(const RunReport& so_far);
    /// A host that came after that.
    void take(const HostResult& host);
    /// Writes report.json on a thread of its own. Only the first call does anything, and none after close().
    void write(int signal);
    /// Waits for it. What is written from now on is the final report.
    void close();

private:
    [[nodiscard]] RunReport put_together(int signal);

    RunStore& store_;
    const Clock& clock_;
    std::mutex mutex_;
    std::optional<RunReport> known_;
    std::map<std::string, HostResult> hosts_;
    bool closed_ = false;
    std::thread writer_;
};

}  // namespace lockstep::cli
