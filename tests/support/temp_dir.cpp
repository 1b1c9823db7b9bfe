// SPDX-License-Identifier: MIT
// Test directories, files and golden files.
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

namespace lockstep::test {

namespace fs = std::filesystem;

TempDir::TempDir() {
    std::string pattern = (fs::temp_directory_path() / "lockstep-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = fs::canonical(pattern);
}

TempDir::~TempDir() {
    if (::testing::Test::HasFailure()) {
        std::cerr << "kept for inspection: " << path_.string() << '\n';
        return;
    }
    std::error_code ignored;
    for (auto it = fs::recursive_directory_iterator(path_, ignored); it != fs::recursive_directory_iterator();
         it.increment(ignored))
        if (it->is_directory(ignored) && !it->is_symlink(ignored))
            fs::permissions(it->path(), fs::perms::owner_all, fs::perm_options::add, ignored);
    fs::remove_all(path_, ignored);
}

void write_file(const fs::path& path, std::string_view content) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
}

std::string read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

void expect_golden(std::string_view name, std::string_view actual) {
    const fs::path path = fs::path(LOCKSTEP_TEST_GOLDEN) / name;
    if (const char* update = std::getenv("LOCKSTEP_UPDATE_GOLDEN"); update != nullptr && *update == '1') {
        write_file(path, actual);
        GTEST_SKIP() << "rewrote " << path;
    }
    EXPECT_EQ(read_file(path), actual) << "differs from " << path << " (LOCKSTEP_UPDATE_GOLDEN=1 rewrites it)";
}

}  // namespace lockstep::test
