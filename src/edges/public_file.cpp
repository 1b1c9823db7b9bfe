// SPDX-License-Identifier: MIT
// Readers see the old file or the new one, never half of it.
#include "edges/public_file.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "edges/fd.hpp"
#include "edges/run_folder.hpp"

namespace lockstep {

Result<void> replace_public_file(const std::string& path, std::string_view text) {
    const std::filesystem::path file(path);
    const auto name = file.filename().string();
    if (name.empty() || name == "." || name == "..")
        return Error{ErrorKind::config, path + " is no file name", "", "correct notify.textfile"};
    const auto parent = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
    const Fd folder(open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.open())
        return Error{ErrorKind::infrastructure, path + " cannot be written", std::strerror(errno),
                     "make the directory, and let the user of lockstep write to it"};
    auto done = replace_file(folder.get(), name, text, 0644);
    if (!done.ok())
        return Error{ErrorKind::infrastructure, path + " cannot be written", done.error().why,
                     "let the user of lockstep write to its directory"};
    return done;
}

}  // namespace lockstep
