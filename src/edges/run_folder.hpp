// SPDX-License-Identifier: MIT
// Directories and files of a run on disk: made by us, owned by us, never through a symbolic link.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "edges/fd.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep {

/// Makes `path` (mode 0700) and what is missing above it, and opens it. A directory that exists may be used when it is
/// ours, no symbolic link and not writable by others; an empty one becomes 0700. Errors: config, with `hint`.
[[nodiscard]] Result<Fd> open_run_folder(const std::filesystem::path& path, const std::string& hint);

/// Makes (0700) or opens a directory below another.
[[nodiscard]] Result<Fd> open_subfolder(int parent, const std::string& name);

/// Writes beside, syncs, renames, syncs the directory. After an error the old content is untouched. Errors:
/// infrastructure.
[[nodiscard]] Result<void> replace_file(int folder, const std::string& name, std::string_view content,
                                        mode_t mode = 0600);

/// The last `max_bytes` of the regular file at a relative path; no part of it may be a symbolic link or "..". Errors:
/// internal when the path is none of ours, infrastructure.
[[nodiscard]] Result<std::string> read_end(int folder, std::string_view relative, std::uint64_t max_bytes);

/// write() of everything; false with errno when the disk refuses.
[[nodiscard]] bool write_all(int fd, std::string_view text);

}  // namespace lockstep
