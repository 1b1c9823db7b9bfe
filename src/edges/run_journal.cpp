// SPDX-License-Identifier: MIT
// Appending checksummed lines.
#include "edges/run_journal.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <nlohmann/json.hpp>

#include "edges/run_folder.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/journal.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

using Json = nlohmann::ordered_json;

constexpr off_t k_reserve = 512 << 10;  // a run's last words must fit when its logs have filled the disk

}  // namespace

RunJournal::RunJournal(RunJournal&& other) noexcept
    : file_(std::move(other.file_)),
      clock_(other.clock_),
      seq_(other.seq_),
      torn_(other.torn_),
      unsynced_(std::exchange(other.unsynced_, false)) {}

RunJournal::~RunJournal() {
    if (unsynced_) (void)fdatasync(file_.get());
}

Result<RunJournal> RunJournal::create(int folder, std::string_view run_id, const Clock& clock,
                                      const std::string& hint) {
    Fd file(openat(folder, "journal.jsonl", O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.open() && errno == EEXIST)
        return Error{ErrorKind::config, "the run directory cannot be used", "it holds the journal of a run already",
                     hint};
    if (!file.open()) return Error{ErrorKind::infrastructure, "the journal cannot be made", std::strerror(errno), hint};
    (void)flock(file.get(), LOCK_EX | LOCK_NB);
    (void)fallocate(file.get(), FALLOC_FL_KEEP_SIZE, 0, k_reserve);  // not every file system can
    RunJournal journal(std::move(file), clock);
    LOCKSTEP_TRY_VOID(journal.append("fact", "journal", Json{{"version", k_journal_version}, {"run", run_id}}.dump()));
    return journal;
}

Result<RunJournal> RunJournal::reopen(int folder, std::uint64_t records, const Clock& clock) {
    Fd file(openat(folder, "journal.jsonl", O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC));
    if (!file.open())
        return Error{ErrorKind::infrastructure, "the journal of the run cannot be opened", std::strerror(errno), ""};
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0)
        return Error{ErrorKind::locked, "the run is still under way", "its process holds its journal",
                     "wait for it to end, or stop it; `lockstep why` tells what it waits for"};
    RunJournal journal(std::move(file), clock);
    journal.seq_ = records;
    journal.torn_ = true;  // an empty line more is no harm
    return journal;
}

Result<void> RunJournal::append(std::string_view kind, std::string_view step, std::string_view data_json) {
    LOCKSTEP_CHECK(kind == "intent" || kind == "outcome" || kind == "fact");
    const std::lock_guard lock(mutex_);
    std::string line = journal_line(seq_, format_utc(clock_.now()), kind, step, data_json) + '\n';
    if (torn_) line.insert(line.begin(), '\n');
    torn_ = true;
    unsynced_ = true;
    const bool sync = kind != "fact";  // one for all that was written since the last
    if (!write_all(file_.get(), line) || (sync && fdatasync(file_.get()) != 0))
        return Error{ErrorKind::infrastructure, "the journal cannot be written", std::strerror(errno),
                     "free space on the disk of the run directory"};
    torn_ = false;
    unsynced_ = !sync;
    ++seq_;
    return {};
}

}  // namespace lockstep
