// SPDX-License-Identifier: MIT
// Files below one directory handle, never through links, each made anew.
#include "edges/dir_run_store.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "edges/log_file.hpp"
#include "edges/run_folder.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep {

namespace fs = std::filesystem;

namespace {

constexpr const char* k_reserve = ".reserve";
constexpr off_t k_reserve_bytes = 1 << 20;
constexpr const char* k_hint = "name another directory with --run-dir";

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return text;
}

/// Without a slash at the end: with one, a symbolic link would be followed.
fs::path plain_path(const fs::path& root) {
    fs::path path = fs::absolute(root).lexically_normal();
    return path.has_filename() ? path : path.parent_path();
}

}  // namespace

Result<std::unique_ptr<DirRunStore>> DirRunStore::create(const fs::path& root, std::string run_id, const Clock& clock) {
    fs::path path = plain_path(root);
    Parts parts;
    LOCKSTEP_TRY(parts.root, open_run_folder(path, k_hint));
    LOCKSTEP_TRY(auto journal, RunJournal::create(parts.root.get(), run_id, clock, k_hint));
    LOCKSTEP_TRY_VOID(open_parts(parts, path, O_EXCL));
    return std::unique_ptr<DirRunStore>(
        new DirRunStore(std::move(path), std::move(run_id), std::move(parts), std::move(journal)));
}

Result<std::unique_ptr<DirRunStore>> DirRunStore::reopen(const fs::path& root, std::string run_id,
                                                         std::uint64_t records, const Clock& clock) {
    fs::path path = plain_path(root);
    Parts parts;
    LOCKSTEP_TRY(parts.root, open_run_folder(path, "look at the directory of the run"));
    LOCKSTEP_TRY(auto journal, RunJournal::reopen(parts.root.get(), records, clock));
    LOCKSTEP_TRY_VOID(open_parts(parts, path, 0));
    return std::unique_ptr<DirRunStore>(
        new DirRunStore(std::move(path), std::move(run_id), std::move(parts), std::move(journal)));
}

Result<void> DirRunStore::open_parts(Parts& parts, const fs::path& path, int exclusive) {
    LOCKSTEP_TRY(parts.builds, open_subfolder(parts.root.get(), "builds"));
    LOCKSTEP_TRY(parts.derivations, open_subfolder(parts.root.get(), "derivations"));
    parts.run_log = Fd(
        openat(parts.root.get(), "run.log", O_WRONLY | O_APPEND | O_CREAT | exclusive | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!parts.run_log.open())
        return Error{ErrorKind::infrastructure, "run.log cannot be made in " + path.string(), std::strerror(errno),
                     k_hint};
    return {};
}

DirRunStore::DirRunStore(fs::path root, std::string run_id, Parts parts, RunJournal journal)
    : root_(std::move(root)),
      run_id_(std::move(run_id)),
      root_fd_(std::move(parts.root)),
      builds_fd_(std::move(parts.builds)),
      derivations_fd_(std::move(parts.derivations)),
      journal_(std::move(journal)),
      log_(std::move(parts.run_log)) {
    reserve_space();
}

DirRunStore::~DirRunStore() {
    unlinkat(root_fd_.get(), k_reserve, 0);
}

void DirRunStore::reserve_space() const {
    const Fd file(openat(root_fd_.get(), k_reserve, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file.open()) (void)fallocate(file.get(), 0, 0, k_reserve_bytes);
}

Result<std::unique_ptr<LogSink>> DirRunStore::open_log(std::string_view folder, std::string_view name,
                                                       std::uint64_t cap) {
    LOCKSTEP_CHECK(folder == "builds" || folder == "derivations" || folder == "deployment-logs" || folder == "hooks");
    const std::string where = std::string(folder) + "/", slug = file_slug(name);
    const std::lock_guard lock(mutex_);
    if (folder == "deployment-logs" && !deployment_fd_.open()) {
        LOCKSTEP_TRY(deployment_fd_, open_subfolder(root_fd_.get(), "deployment-logs"));
    }
    if (folder == "hooks" && !hooks_fd_.open()) {
        LOCKSTEP_TRY(hooks_fd_, open_subfolder(root_fd_.get(), "hooks"));
    }
    const int directory = (folder == "builds"        ? builds_fd_
                           : folder == "derivations" ? derivations_fd_
                           : folder == "hooks"       ? hooks_fd_
                                                     : deployment_fd_)
                              .get();
    for (int n = 1;; ++n) {
        const std::string file = slug + (n == 1 ? "" : "." + std::to_string(n)) + ".log";
        // By lower case: names that differ in case only are one file on some file systems.
        if (!names_.insert(lower(where + file)).second) continue;
        Fd fd(openat(directory, file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (fd.open()) return std::unique_ptr<LogSink>(std::make_unique<LogFile>(std::move(fd), where + file, cap));
        if (errno != EEXIST)
            return Error{ErrorKind::infrastructure, "the log " + where + file + " cannot be made", std::strerror(errno),
                         "check space and permissions of the run directory (--run-dir)"};
    }
}

Result<void> DirRunStore::write_file(std::string_view name, std::string_view content) {
    const std::string file(name);
    if (file.empty() || file.front() == '.' || file.find('/') != std::string::npos ||
        file.find('\0') != std::string::npos)
        return Error{ErrorKind::internal, "\"" + file + "\" is no file name of a run", "", ""};
    const std::lock_guard lock(mutex_);
    auto done = replace_file(root_fd_.get(), file, content);
    // Whatever the disk's reason was: with the reserve gone, it may take it.
    if (!done.ok() && unlinkat(root_fd_.get(), k_reserve, 0) == 0) return replace_file(root_fd_.get(), file, content);
    return done;
}

Result<std::string> DirRunStore::read_tail(std::string_view relative, std::uint64_t max_bytes) {
    return read_end(root_fd_.get(), relative, max_bytes);
}

Result<void> DirRunStore::journal(std::string_view kind, std::string_view step, std::string_view data_json) {
    return journal_.append(kind, step, data_json);
}

}  // namespace lockstep
