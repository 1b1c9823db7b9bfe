// SPDX-License-Identifier: MIT
// What the forge port promises, on every dialect of the registry in its oldest and newest version.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "contract/forge_contract_fixture.hpp"

namespace lockstep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

INSTANTIATE_TEST_SUITE_P(Versions, ForgeContract, testing::ValuesIn(forge_versions()), forge_version_name);

const PullDraft k_draft{"flake.lock: Update", "the body", "topic", "main"};

TEST(ForgeContractCoverage, EveryDialectOfTheRegistryIsHere) {
    for (const auto& row : forge::registry()) {
        bool found = false;
        for (const auto& version : forge_versions()) found = found || version.dialect == row.name;
        EXPECT_TRUE(found) << row.name;
    }
}

TEST_P(ForgeContract, OpensAPullRequestAndFindsItAgain) {
    auto forge = session();
    expect_ok(forge.check_access());
    const auto created = value_of(forge.create_pull(k_draft));
    EXPECT_GT(created.number, 0);
    EXPECT_EQ(created.head, "topic");
    EXPECT_EQ(created.base, "main");
    EXPECT_EQ(created.head_sha, repository_.ref("topic"));
    EXPECT_TRUE(created.open && created.same_repo && !created.merged);
    EXPECT_THAT(created.url, HasSubstr("/ada/fleet/pull"));
    const auto found = value_of(forge.open_pulls("main"));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].number, created.number);
    EXPECT_EQ(found[0].title, k_draft.title);
    EXPECT_EQ(found[0].body, k_draft.body);
    EXPECT_TRUE(value_of(forge.open_pulls("other")).empty());
}

TEST_P(ForgeContract, AdoptsThePullRequestOfAnEarlierRun) {
    const auto first = value_of(session().create_pull(k_draft));
    EXPECT_EQ(value_of(session().create_pull(k_draft)).number, first.number);
    EXPECT_EQ(forge_.pulls().size(), 1U);
}

TEST_P(ForgeContract, EditsTitleAndBody) {
    auto forge = session();
    const auto created = value_of(forge.create_pull(k_draft));
    const auto edited = value_of(forge.edit_pull(created.number, "new title", "new \"body\"\nünï"));
    EXPECT_EQ(edited.number, created.number);
    const auto pulls = forge_.pulls();
    ASSERT_EQ(pulls.size(), 1U);
    EXPECT_EQ(pulls[0].title, "new title");
    EXPECT_EQ(pulls[0].body, "new \"body\"\nünï");
}

TEST_P(ForgeContract, CopesWithOddBranchNames) {
    for (const std::string name : {"flake-update/2026-11-21", "ünï/cödé", "a%2Fb#c", "x&y=z+1", "quote\"'"}) {
        branch(name);
        auto forge = session();
        const auto created = value_of(forge.create_pull({"T", "B", name, "main"}));
        EXPECT_EQ(created.head, name);
        EXPECT_EQ(value_of(forge.create_pull({"T", "B", name, "main"})).number, created.number) << name;
    }
    repository_.set_ref("refs/heads/rel/ä#%", repository_.ref("main"));
    EXPECT_EQ(value_of(session().create_pull({"T", "B", "topic", "rel/ä#%"})).base, "rel/ä#%");
    EXPECT_EQ(value_of(session().open_pulls("rel/ä#%")).size(), 1U);
}

TEST_P(ForgeContract, FindsItsPullRequestBehindPagesOfOthers) {
    const auto ours = value_of(session().create_pull(k_draft));
    for (int i = 0; i < 120; ++i) {
        fakes::Pull pull;
        pull.title = "from a fork";
        pull.head = "topic";
        pull.base = "main";
        pull.fork_owner = "eve" + std::to_string(i);
        forge_.add_pull(pull);
    }
    const auto found = value_of(session().open_pulls("main"));
    EXPECT_EQ(found.size(), 121U);
    std::vector<std::int64_t> same;
    for (const auto& pull : found)
        if (pull.same_repo) same.push_back(pull.number);
    EXPECT_THAT(same, ElementsAre(ours.number));
    EXPECT_EQ(value_of(session().create_pull(k_draft)).number, ours.number);
}

TEST_P(ForgeContract, CreatesLabelsOnce) {
    auto forge = session();
    const auto number = value_of(forge.create_pull(k_draft)).number;
    expect_ok(forge.add_labels(number, {"build-failure", "needs-review"}));
    expect_ok(forge.add_labels(number, {"build-failure"}));
    expect_ok(session().add_labels(number, {"needs-review", "third/ä"}));
    EXPECT_THAT(forge_.labels_of(number), UnorderedElementsAre("build-failure", "needs-review", "third/ä"));
    EXPECT_THAT(forge_.label_names(), UnorderedElementsAre("build-failure", "needs-review", "third/ä"));
}

