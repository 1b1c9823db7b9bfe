// SPDX-License-Identifier: MIT
// The directory of one run: its record, its logs, its journal. Everything a run keeps goes through here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "lockstep/core/result.hpp"

namespace lockstep {

/// An append-only log file with a size cap: the first half and the last half of what was written are kept, with a
/// marked cut. Writes never fail and never block for long: what the disk refuses is counted as dropped.
class LogSink {
public:
    virtual ~LogSink() = default;
    virtual void write(std::string_view bytes) noexcept = 0;
    /// Relative to the run directory: "derivations/foo-1.0.log".
    [[nodiscard]] virtual std::string path() const = 0;
    [[nodiscard]] virtual std::uint64_t bytes() const noexcept = 0;    ///< written to it in total
    [[nodiscard]] virtual std::uint64_t dropped() const noexcept = 0;  ///< of these, not kept
    /// Settles head and tail in the file. Called by the destructor too.
    virtual void close() noexcept = 0;
};

class RunStore {
public:
    virtual ~RunStore() = default;
    [[nodiscard]] virtual const std::string& run_id() const = 0;
    [[nodiscard]] virtual const std::filesystem::path& root() const = 0;
    /// `folder` is "builds", "derivations", "deployment-logs" or "hooks"; the file name is file_slug(name) + ".log",
    /// and unique within the run.
    [[nodiscard]] virtual Result<std::unique_ptr<LogSink>> open_log(std::string_view folder, std::string_view name,
                                                                    std::uint64_t cap) = 0;
    /// Writes beside, syncs, renames; `name` is one of our own fixed names.
    [[nodiscard]] virtual Result<void> write_file(std::string_view name, std::string_view content) = 0;
    /// A file of the run, at most `max_bytes` of it from its end.
    [[nodiscard]] virtual Result<std::string> read_tail(std::string_view relative, std::uint64_t max_bytes) = 0;
    /// Appends one journal line {seq, time, kind, step, data, crc}. `kind` is "intent", "outcome" or "fact";
    /// `data_json` is a JSON object. When it returns from an intent or an outcome, that line and all before it are
    /// synced; facts alone are not.
    [[nodiscard]] virtual Result<void> journal(std::string_view kind, std::string_view step,
                                               std::string_view data_json) = 0;
    /// One line of run.log.
    virtual void log(std::string_view line) noexcept = 0;
};

}  // namespace lockstep
