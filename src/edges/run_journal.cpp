// SPDX-License-Identifier: MIT
// Appending checksummed lines.
#include "edges/run_journal.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "edges/crc32.hpp"
#include "edges/run_folder.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

using Json = nlohmann::ordered_json;

constexpr off_t k_reserve = 512 << 10;  // a run's last words must fit when its logs have filled the disk

std::string one_line(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

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
    LOCKSTEP_TRY_VOID(journal.append("fact", "journal", one_line(Json{{"version", 1}, {"run", run_id}})));
    return journal;
}

Result<void> RunJournal::append(std::string_view kind, std::string_view step, std::string_view data_json) {
    LOCKSTEP_CHECK(kind == "intent" || kind == "outcome" || kind == "fact");
    auto data = Json::parse(data_json, nullptr, false);
    // Foreign bytes in a text of it are no reason to end a run.
    if (data.is_discarded()) data = Json::parse(clean_text(data_json), nullptr, false);
    LOCKSTEP_CHECK(data.is_object());

    const std::lock_guard lock(mutex_);
    const Json record{
        {"seq", seq_}, {"time", format_utc(clock_.now())}, {"kind", kind}, {"step", step}, {"data", data}};
    std::string line = one_line(record);
    line.pop_back();  // the closing brace: crc comes before it
    line += fmt::format(",\"crc\":\"{:08x}\"}}\n", crc32(line));
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
