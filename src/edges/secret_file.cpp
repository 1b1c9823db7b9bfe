// SPDX-License-Identifier: MIT
// Opened once, so that what is checked is one file even when somebody replaces it meanwhile.
#include "edges/secret_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "edges/fd.hpp"

namespace lockstep {

Result<void> check_secret_file(const std::string& path, const std::string& what, const std::string& key) {
    const auto refuse = [&](const std::string& why, const std::string& hint) {
        return Error{ErrorKind::credentials, what + " " + path + " cannot be used", why, hint};
    };
    const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd.open()) return refuse(std::strerror(errno), "check " + key);
    struct stat info {};
    if (fstat(fd.get(), &info) != 0) return refuse(std::strerror(errno), "check " + key);
    if (!S_ISREG(info.st_mode)) return refuse("it is not a regular file", "check " + key);
    if ((info.st_mode & 037) != 0) return refuse("others can read or change it", "chmod 600 " + path);
    if (info.st_size == 0) return refuse("it is empty", "check " + key);
    return {};
}

}  // namespace lockstep
