// SPDX-License-Identifier: MIT
// flock on a file that is never deleted: deleting would let two holders lock two files of one name.
#include "edges/run_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lockstep/core/sanitize.hpp"

namespace lockstep {

Result<std::unique_ptr<RunLock>> RunLock::acquire(const std::filesystem::path& file, const std::string& holder) {
    std::error_code failed;
    std::filesystem::create_directories(file.parent_path(), failed);
    Fd fd(open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd.open())
        return Error{ErrorKind::infrastructure, "the run lock " + file.string() + " cannot be opened",
                     std::strerror(errno), "check the state directory"};
    if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return Error{ErrorKind::infrastructure, "the run lock " + file.string() + " cannot be taken",
                         std::strerror(errno), ""};
        char text[1024] = {};
        const auto got = pread(fd.get(), text, sizeof text - 1, 0);
        return Error{ErrorKind::locked, "another run of this repository and base is under way",
                     clean_line({text, got > 0 ? static_cast<std::size_t>(got) : 0}),
                     "wait for it to end; its lock goes when its process does"};
    }
    (void)!ftruncate(fd.get(), 0);
    (void)!pwrite(fd.get(), holder.data(), holder.size(), 0);
    return std::unique_ptr<RunLock>(new RunLock(std::move(fd)));
}

}  // namespace lockstep
