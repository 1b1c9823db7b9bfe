// SPDX-License-Identifier: MIT
// The run's directory on disk.
//
// journal.jsonl: one JSON object a line, {"seq","time","kind","step","data","crc"}. `crc` is eight hex digits of the
// CRC-32 of the line up to (and without) `,"crc":"…"}`. The first line is the fact "journal" with {"version":1}.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "edges/run_log.hpp"
#include "edges/fd.hpp"
#include "lockstep/ports/clock.hpp"
#include "lockstep/ports/run_store.hpp"

namespace lockstep {

class DirRunStore final : public RunStore {
public:
    /// Makes `root` (mode 0700, parents as needed) with builds/ and derivations/ below. Errors: config when it is not
    /// ours, a symbolic link, or holds a run already; infrastructure when the disk refuses.
    static Result<std::unique_ptr<DirRunStore>> create(const std::filesystem::path& root, std::string run_id,
                                                       const Clock& clock);

    [[nodiscard]] const std::string& run_id() const override { return run_id_; }
    [[nodiscard]] const std::filesystem::path& root() const override { return root_; }
    [[nodiscard]] Result<std::unique_ptr<LogSink>> open_log(std::string_view folder, std::string_view name,
                                                            std::uint64_t cap) override;
    [[nodiscard]] Result<void> write_file(std::string_view name, std::string_view content) override;
    [[nodiscard]] Result<std::string> read_tail(std::string_view relative, std::uint64_t max_bytes) override;
    [[nodiscard]] Result<void> journal(std::string_view kind, std::string_view step,
                                       std::string_view data_json) override;
    void log(std::string_view line) noexcept override { log_->line(line); }

private:
    DirRunStore(std::filesystem::path root, std::string run_id, const Clock& clock)
        : root_(std::move(root)), run_id_(std::move(run_id)), clock_(clock) {}
    [[nodiscard]] Result<void> open();

    std::filesystem::path root_;
    std::string run_id_;
    const Clock& clock_;
    Fd root_fd_, builds_fd_, derivations_fd_, journal_fd_;
    std::unique_ptr<RunLog> log_;
    std::mutex mutex_;  // of seq_, names_ and the journal
    std::uint64_t seq_ = 0;
    std::set<std::string> names_;
};

}  // namespace lockstep
