// SPDX-License-Identifier: MIT
#include "cli/output_file.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "edges/fd.hpp"
#include "edges/run_folder.hpp"

namespace lockstep::cli {

Result<void> write_output(const std::string& path, std::string_view text) {
    const std::filesystem::path file(path);
    const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
    const Fd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.open())
        return Error{ErrorKind::infrastructure, path + " cannot be written", std::strerror(errno), "check --output"};
    return replace_file(fd.get(), file.filename().string(), text);
}

}  // namespace lockstep::cli
