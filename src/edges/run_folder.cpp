// SPDX-License-Identifier: MIT
// Files below a directory handle.
#include "edges/run_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "lockstep/core/text.hpp"

namespace lockstep {

namespace fs = std::filesystem;

namespace {

Error disk_error(const std::string& what) {
    return {ErrorKind::infrastructure, what, std::strerror(errno),
            "check space and permissions of the run directory (--run-dir)"};
}

/// False with errno. Existing directories stay as they are.
bool make_directories(const fs::path& path) {
    if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return true;
    if (errno != ENOENT || !path.has_relative_path()) return false;
    return make_directories(path.parent_path()) && (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST);
}

bool is_empty(int folder) {
    DIR* const list = fdopendir(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (list == nullptr) return false;
    bool empty = true;
    for (const dirent* entry = readdir(list); entry != nullptr && empty; entry = readdir(list))
        empty = std::string_view(entry->d_name) == "." || std::string_view(entry->d_name) == "..";
    closedir(list);
    return empty;
}

}  // namespace

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto done = write(fd, text.data(), text.size());
        if (done < 0 && errno == EINTR) continue;
        if (done == 0) errno = ENOSPC;
        if (done <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(done));
    }
    return true;
}

Result<Fd> open_run_folder(const fs::path& path, const std::string& hint) {
    const auto refuse = [&](const std::string& why) {
        return Error{ErrorKind::config, "the run directory " + path.string() + " cannot be used", why, hint};
    };
    if (!make_directories(path)) return refuse(std::strerror(errno));
    Fd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder.open() && (errno == ELOOP || errno == ENOTDIR)) return refuse("it is a symbolic link or no directory");
    struct stat info {};
    if (!folder.open() || fstat(folder.get(), &info) != 0) return refuse(std::strerror(errno));
    if (info.st_uid != geteuid()) return refuse("it belongs to another user");
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) return refuse("others may write to it");
    // Somebody's directory that holds other things keeps its mode: what we make in it is closed anyway.
    if (is_empty(folder.get()) && fchmod(folder.get(), 0700) != 0) return refuse(std::strerror(errno));
    return folder;
}

Result<Fd> open_subfolder(int parent, const std::string& name) {
    if (mkdirat(parent, name.c_str(), 0700) != 0 && errno != EEXIST) return disk_error(name + " cannot be made");
    Fd fd(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.open()) return disk_error(name + " cannot be opened");
    return fd;
}

Result<void> replace_file(int folder, const std::string& name, std::string_view content, mode_t mode) {
    const std::string fresh = "." + name + ".new";
    unlinkat(folder, fresh.c_str(), 0);  // of a process that was killed
    const Fd fd(openat(folder, fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd.open()) return disk_error(name + " cannot be written");
    // Whatever the umask says.
    if ((mode != 0600 && fchmod(fd.get(), mode) != 0) || !write_all(fd.get(), content) || fsync(fd.get()) != 0 ||
        renameat(folder, fresh.c_str(), folder, name.c_str()) != 0) {
        const auto error = disk_error(name + " cannot be written");
        unlinkat(folder, fresh.c_str(), 0);
        return error;
    }
    if (fsync(folder) != 0) return disk_error(name + " may not survive a crash of the machine");
    return {};
}

Result<std::string> read_end(int folder, std::string_view relative, std::uint64_t max_bytes) {
    const auto parts = split(relative, '/');
    if (std::any_of(parts.begin(), parts.end(),
                    [](const std::string& part) { return part.empty() || part == "." || part == ".."; }))
        return Error{ErrorKind::internal, "\"" + std::string(relative) + "\" is no file of the run", "", ""};
    const std::string what = std::string(relative) + " cannot be read";
    Fd at(fcntl(folder, F_DUPFD_CLOEXEC, 3));
    for (std::size_t i = 0; i < parts.size() && at.open(); ++i) {
        const int kind = i + 1 < parts.size() ? O_DIRECTORY : O_NONBLOCK;
        at = Fd(openat(at.get(), parts[i].c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | kind));
    }
    struct stat info {};
    if (!at.open() || fstat(at.get(), &info) != 0) return disk_error(what);
    if (!S_ISREG(info.st_mode)) return Error{ErrorKind::infrastructure, what, "it is not a regular file", ""};
    const auto size = static_cast<std::uint64_t>(info.st_size);
    std::string text(static_cast<std::size_t>(std::min(size, max_bytes)), '\0');
    const std::uint64_t start = size - text.size();
    std::size_t done = 0;
    while (done < text.size()) {
        const auto got = pread(at.get(), text.data() + done, text.size() - done, static_cast<off_t>(start + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return disk_error(what);
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    text.resize(done);
    return text;
}

}  // namespace lockstep
