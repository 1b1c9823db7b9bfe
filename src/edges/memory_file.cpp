// SPDX-License-Identifier: MIT
// Who writes holds an exclusive flock on the file and then checks that the name still leads to it, because a rewrite
// puts another file there. A batch is appended in one piece, so that a writer that is killed leaves at most one line
// torn.
#include "edges/memory_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "edges/run_folder.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep {

namespace fs = std::filesystem;

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t k_read_at_most = 64U << 20U;
constexpr std::uint64_t k_never_compact_below = 1U << 20U;  // reading that is no trouble
constexpr std::uint64_t k_large = 8U << 20U;
constexpr auto k_patience = 5s;  // for a lock that is held for milliseconds

bool take_lock(int fd) {
    const auto until = std::chrono::steady_clock::now() + k_patience;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EINTR && errno != EWOULDBLOCK) return false;
        if (std::chrono::steady_clock::now() >= until) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

/// What keeps a file from being trusted: "" for nothing.
std::string distrust(const struct stat& info) {
    if (!S_ISREG(info.st_mode)) return "it is not a regular file";
    if (info.st_uid != geteuid()) return "it belongs to another user";
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) return "others may write to it";
    return {};
}

/// The file behind the name, locked, and its size; closed when there is none to be had.
struct Locked {
    Fd fd;
    std::uint64_t size = 0;
};

Locked open_locked(int folder, const std::string& name) {
    for (int tries = 0; tries < 100; ++tries) {
        Fd fd(openat(folder, name.c_str(), O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                     0600));
        struct stat held {
        }, named{};
        if (!fd.open() || fstat(fd.get(), &held) != 0 || !distrust(held).empty() || !take_lock(fd.get())) return {};
        if (fstat(fd.get(), &held) != 0) return {};
        if (fstatat(folder, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0 || named.st_ino != held.st_ino ||
            named.st_dev != held.st_dev)
            continue;  // rewritten in the meantime
        return {std::move(fd), static_cast<std::uint64_t>(held.st_size)};
    }
    return {};
}

bool ends_torn(const Locked& file) {
    char last = '\n';
    return file.size > 0 && pread(file.fd.get(), &last, 1, static_cast<off_t>(file.size - 1)) == 1 && last != '\n';
}

std::string lines_for(const std::vector<Lesson>& lessons) {
    std::string text;
    for (const auto& lesson : lessons) text.append(lesson_line(lesson)).append("\n");
    return text;
}

/// The lessons of a file that is there; unreadable ones are none.
std::vector<Lesson> read_lessons(int folder, const std::string& name) {
    std::vector<Lesson> lessons;
    const auto read = read_end(folder, name, k_read_at_most);
    if (!read.ok()) return lessons;
    for (std::string_view rest = read.value(); !rest.empty();) {
        const auto end = rest.find('\n');
        if (auto lesson = parse_lesson(rest.substr(0, end))) lessons.push_back(std::move(*lesson));
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return lessons;
}

class ForgetfulMemory final : public Memory {
public:
    [[nodiscard]] const Recollection& recall() const override { return known_; }
    void learn(const std::vector<Lesson>& lessons) noexcept override {
        for (const auto& lesson : lessons) known_.take(lesson);
    }

private:
    Recollection known_;
};

}  // namespace

Result<std::unique_ptr<Memory>> MemoryFile::open(const fs::path& file) {
    const auto refuse = [&](std::string why) {
        return Error{ErrorKind::config, "what earlier runs taught, in " + file.string() + ", cannot be used",
                     std::move(why), "the run goes on without it"};
    };
    auto folder = open_run_folder(file.has_parent_path() ? file.parent_path() : ".", "");
    if (!folder.ok()) return refuse("its directory: " + folder.error().why);
    std::unique_ptr<MemoryFile> memory(new MemoryFile(std::move(folder).value(), file.filename().string()));
    struct stat info {};
    if (fstatat(memory->folder_.get(), memory->name_.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
        if (S_ISLNK(info.st_mode)) return refuse("it is a symbolic link");
        if (auto why = distrust(info); !why.empty()) return refuse(std::move(why));
        for (const auto& lesson : read_lessons(memory->folder_.get(), memory->name_)) memory->known_.take(lesson);
        memory->compact_when_stale(static_cast<std::uint64_t>(info.st_size));
    }
    return std::unique_ptr<Memory>(std::move(memory));
}

void MemoryFile::learn(const std::vector<Lesson>& lessons) noexcept {
    if (lessons.empty()) return;
    for (const auto& lesson : lessons) known_.take(lesson);
    const auto file = open_locked(folder_.get(), name_);
    if (!file.fd.open()) return;
    // The rest of a line that was torn must not take the first of these with it.
    const auto text = (ends_torn(file) ? "\n" : "") + lines_for(lessons);
    if (!write_all(file.fd.get(), text)) (void)!ftruncate(file.fd.get(), static_cast<off_t>(file.size));
}

void MemoryFile::compact_when_stale(std::uint64_t size) noexcept {
    if (size < k_never_compact_below) return;
    const auto needed = lines_for(known_.lessons()).size();
    if (size <= 4 * needed && (size <= k_large || size <= 2 * needed)) return;
    const auto file = open_locked(folder_.get(), name_);
    if (!file.fd.open()) return;
    Recollection now;  // another process may have learned since
    for (const auto& lesson : read_lessons(folder_.get(), name_)) now.take(lesson);
    (void)replace_file(folder_.get(), name_, lines_for(now.lessons()));
    known_ = std::move(now);
}

std::unique_ptr<Memory> forgetful_memory() {
    return std::make_unique<ForgetfulMemory>();
}

}  // namespace lockstep
