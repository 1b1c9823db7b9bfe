// SPDX-License-Identifier: MIT
// Regular files only: a FIFO or device in their place must not block a run.
#include "edges/disk_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "edges/fd.hpp"

namespace lockstep {

Result<std::string> DiskFiles::read(const std::string& path, std::uint64_t max_bytes) {
    const auto refuse = [&](const std::string& why) {
        return Error{ErrorKind::infrastructure, path + " cannot be read", why, ""};
    };
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd.open()) return refuse(std::strerror(errno));
    struct stat info {};
    if (fstat(fd.get(), &info) != 0) return refuse(std::strerror(errno));
    if (!S_ISREG(info.st_mode)) return refuse("it is not a regular file");
    if (static_cast<std::uint64_t>(info.st_size) > max_bytes)
        return refuse("it is larger than " + std::to_string(max_bytes) + " bytes");
    std::string text;
    std::size_t size = 0;
    // The size is a hint only: files of /proc tell none, and others may grow while they are read.
    text.resize(std::max<std::size_t>(static_cast<std::size_t>(info.st_size) + 1, 4096));
    for (;;) {
        const auto got = ::read(fd.get(), text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return refuse(std::strerror(errno));
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
        if (size > max_bytes) return refuse("it is larger than " + std::to_string(max_bytes) + " bytes");
        if (size == text.size()) text.resize(text.size() * 2);
    }
    text.resize(size);
    return text;
}

}  // namespace lockstep
