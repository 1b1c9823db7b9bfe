// SPDX-License-Identifier: MIT
// journal.jsonl: what a run is about to do and what came of it, so that another process can go on after a crash.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "edges/fd.hpp"
#include "lockstep/core/result.hpp"
#include "lockstep/ports/clock.hpp"

namespace lockstep {

/// One JSON object a line:
///     {"seq":7,"time":"2026-11-21T02:00:00Z","kind":"intent","step":"push-base","data":{…},"crc":"1c291ca3"}
/// `seq` counts from 0 without gaps. `crc` is always the last member: eight lower-case hex digits of the CRC-32 (that
/// of zlib) of the line's bytes in front of `,"crc":`. The first line is the fact "journal" with {"version":1,"run":…}.
/// Before append() of an intent or an outcome returns, that line and all before it are on the disk (fdatasync). Facts
/// wait for the next of them or for the end: a run that is cut off in between has only to find them out again. A line
/// that was cut by a crash or a full disk is followed by the next record on a line of its own; its `seq` is used again.
class RunJournal {
public:
    /// Makes the file in the folder; it must not exist. An flock on it tells other processes that the run is alive.
    /// Errors: config when a run is there already (with `hint`), infrastructure.
    static Result<RunJournal> create(int folder, std::string_view run_id, const Clock& clock, const std::string& hint);

    /// Goes on with the journal in the folder, which holds `records` lines and may end in a torn one. Errors: locked
    /// when its process is still alive, infrastructure.
    static Result<RunJournal> reopen(int folder, std::uint64_t records, const Clock& clock);

    /// `kind` is "intent", "outcome" or "fact"; `data_json` a JSON object (anything else is a bug). Thread-safe.
    /// Errors: infrastructure.
    Result<void> append(std::string_view kind, std::string_view step, std::string_view data_json);

    RunJournal(RunJournal&& other) noexcept;
    ~RunJournal();
    RunJournal& operator=(RunJournal&&) = delete;

private:
    RunJournal(Fd file, const Clock& clock) : file_(std::move(file)), clock_(clock) {}

    std::mutex mutex_;
    Fd file_;
    const Clock& clock_;
    std::uint64_t seq_ = 0;
    bool torn_ = false;      ///< the file may end in the middle of a line
    bool unsynced_ = false;  ///< something may be not on the disk yet
};

}  // namespace lockstep
