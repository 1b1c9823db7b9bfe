// SPDX-License-Identifier: MIT
// The registry of secrets, what is written through it, where tokens may come from, and whether others can read us.
#include "edges/secrets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/environment.hpp"
#include "cli/forge_maker.hpp"
#include "edges/dir_run_store.hpp"
#include "edges/private_memory.hpp"
#include "edges/redacting_store.hpp"
#include "edges/system_clock.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* k_canary = "s3cr3t-Canary-0123456789";

TEST(Secrets, PlainWordsAreTakenForSecretsOnlyWhenTheyWereUsedAsOne) {
    Secrets secrets;
    for (const char* word :
         {"production", "x-access-token", "/run/secrets/token-0123456789", "https://h.org/0123456789"})
        secrets.add_if_random(word);
    EXPECT_EQ(secrets.redacted("production x-access-token /run/secrets/token-0123456789 https://h.org/0123456789"),
              "production x-access-token /run/secrets/token-0123456789 https://h.org/0123456789");
    secrets.add("production\n");
    secrets.add_if_random(k_canary);
    EXPECT_EQ(secrets.redacted("production " + std::string(k_canary)), "*** ***");
    secrets.add("short");
    EXPECT_EQ(secrets.redacted("short"), "short");
}

TEST(RedactingStore, NothingOfTheRunHoldsASecret) {
    TempDir dir;
    SystemClock clock;
    Secrets secrets;
    secrets.add(k_canary);
    auto inner = DirRunStore::create(dir / "run", "id", clock);
    ASSERT_TRUE(inner.ok());
    RedactingStore store(**inner, secrets);
    const std::string text = k_canary;
    {
        auto log = store.open_log("derivations", "a-" + text, 64);
        ASSERT_TRUE(log.ok());
        (*log)->write("begin " + text.substr(0, 5));
        (*log)->write(text.substr(5) + " middle\n");
        (*log)->write(std::string(200, '.'));  // into the part that only the tail keeps
        (*log)->write(text.substr(0, 20));
        (*log)->write(text.substr(20));
        (*log)->write(" held " + text.substr(0, 7));
    }
    ASSERT_TRUE(store.write_file("report.json", "{\"reason\": \"" + text + "\"}").ok());
    ASSERT_TRUE(store.journal("fact", "step", "{\"why\":\"" + text + "\"}").ok());
    store.log("a line with " + text);
    std::string all;
    for (const auto& file : std::filesystem::recursive_directory_iterator(dir / "run"))
        if (file.is_regular_file()) all += file.path().string() + "\n" + read_file(file.path()) + "\n";
    EXPECT_THAT(all, Not(HasSubstr(text)));
    for (const char* wanted :
         {"begin *** middle", "*** held s3cr3t-\n", "\"reason\": \"***\"", "{\"why\":\"***\"}", "a line with ***"})
        EXPECT_THAT(all, HasSubstr(wanted));
}

TEST(TokenFile, IsOursAndForNobodyElse) {
    TempDir dir;
    const auto path = (dir / "token").string();
    write_file(path, std::string(k_canary) + "\n");
    using cli::SecretPlace;
    for (const auto& [mode, as_file, as_credential] : {std::tuple{0600, true, true},
                                                       {0400, true, true},
                                                       {0440, false, true},
                                                       {0640, false, true},
                                                       {0604, false, false},
                                                       {0620, false, false}}) {
        ASSERT_EQ(chmod(path.c_str(), static_cast<mode_t>(mode)), 0);
        EXPECT_EQ(cli::read_secret_file(path).ok(), as_file) << std::oct << mode;
        EXPECT_EQ(cli::read_secret_file(path, SecretPlace::credential).ok(), as_credential) << std::oct << mode;
    }
    ASSERT_EQ(chmod(path.c_str(), 0600), 0);
    EXPECT_EQ(*cli::read_secret_file(path), k_canary);
    EXPECT_EQ(cli::secrets().redacted(k_canary), "***") << "reading made it known";
    if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
    ASSERT_EQ(chown(path.c_str(), 4242, 4242), 0);
    const auto foreign = cli::read_secret_file(path);
    ASSERT_FALSE(foreign.ok());
    EXPECT_EQ(foreign.error().kind, ErrorKind::credentials);
    EXPECT_THAT(foreign.error().why, HasSubstr("another user"));
}

/// Runs a shell as an ordinary user below a process of the same user. Bit 1: the shell cannot read its parent's
/// environment; bit 0: it can read its own; 4: core files are possible.
int what_a_child_can_read(bool keep_private) {
    const pid_t parent = fork();
    if (parent == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(100);
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        if (keep_private) keep_memory_private();
        const pid_t child = fork();
        if (child == 0) {
            execl("/bin/sh", "sh", "-c",
                  "r=0; cat /proc/$PPID/environ >/dev/null 2>&1 || r=2; cat /proc/$$/environ >/dev/null 2>&1 && "
                  "r=$((r+1)); test \"$(ulimit -c)\" = 0 || r=$((r+4)); exit $r",
                  static_cast<char*>(nullptr));
            _exit(101);
        }
        int status = 0;
        waitpid(child, &status, 0);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 102);
    }
    int status = 0;
    waitpid(parent, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 103;
}

TEST(PrivateMemory, AChildOfTheSameUserCannotReadUsButItself) {
    EXPECT_EQ(what_a_child_can_read(false) & 3, 1) << "without it the test would prove nothing";
    EXPECT_EQ(what_a_child_can_read(true), 3);
}

}  // namespace
}  // namespace lockstep::test
