// SPDX-License-Identifier: MIT
#include "cli/write_new.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "edges/fd.hpp"

namespace lockstep::cli {

Result<void> write_new(const std::string& path, const std::string& text, bool force) {
    const Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL), 0644));
    if (!fd.open() && errno == EEXIST)
        return Error{ErrorKind::config, path + " exists already", "",
                     "use --force to replace it, or --output - to look at the proposal"};
    if (!fd.open() || write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return Error{ErrorKind::infrastructure, path + " cannot be written", std::strerror(errno), ""};
    return {};
}

}  // namespace lockstep::cli
