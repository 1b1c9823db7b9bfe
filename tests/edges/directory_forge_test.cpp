// SPDX-License-Identifier: MIT
// The embedded forge: its files as promised, hand-edited files, several processes at once.
#include "edges/directory_forge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <set>

#include "support/temp_dir.hpp"

namespace lockstep {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::read_file;
using test::TempDir;
using test::write_file;
using testing::ElementsAre;
using testing::HasSubstr;

const PullDraft k_draft{"flake.lock: Update", "the body\n", "flake-update/ä #%", "main"};

class DirectoryForgeTest : public testing::Test {
protected:
    [[nodiscard]] json record(int number) const {
        return json::parse(read_file(temp / ("forge/pulls/" + std::to_string(number) + "/pull.json")));
    }
    [[nodiscard]] std::vector<std::string> names(const std::string& directory) const {
        std::set<std::string> found;
        for (const auto& entry : fs::directory_iterator(temp / directory)) found.insert(entry.path().filename());
        return {found.begin(), found.end()};
    }

    TempDir temp;
    DirectoryForge forge{temp / "forge"};
};

TEST_F(DirectoryForgeTest, KeepsPullRequestsAsPromised) {
    ASSERT_TRUE(forge.check_access().ok());
    const auto pull = forge.create_pull(k_draft);
    ASSERT_TRUE(pull.ok());
    EXPECT_EQ(pull->number, 1);
    EXPECT_EQ(pull->url, "file://" + (temp / "forge/pulls/1").string());
    const auto file = record(1);
    EXPECT_EQ(file["number"], 1);
    EXPECT_EQ(file["state"], "open");
    EXPECT_EQ(file["title"], k_draft.title);
    EXPECT_EQ(file["head"], k_draft.head);
    EXPECT_EQ(file["base"], "main");
    EXPECT_EQ(file["labels"], json::array());
    EXPECT_EQ(read_file(temp / "forge/pulls/1/body.md"), "the body\n");
    const auto found = forge.open_pulls("main");
    ASSERT_TRUE(found.ok());
    ASSERT_EQ(found->size(), 1U);
    EXPECT_EQ((*found)[0].head, k_draft.head);
    EXPECT_EQ((*found)[0].body, "the body\n");
    EXPECT_TRUE((*found)[0].open && (*found)[0].same_repo);
    EXPECT_TRUE(forge.open_pulls("other")->empty());
}

TEST_F(DirectoryForgeTest, AdoptsAndEdits) {
    ASSERT_TRUE(forge.create_pull(k_draft).ok());
    EXPECT_EQ(forge.create_pull(k_draft)->number, 1);
    ASSERT_TRUE(forge.edit_pull(1, "new title", "new body").ok());
    EXPECT_EQ(record(1)["title"], "new title");
    EXPECT_EQ(read_file(temp / "forge/pulls/1/body.md"), "new body");
    EXPECT_FALSE(forge.edit_pull(2, "t", "b").ok());
    EXPECT_THAT(names("forge/pulls"), ElementsAre("1"));
}

TEST_F(DirectoryForgeTest, PeopleMayCloseAPullRequestAndAddToIt) {
    ASSERT_TRUE(forge.create_pull(k_draft).ok());
    auto file = record(1);
    file["state"] = "closed";
    file["note"] = "seen";
    write_file(temp / "forge/pulls/1/pull.json", file.dump());
    EXPECT_TRUE(forge.open_pulls("main")->empty());
    EXPECT_EQ(forge.create_pull(k_draft)->number, 2);
    ASSERT_TRUE(forge.add_labels(1, {"x"}).ok());
    EXPECT_EQ(record(1)["note"], "seen");
    EXPECT_EQ(record(1)["state"], "closed");
}

TEST_F(DirectoryForgeTest, NumbersAreNeverUsedAgain) {
    ASSERT_TRUE(forge.create_pull(k_draft).ok());
    ASSERT_TRUE(forge.put_comment(1, 0, "one").ok());
    fs::remove(temp / "forge/pulls/1/comments/1.md");
    EXPECT_EQ(forge.put_comment(1, 0, "two")->id, 2);
    fs::remove_all(temp / "forge/pulls/1");
    EXPECT_EQ(forge.create_pull(k_draft)->number, 2);
    fs::create_directories(temp / "forge/pulls/17");  // somebody else's, or cut off while it was made
    fs::remove_all(temp / "forge/pulls/2");
    EXPECT_EQ(forge.create_pull(k_draft)->number, 18);
}

TEST_F(DirectoryForgeTest, LabelsAreASet) {
    ASSERT_TRUE(forge.create_pull(k_draft).ok());
    ASSERT_TRUE(forge.add_labels(1, {"b", "a", "b"}).ok());
    ASSERT_TRUE(forge.add_labels(1, {"a", "c"}).ok());
    EXPECT_EQ(record(1)["labels"], json({"b", "a", "c"}));
    ASSERT_TRUE(forge.remove_labels(1, {"a", "unknown"}).ok());
    EXPECT_EQ(record(1)["labels"], json({"b", "c"}));
}

TEST_F(DirectoryForgeTest, CommentsAreFilesAndEditedInPlace) {
    ASSERT_TRUE(forge.create_pull(k_draft).ok());
    EXPECT_EQ(forge.put_comment(1, 0, "first")->id, 1);
    const auto tagged = std::string(comment_tag()) + "\nold";
    EXPECT_EQ(forge.put_comment(1, 0, tagged)->id, 2);
    EXPECT_EQ(forge.put_comment(1, 0, std::string(comment_tag()) + "\nnew")->id, 2);
    EXPECT_EQ(forge.put_comment(1, 1, "FIRST")->id, 1);
    EXPECT_EQ(read_file(temp / "forge/pulls/1/comments/1.md"), "FIRST");
    const auto comments = forge.comments(1);
    ASSERT_TRUE(comments.ok());
    ASSERT_EQ(comments->size(), 2U);
    EXPECT_THAT((*comments)[1].body, HasSubstr("new"));
    EXPECT_FALSE(forge.put_comment(9, 0, "x").ok());
}

TEST_F(DirectoryForgeTest, AttachmentsAreReplacedAndCannotLeaveTheirDirectory) {
    ASSERT_TRUE(forge.create_pull(k_draft).ok());
    const auto first = forge.attach(1, "atlas.log", "one");
    const auto second = forge.attach(1, "atlas.log", std::string("t\0wo", 4));
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_EQ(*first, *second);
    EXPECT_EQ(*first, "file://" + (temp / "forge/pulls/1/attachments/atlas.log").string());
    EXPECT_EQ(read_file(temp / "forge/pulls/1/attachments/atlas.log"), std::string("t\0wo", 4));
    for (const auto* name : {"../../../escape", "/etc/escape", ".hidden", ""})
        ASSERT_TRUE(forge.attach(1, name, "x").ok());
    EXPECT_EQ(names("forge/pulls/1/attachments").size(), 5U);
    EXPECT_THAT(names("."), ElementsAre("forge"));
}

TEST_F(DirectoryForgeTest, StatusesAreReplacedByContext) {
    ASSERT_TRUE(forge.set_status("abcdef01", {"lockstep", "pending", "at work"}, "").ok());
    ASSERT_TRUE(forge.set_status("abcdef01", {"lockstep/atlas", "failure", "broken"}, "https://ci/1").ok());
    ASSERT_TRUE(forge.set_status("abcdef01", {"lockstep", "failure", "1 of 2 hosts"}, "").ok());
    const auto file = json::parse(read_file(temp / "forge/statuses/abcdef01.json"));
    EXPECT_EQ(file["commit"], "abcdef01");
    ASSERT_EQ(file["statuses"].size(), 2U);
    EXPECT_EQ(file["statuses"][1]["state"], "failure");
    for (const auto* commit : {"", "../x", "main", "ABCDEF01"}) {
        const auto refused = forge.set_status(commit, {"lockstep", "success", ""}, "");
        ASSERT_FALSE(refused.ok()) << commit;
        EXPECT_EQ(refused.error().kind, ErrorKind::config);
    }
}

TEST_F(DirectoryForgeTest, ABrokenFileIsNamed) {
    ASSERT_TRUE(forge.create_pull(k_draft).ok());
    for (const auto* content : {"{\"state\": open", "[]", "{}"}) {
        write_file(temp / "forge/pulls/1/pull.json", content);
        const auto pulls = forge.open_pulls("main");
        ASSERT_FALSE(pulls.ok()) << content;
        EXPECT_EQ(pulls.error().kind, ErrorKind::infrastructure);
        EXPECT_THAT(pulls.error().what, HasSubstr("pulls/1/pull.json"));
    }
}

TEST_F(DirectoryForgeTest, ADirectoryThatCannotBeMadeIsAnError) {
    write_file(temp / "file", "");
    DirectoryForge blocked{temp / "file/forge"};
    const auto access = blocked.check_access();
    ASSERT_FALSE(access.ok());
    EXPECT_EQ(access.error().kind, ErrorKind::infrastructure);
    EXPECT_FALSE(blocked.create_pull(k_draft).ok());
}

TEST_F(DirectoryForgeTest, SeveralProcessesGetNumbersOfTheirOwn) {
    constexpr int processes = 4;
    constexpr int each = 5;
    std::vector<pid_t> children;
    for (int child = 0; child < processes; ++child) {
        const pid_t pid = ::fork();
        ASSERT_GE(pid, 0);
        if (pid == 0) {
            DirectoryForge own{temp / "forge"};
            bool good = true;
            for (int i = 0; i < each; ++i) {
                const auto head = "topic-" + std::to_string(child) + "-" + std::to_string(i);
                const auto pull = own.create_pull({"T", "B", head, "main"});
                good = good && pull.ok() && own.add_labels(pull->number, {"x"}).ok();
            }
            // The same pull request from everybody: only one may come of it.
            good = good && own.create_pull(k_draft).ok();
            ::_exit(good ? 0 : 1);
        }
        children.push_back(pid);
    }
    for (const auto pid : children) {
        int status = -1;
        ASSERT_EQ(::waitpid(pid, &status, 0), pid);
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    const auto pulls = forge.open_pulls("main");
    ASSERT_TRUE(pulls.ok());
    std::set<std::string> heads;
    for (const auto& pull : *pulls) heads.insert(pull.head);
    EXPECT_EQ(pulls->size(), static_cast<std::size_t>(processes * each + 1));
    EXPECT_EQ(heads.size(), pulls->size());
    EXPECT_EQ(pulls->back().number, processes * each + 1);
}

TEST_F(DirectoryForgeTest, SaysWhereItIs) {
    EXPECT_EQ(forge.kind(), "directory");
    EXPECT_EQ(DirectoryForge(temp / "with space/ä").repository_url(),
              "file://" + (temp / "with%20space/%C3%A4").string());
    EXPECT_GT(forge.limits()->attachment_bytes, 0U);
}

}  // namespace
}  // namespace lockstep
