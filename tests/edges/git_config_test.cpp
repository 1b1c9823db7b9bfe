// SPDX-License-Identifier: MIT
// Which of the user's settings our commands are told.
#include "edges/git_config.hpp"

#include <gtest/gtest.h>

#include "edges/git_remote.hpp"

namespace lockstep {
namespace {

using namespace std::string_literals;

GitConfig config(const GitEntries& entries) {
    std::string text;
    for (const auto& [key, value] : entries) text += key + "\n" + value + '\0';
    return GitConfig::parse(text);
}

GitEntries handed(const GitEntries& checkout, const GitEntries& elsewhere = {}) {
    return settings_to_hand_over(config(checkout), config(elsewhere), "origin", "lockstep");
}

TEST(GitConfig, ParsesListings) {
    const auto read =
        GitConfig::parse("user.name\nAda\nExample\0commit.gpgsign\0remote.my.fork.url\nx\0user.name\nBo\0"s);
    EXPECT_EQ(read.all("user.name"), (std::vector<std::string>{"Ada\nExample", "Bo"}));
    EXPECT_EQ(read.get("user.name"), "Bo");
    EXPECT_EQ(read.get("user.email"), std::nullopt);
    EXPECT_TRUE(read.is_true("commit.gpgsign")) << "a key without a value means true";
    EXPECT_EQ(read.remotes(), (std::vector<std::string>{"my.fork"}));
}

TEST(GitConfig, Booleans) {
    for (const char* yes : {"true", "Yes", "ON", "1", "10"}) EXPECT_TRUE(config({{"a.b", yes}}).is_true("a.b")) << yes;
    for (const char* no : {"false", "no", "off", "0", "00", "", "maybe"})
        EXPECT_FALSE(config({{"a.b", no}}).is_true("a.b")) << no;
}

TEST(GitConfig, HandsOverWhatReachesTheRemoteAndNothingElse) {
    const GitEntries wanted = {{"http.sslcainfo", "/ca"},         {"http.https://h/.extraheader", "Authorization: x"},
                               {"credential.helper", "store"},    {"core.sshcommand", "ssh -F f"},
                               {"protocol.file.allow", "always"}, {"user.signingkey", "k"},
                               {"commit.gpgsign", "true"}};
    GitEntries all = wanted;
    for (const char* key :
         {"core.bare", "core.worktree", "core.hookspath", "core.fsmonitor", "extensions.partialclone", "alias.push",
          "push.followtags", "include.path", "includeif.gitdir:/x.path", "remote.origin.url", "remote.origin.fetch",
          "remote.origin.mirror", "remote.origin.promisor", "remote.other.proxy", "branch.main.remote", "gc.auto"})
        all.emplace_back(key, "x");
    EXPECT_EQ(handed(all), wanted);
}

TEST(GitConfig, SettingsOfTheRemoteMoveToOurName) {
    EXPECT_EQ(handed({{"remote.origin.proxy", "p"}}), (GitEntries{{"remote.lockstep.proxy", "p"}}));
}

TEST(GitConfig, WhatGitFindsByItselfIsNotRepeated) {
    const GitEntries global = {{"credential.helper", "cache"}, {"http.extraheader", "X: 1"}};
    EXPECT_EQ(handed(global, global), GitEntries{}) << "a header twice would be sent twice";
    GitEntries more = global;
    more.emplace_back("http.extraheader", "X: 2");
    EXPECT_EQ(handed(more, global), (GitEntries{{"http.extraheader", "X: 2"}}));
}

TEST(GitConfig, ListsThatDifferInTheMiddleStartAnew) {
    EXPECT_EQ(handed({{"credential.helper", "a"}}, {{"credential.helper", "b"}, {"credential.helper", "a"}}),
              (GitEntries{{"credential.helper", ""}, {"credential.helper", "a"}}));
    EXPECT_EQ(handed({{"user.name", "included"}, {"user.name", "global"}}, {{"user.name", "global"}}),
              (GitEntries{{"user.name", "included"}, {"user.name", "global"}}))
        << "the last value must still win";
}

TEST(GitConfig, OrderAcrossKeysIsKept) {
    const GitEntries entries = {
        {"credential.helper", "a"}, {"credential.https://h.helper", "b"}, {"credential.helper", ""}};
    EXPECT_EQ(handed(entries), entries);
}

Result<Identity> author(const GitEntries& environment, const GitEntries& settings) {
    return identity_for(
        Role::author,
        [&](const char* name) {
            for (const auto& [key, value] : environment)
                if (key == name) return value;
            return std::string();
        },
        config(settings));
}

TEST(GitIdentity, EnvironmentThenRoleThenUser) {
    const GitEntries settings = {{"user.name", "U"}, {"user.email", "u@e"}, {"author.email", "a@e"}};
    EXPECT_EQ(*author({}, settings), (Identity{"U", "a@e"}));
    EXPECT_EQ(*author({{"GIT_AUTHOR_NAME", "E"}}, settings), (Identity{"E", "a@e"}));
    EXPECT_EQ(*author({{"GIT_COMMITTER_NAME", "C"}}, settings), (Identity{"U", "a@e"}));
    EXPECT_EQ(*author({{"EMAIL", "env@e"}}, {{"user.name", "U"}}), (Identity{"U", "env@e"}));
}

TEST(GitIdentity, CharactersThatBreakTheHeaderAreDropped) {
    EXPECT_EQ(*author({}, {{"user.name", " A <b>\n"}, {"user.email", "<a@e>"}}), (Identity{"A b", "a@e"}));
}

TEST(GitIdentity, NoneIsAnErrorThatSaysWhatToSet) {
    const auto none = author({}, {{"user.name", "U"}});
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().kind, ErrorKind::config);
    EXPECT_NE(none.error().why.find("e-mail"), std::string::npos);
    EXPECT_NE(none.error().hint.find("GIT_AUTHOR_EMAIL"), std::string::npos);
}

TEST(GitRemote, RewritingTakesTheLongestRule) {
    const auto rules = config({{"url.https://a/.insteadof", "gh:"},
                               {"url.https://b/.insteadof", "gh:owner/"},
                               {"url.ssh://c/.pushinsteadof", "gh:"}});
    EXPECT_EQ(rewritten(rules, "gh:owner/r", false), "https://b/r");
    EXPECT_EQ(rewritten(rules, "gh:x/r", false), "https://a/x/r");
    EXPECT_EQ(rewritten(rules, "gh:owner/r", true), "ssh://c/owner/r");
    EXPECT_EQ(rewritten(rules, "/srv/r", true), "/srv/r");
}

}  // namespace
}  // namespace lockstep
