// SPDX-License-Identifier: MIT
// The run's directory on disk.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "edges/run_journal.hpp"
#include "edges/run_log.hpp"
#include "lockstep/ports/clock.hpp"
#include "lockstep/ports/run_store.hpp"

namespace lockstep {

/// Thread-safe. A megabyte is set aside (".reserve") for the files of write_file: what the logs have filled must not
/// cost the report. The clock must outlive it.
class DirRunStore final : public RunStore {
public:
    /// Makes `root` (mode 0700, parents as needed) with builds/ and derivations/ below. Errors: config when it is not
    /// ours, a symbolic link, writable by others, or holds a run already; infrastructure when the disk refuses.
    static Result<std::unique_ptr<DirRunStore>> create(const std::filesystem::path& root, std::string run_id,
                                                       const Clock& clock);
    /// Goes on with the run in `root`, whose journal holds `records` readable lines. Logs of the same name get a
    /// number. Errors: as create() for the directory, locked when its process is still alive.
    static Result<std::unique_ptr<DirRunStore>> reopen(const std::filesystem::path& root, std::string run_id,
                                                       std::uint64_t records, const Clock& clock);
    ~DirRunStore() override;
    DirRunStore(const DirRunStore&) = delete;
    DirRunStore& operator=(const DirRunStore&) = delete;

    [[nodiscard]] const std::string& run_id() const override { return run_id_; }
    [[nodiscard]] const std::filesystem::path& root() const override { return root_; }
    [[nodiscard]] Result<std::unique_ptr<LogSink>> open_log(std::string_view folder, std::string_view name,
                                                            std::uint64_t cap) override;
    [[nodiscard]] Result<void> write_file(std::string_view name, std::string_view content) override;
    /// Of a log that is still open, the end of the file need not be the end of the log (see LogFile).
    [[nodiscard]] Result<std::string> read_tail(std::string_view relative, std::uint64_t max_bytes) override;
    [[nodiscard]] Result<void> journal(std::string_view kind, std::string_view step,
                                       std::string_view data_json) override;
    void log(std::string_view line) noexcept override { log_.line(line); }

private:
    struct Parts {
        Fd root, builds, derivations, run_log;
    };
    DirRunStore(std::filesystem::path root, std::string run_id, Parts parts, RunJournal journal);
    static Result<void> open_parts(Parts& parts, const std::filesystem::path& path, int exclusive);
    void reserve_space() const;

    std::filesystem::path root_;
    std::string run_id_;
    Fd root_fd_, builds_fd_, derivations_fd_, deployment_fd_, hooks_fd_;
    RunJournal journal_;
    RunLog log_;
    std::mutex mutex_;  // of names_ and of write_file
    std::set<std::string> names_;
};

}  // namespace lockstep
