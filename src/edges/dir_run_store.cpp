// SPDX-License-Identifier: MIT
// Files below one directory handle, never through links, each made anew.
#include "edges/dir_run_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "edges/crc32.hpp"
#include "edges/log_file.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

namespace fs = std::filesystem;

Error disk_error(const std::string& what) {
    return {ErrorKind::infrastructure, what, std::strerror(errno),
            "check space and permissions of the run directory (--run-dir)"};
}

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto done = write(fd, text.data(), text.size());
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(done));
    }
    return true;
}

Result<Fd> make_folder(int parent, const char* name) {
    if (mkdirat(parent, name, 0700) != 0 && errno != EEXIST) return disk_error(std::string("cannot make ") + name);
    Fd fd(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.open()) return disk_error(std::string("cannot open ") + name);
    return fd;
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

}  // namespace

Result<std::unique_ptr<DirRunStore>> DirRunStore::create(const fs::path& root, std::string run_id, const Clock& clock) {
    std::unique_ptr<DirRunStore> store(
        new DirRunStore(fs::absolute(root).lexically_normal(), std::move(run_id), clock));
    LOCKSTEP_TRY_VOID(store->open());
    LOCKSTEP_TRY_VOID(store->journal("fact", "journal", fmt::format(R"({{"version":1,"run":"{}"}})", store->run_id_)));
    return store;
}

Result<void> DirRunStore::open() {
    const auto refuse = [&](const std::string& why) {
        return Error{ErrorKind::config, "the run directory " + root_.string() + " cannot be used", why,
                     "name another with --run-dir"};
    };
    std::error_code failed;
    if (!root_.parent_path().empty()) fs::create_directories(root_.parent_path(), failed);
    if (mkdir(root_.c_str(), 0700) != 0 && errno != EEXIST) return refuse(std::strerror(errno));
    root_fd_ = Fd(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!root_fd_.open())
        return refuse(errno == ELOOP || errno == ENOTDIR ? "it is no directory of its own" : std::strerror(errno));
    struct stat info {};
    if (fstat(root_fd_.get(), &info) != 0) return refuse(std::strerror(errno));
    if (info.st_uid != geteuid()) return refuse("it belongs to another user");
    if (fchmod(root_fd_.get(), 0700) != 0) return refuse(std::strerror(errno));
    journal_fd_ = Fd(
        openat(root_fd_.get(), "journal.jsonl", O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!journal_fd_.open()) return refuse(errno == EEXIST ? "it holds a run already" : std::strerror(errno));
    LOCKSTEP_TRY(builds_fd_, make_folder(root_fd_.get(), "builds"));
    LOCKSTEP_TRY(derivations_fd_, make_folder(root_fd_.get(), "derivations"));
    // spdlog opens by name; the file is made here first, so that it can be nothing but ours.
    const Fd log(openat(root_fd_.get(), "run.log", O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!log.open()) return refuse(std::strerror(errno));
    log_ = std::make_unique<RunLog>(root_ / "run.log");
    return {};
}

Result<std::unique_ptr<LogSink>> DirRunStore::open_log(std::string_view folder, std::string_view name,
                                                       std::uint64_t cap) {
    const int directory = folder == "builds" ? builds_fd_.get() : derivations_fd_.get();
    const std::string where = folder == "builds" ? "builds/" : "derivations/";
    const std::string slug = file_slug(name);
    std::string file;
    {
        const std::lock_guard lock(mutex_);
        for (int n = 1;; ++n) {
            file = n == 1 ? slug + ".log" : fmt::format("{}.{}.log", slug, n);
            if (names_.insert(lower(where + file)).second) break;
        }
    }
    return LogFile::create(directory, file, where + file, cap);
}

Result<void> DirRunStore::write_file(std::string_view name, std::string_view content) {
    const std::string file(name), fresh = "." + file + ".new";
    if (file.empty() || file.find('/') != std::string::npos || file.front() == '.')
        return Error{ErrorKind::internal, "not a file name of a run: " + file, "", ""};
    {
        unlinkat(root_fd_.get(), fresh.c_str(), 0);
        const Fd fd(openat(root_fd_.get(), fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!fd.open()) return disk_error("cannot write " + file);
        if (!write_all(fd.get(), content) || fsync(fd.get()) != 0) return disk_error("cannot write " + file);
    }
    if (renameat(root_fd_.get(), fresh.c_str(), root_fd_.get(), file.c_str()) != 0)
        return disk_error("cannot write " + file);
    (void)fsync(root_fd_.get());
    return {};
}

Result<std::string> DirRunStore::read_tail(std::string_view relative, std::uint64_t max_bytes) {
    const fs::path path = fs::path(relative).lexically_normal();
    if (path.is_absolute() || path.empty() || *path.begin() == "..")
        return Error{ErrorKind::internal, "not a file of the run: " + std::string(relative), "", ""};
    const Fd fd(openat(root_fd_.get(), path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    struct stat info {};
    if (!fd.open() || fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode))
        return disk_error("cannot read " + path.string());
    const auto size = static_cast<std::uint64_t>(info.st_size);
    const auto want = std::min(size, max_bytes);
    std::string text(static_cast<std::size_t>(want), '\0');
    std::size_t done = 0;
    while (done < text.size()) {
        const auto got =
            pread(fd.get(), text.data() + done, text.size() - done, static_cast<off_t>(size - want + done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        done += static_cast<std::size_t>(got);
    }
    text.resize(done);
    return text;
}

Result<void> DirRunStore::journal(std::string_view kind, std::string_view step, std::string_view data_json) {
    const std::lock_guard lock(mutex_);
    std::string line = fmt::format(R"({{"seq":{},"time":"{}","kind":"{}","step":"{}","data":{})", seq_++,
                                   format_utc(clock_.now()), kind, step, data_json);
    line += fmt::format(R"(,"crc":"{:08x}"}})", crc32(line));
    line += '\n';
    if (!write_all(journal_fd_.get(), line) || fdatasync(journal_fd_.get()) != 0)
        return disk_error("the journal cannot be written");
    return {};
}

}  // namespace lockstep