TEST_P(ForgeContract, FindsLabelsOnLaterPagesAndOfTheOrganisation) {
    for (int i = 0; i < 120; ++i) {
        fakes::Label label;
        label.name = "label-" + std::to_string(i);
        forge_.add_label(label);
    }
    fakes::Label shared;
    shared.name = "needs-review";
    shared.of_organisation = !is_github();
    forge_.with_state([&](fakes::ForgeState& state) { state.settings.owner_is_organisation = !is_github(); });
    forge_.add_label(shared);
    auto forge = session();
    const auto number = value_of(forge.create_pull(k_draft)).number;
    expect_ok(forge.add_labels(number, {"label-119", "needs-review"}));
    EXPECT_THAT(forge_.labels_of(number), UnorderedElementsAre("label-119", "needs-review"));
    EXPECT_EQ(forge_.label_names().size(), 121U);
}

TEST_P(ForgeContract, RemovesLabelsAndLeavesOthers) {
    auto forge = session();
    const auto number = value_of(forge.create_pull(k_draft)).number;
    expect_ok(forge.add_labels(number, {"build-failure", "needs-review", "third/ä"}));
    expect_ok(forge.remove_labels(number, {"third/ä", "never-set", "build-failure"}));
    expect_ok(forge.remove_labels(number, {"build-failure"}));
    EXPECT_THAT(forge_.labels_of(number), ElementsAre("needs-review"));
}

TEST_P(ForgeContract, EditsItsCommentInPlace) {
    auto forge = session();
    const auto number = value_of(forge.create_pull(k_draft)).number;
    forge_.add_comment(number, "chat");
    const std::string tag(comment_tag());
    const auto first = value_of(forge.put_comment(number, 0, tag + "\none"));
    const auto second = value_of(forge.put_comment(number, first.id, tag + "\ntwo"));
    const auto third = value_of(session().put_comment(number, 0, tag + "\nthree"));
    EXPECT_EQ(second.id, first.id);
    EXPECT_EQ(third.id, first.id);
    const auto comments = value_of(forge.comments(number));
    ASSERT_EQ(comments.size(), 2U);
    EXPECT_EQ(comments[0].author, "eve");
    EXPECT_EQ(comments[1].body, tag + "\nthree");
}

TEST_P(ForgeContract, FindsItsCommentBehindPagesOfOthers) {
    auto forge = session();
    const auto number = value_of(forge.create_pull(k_draft)).number;
    for (int i = 0; i < 120; ++i) forge_.add_comment(number, "chat " + std::to_string(i));
    const std::string tag(comment_tag());
    const auto first = value_of(forge.put_comment(number, 0, tag + "\none"));
    EXPECT_EQ(value_of(forge.put_comment(number, 0, tag + "\ntwo")).id, first.id);
    EXPECT_EQ(value_of(forge.comments(number)).size(), 121U);
}

TEST_P(ForgeContract, AttachesAndReplaces) {
    auto forge = session();
    const auto number = value_of(forge.create_pull(k_draft)).number;
    const std::string content("\x1f\x8b\0gz\r\n--", 9);
    if (value_of(forge.limits()).attachment_bytes == 0) {
        EXPECT_TRUE(is_github());
        EXPECT_FALSE(forge.attach(number, "atlas.log.gz", content).ok());
        return;
    }
    const auto first = value_of(forge.attach(number, "atlas.log.gz", "old"));
    value_of(forge.attach(number, "other.log.gz", "other"));
    const auto second = value_of(forge.attach(number, "atlas.log.gz", content));
    EXPECT_NE(first, second);
    EXPECT_THAT(second, HasSubstr("http"));
    std::vector<std::pair<std::string, std::string>> held;
    for (const auto& attachment : forge_.attachments(number)) held.emplace_back(attachment.name, attachment.content);
    EXPECT_THAT(held,
                UnorderedElementsAre(testing::Pair("atlas.log.gz", content), testing::Pair("other.log.gz", "other")));
}

TEST_P(ForgeContract, ADisabledAttachmentStoreIsALimitAndNoError) {
    forge_.with_state([](fakes::ForgeState& state) { state.settings.attachments_enabled = false; });
    EXPECT_EQ(value_of(session().limits()).attachment_bytes, 0U);
}

TEST_P(ForgeContract, SetsStatuses) {
    const auto commit = repository_.ref("topic");
    auto forge = session();
    expect_ok(forge.set_status(commit, {"lockstep", "pending", "at work"}, ""));
    expect_ok(forge.set_status(commit, {"lockstep", "failure", "1 of 2 hosts"}, "https://ci.example.org/1"));
    const auto statuses = forge_.statuses(commit);
    ASSERT_EQ(statuses.size(), 2U);
    EXPECT_EQ(statuses[1].state, "failure");
    EXPECT_EQ(statuses[1].context, "lockstep");
    EXPECT_EQ(statuses[1].target_url, "https://ci.example.org/1");
}

TEST_P(ForgeContract, AStatusOfAnUnknownCommitIsAnError) {
    EXPECT_FALSE(session().set_status(std::string(40, 'a'), {"lockstep", "success", "ok"}, "").ok());
}

TEST_P(ForgeContract, SaysWhatItIs) {
    EXPECT_EQ(session().kind(), GetParam().dialect);
    EXPECT_EQ(session().repository_url(), forge_.web_root() + "/ada/fleet");
}

}  // namespace
}  // namespace lockstep
