// SPDX-License-Identifier: MIT
// Which files may hold a secret.
#include "edges/secret_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/temp_dir.hpp"

namespace lockstep::test {
namespace {

TEST(SecretFile, IsRefusedWhenOthersCanReadOrChangeIt) {
    TempDir dir;
    const auto path = (dir / "key").string();
    write_file(path, "name:c2VjcmV0\n");
    for (const auto& [mode, fine] : {std::pair{0600, true},
                                     {0400, true},
                                     {0640, true},
                                     {0644, false},
                                     {0620, false},
                                     {0602, false},
                                     {0610, false}}) {
        ASSERT_EQ(chmod(path.c_str(), static_cast<mode_t>(mode)), 0);
        EXPECT_EQ(check_secret_file(path, "the signing key", "cache.signing_key_file").ok(), fine) << std::oct << mode;
    }
    const auto open = check_secret_file(path, "the signing key", "cache.signing_key_file");
    ASSERT_FALSE(open.ok());
    EXPECT_EQ(open.error().kind, ErrorKind::credentials);
    EXPECT_EQ(open.error().what, "the signing key " + path + " cannot be used");
    EXPECT_EQ(open.error().hint, "chmod 600 " + path);
}

TEST(SecretFile, IsAFileThatExistsAndHoldsSomething) {
    TempDir dir;
    write_file(dir / "empty", "");
    ASSERT_EQ(chmod((dir / "empty").c_str(), 0600), 0);
    ASSERT_EQ(mkfifo((dir / "pipe").c_str(), 0600), 0);
    for (const auto* name : {"empty", "pipe", "absent", "."}) {
        const auto checked = check_secret_file(dir / name, "the key", "cache.signing_key_file");
        ASSERT_FALSE(checked.ok()) << name;
        EXPECT_EQ(checked.error().hint, "check cache.signing_key_file") << name;
    }
}

}  // namespace
}  // namespace lockstep::test
