// SPDX-License-Identifier: MIT
// A directory of a test's own, gone afterwards; kept and named when the test failed.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace lockstep::test {

class TempDir {
public:
    TempDir();
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

void write_file(const std::filesystem::path& path, std::string_view content);  ///< makes parent directories
[[nodiscard]] std::string read_file(const std::filesystem::path& path);        ///< "" when absent

/// Compares `actual` with tests/golden/<name>. With LOCKSTEP_UPDATE_GOLDEN=1 it rewrites the file and skips the test.
void expect_golden(std::string_view name, std::string_view actual);

}  // namespace lockstep::test
