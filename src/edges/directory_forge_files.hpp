// SPDX-License-Identifier: MIT
// Files of the embedded forge: the lock, atomic replacement, numbers that are never used twice.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/result.hpp"

namespace lockstep {

/// Holds DIR/.lock (flock) as long as it lives; other processes wait. Created with DIR when missing.
class DirectoryForgeLock {
public:
    [[nodiscard]] static Result<DirectoryForgeLock> take(const std::filesystem::path& directory);
    DirectoryForgeLock(DirectoryForgeLock&& other) noexcept;
    DirectoryForgeLock& operator=(DirectoryForgeLock&& other) noexcept;
    ~DirectoryForgeLock();

private:
    explicit DirectoryForgeLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_ = -1;
};

/// Errors of all: infrastructure, with the path.
[[nodiscard]] Result<std::string> read_forge_file(const std::filesystem::path& path);  ///< "" when absent
/// Makes the parent directory; the old or the new content is there at any moment, also after a crash.
[[nodiscard]] Result<void> replace_forge_file(const std::filesystem::path& path, std::string_view content);
/// The numbers that are names of entries of `directory`, without `suffix`, ascending; other names are ignored.
[[nodiscard]] Result<std::vector<std::int64_t>> numbered_entries(const std::filesystem::path& directory,
                                                                 std::string_view suffix);
/// The next number of `directory`: greater than every one present and than every one given out, which `counter`
/// remembers. Call it with the lock held.
[[nodiscard]] Result<std::int64_t> next_number(const std::filesystem::path& directory, std::string_view suffix,
                                               const std::filesystem::path& counter);
/// "file://" and the percent-encoded path.
[[nodiscard]] std::string file_url(const std::filesystem::path& path);

}  // namespace lockstep
