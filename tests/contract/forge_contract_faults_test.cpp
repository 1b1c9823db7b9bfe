// SPDX-License-Identifier: MIT
// What the forge port promises when the forge refuses, fails or lies, on every dialect and version.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "contract/forge_contract_fixture.hpp"

namespace lockstep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ForgeFaults : public ForgeContract {
protected:
    std::int64_t open_pull() { return value_of(session().create_pull({"T", "B", "topic", "main"})).number; }
    static std::string text_of(const Error& error) { return error.what + "\n" + error.why + "\n" + error.hint; }
};

INSTANTIATE_TEST_SUITE_P(Versions, ForgeFaults, testing::ValuesIn(forge_versions()), forge_version_name);

TEST_P(ForgeFaults, AWrongTokenIsAMatterOfCredentials) {
    auto forge = session("wrong-t0ken");
    const auto access = forge.check_access();
    ASSERT_FALSE(access.ok());
    EXPECT_EQ(access.error().kind, ErrorKind::credentials);
    EXPECT_THAT(access.error().hint, HasSubstr("token"));
    EXPECT_THAT(text_of(access.error()), Not(HasSubstr("wrong-t0ken")));
    EXPECT_EQ(forge.open_pulls("main").error().kind, ErrorKind::credentials);
    EXPECT_EQ(forge.create_pull({"T", "B", "topic", "main"}).error().kind, ErrorKind::credentials);
    EXPECT_TRUE(clock_.sleeps.empty());
}

TEST_P(ForgeFaults, AReadOnlyTokenIsSeenBeforeItMatters) {
    fakes::TokenRights rights;
    rights.push = rights.pulls = rights.issues = rights.statuses = false;
    const auto token = forge_.add_token(rights, "reader");
    const auto access = session(token).check_access();
    ASSERT_FALSE(access.ok());
    EXPECT_EQ(access.error().kind, ErrorKind::credentials);
    const auto pull = session(token).create_pull({"T", "B", "topic", "main"});
    ASSERT_FALSE(pull.ok());
    EXPECT_EQ(pull.error().kind, ErrorKind::credentials);
    EXPECT_FALSE(pull.error().hint.empty());
}

TEST_P(ForgeFaults, ATokenWithoutIssuesNamesWhatIsMissing) {
    const auto number = open_pull();
    fakes::TokenRights rights;
    rights.issues = false;
    const auto comment = session(forge_.add_token(rights, "half")).put_comment(number, 0, "text");
    ASSERT_FALSE(comment.ok());
    EXPECT_EQ(comment.error().kind, ErrorKind::credentials);
    EXPECT_THAT(comment.error().hint, HasSubstr(is_github() ? "issues: write" : "write:issue"));
}

TEST_P(ForgeFaults, TokensOfJobsPassTheCheck) {
    fakes::TokenRights rights;
    rights.job = true;
    expect_ok(session(forge_.add_token(rights, "job")).check_access());
}

TEST_P(ForgeFaults, NamesTheSettingThatForbidsPullRequests) {
    forge_.with_state([&](fakes::ForgeState& state) {
        state.settings.jobs_may_open_pulls = false;
        state.settings.pulls_enabled = is_github();
    });
    fakes::TokenRights rights;
    rights.job = true;
    const auto pull = session(forge_.add_token(rights, "job")).create_pull({"T", "B", "topic", "main"});
    ASSERT_FALSE(pull.ok());
    EXPECT_EQ(pull.error().kind, ErrorKind::credentials);
    EXPECT_THAT(pull.error().hint, HasSubstr(is_github() ? "Allow GitHub Actions to create and approve pull requests"
                                                         : "pull requests are switched on"));
}

TEST_P(ForgeFaults, AnArchivedRepositoryIsAMatterOfConfiguration) {
    forge_.with_state([](fakes::ForgeState& state) { state.settings.archived = true; });
    const auto access = session().check_access();
    ASSERT_FALSE(access.ok());
    EXPECT_EQ(access.error().kind, ErrorKind::config);
}

TEST_P(ForgeFaults, WorkDoneBehindABadGatewayIsNotDoneTwice) {
    const auto& once = fakes::fault::bad_gateway_after();
    forge_.faults().on("POST", "/pulls$", once);
    const auto number = open_pull();
    EXPECT_EQ(forge_.pulls().size(), 1U);
    forge_.faults().on("POST", "/fleet/labels$", once);
    forge_.faults().on("POST", "/issues/[0-9]+/labels$", once);
    expect_ok(session().add_labels(number, {"build-failure"}));
    EXPECT_THAT(forge_.label_names(), ElementsAre("build-failure"));
    EXPECT_THAT(forge_.labels_of(number), ElementsAre("build-failure"));
    forge_.faults().on("POST", "/comments$", once);
    value_of(session().put_comment(number, 0, std::string(comment_tag()) + "\none"));
    EXPECT_EQ(forge_.comments(number).size(), 1U);
    if (!is_github()) {
        forge_.faults().on("POST", "/assets$", once);
        value_of(session().attach(number, "atlas.log.gz", "content"));
        EXPECT_EQ(forge_.attachments(number).size(), 1U);
    }
    EXPECT_EQ(forge_.faults().applied(), is_github() ? 4 : 5);
}

TEST_P(ForgeFaults, WorkDoneBehindACutConnectionIsNotDoneTwice) {
    for (const std::size_t bytes : {0U, 20U, 400U}) {
        forge_.faults().clear();
        const auto name = "cut-" + std::to_string(bytes);
        branch(name);
        forge_.faults().on("POST", "/pulls$", fakes::fault::cut_after_work(bytes));
        EXPECT_EQ(value_of(session().create_pull({"T", "B", name, "main"})).head, name);
    }
    EXPECT_EQ(forge_.pulls().size(), 3U);
}

TEST_P(ForgeFaults, WorkNotDoneIsDoneInTheEnd) {
    forge_.faults().on("POST", "/pulls$", fakes::fault::bad_gateway_before(), {1, 1});
    forge_.faults().on("POST", "/pulls$", fakes::fault::cut_before(), {2, 1});
    forge_.faults().on("GET", "/pulls$", fakes::fault::bad_gateway_before(503), {2, 1});
    open_pull();
    EXPECT_EQ(forge_.pulls().size(), 1U);
}

TEST_P(ForgeFaults, ASecondRunThatIsFasterIsAdopted) {
    forge_.faults().on("POST", "/pulls$", fakes::fault::second_writer([this] {
                           fakes::Pull pull;
                           pull.title = "theirs";
                           pull.head = "topic";
                           pull.base = "main";
                           forge_.add_pull(pull);
                       }));
    const auto pull = value_of(session().create_pull({"T", "B", "topic", "main"}));
    EXPECT_EQ(pull.title, "theirs");
    EXPECT_EQ(forge_.pulls().size(), 1U);
}

TEST_P(ForgeFaults, RateLimitsAreWaitedForAsLongAsTheForgeSays) {
    forge_.faults().on("GET", "/pulls$", fakes::fault::rate_limited(429, 17));
    EXPECT_TRUE(value_of(session().open_pulls("main")).empty());
    EXPECT_THAT(clock_.sleeps, ElementsAre(std::chrono::seconds(17)));
}

TEST_P(ForgeFaults, AForgeThatStaysDownIsInfrastructure) {
    forge_.faults().on("", ".*", fakes::fault::bad_gateway_before(), {1, 0});
    const auto pulls = session().open_pulls("main");
    ASSERT_FALSE(pulls.ok());
    EXPECT_EQ(pulls.error().kind, ErrorKind::infrastructure);
    EXPECT_THAT(pulls.error().why, HasSubstr("502"));
    EXPECT_FALSE(pulls.error().hint.empty());
}

TEST_P(ForgeFaults, AnswersThatCannotBeReadAreInfrastructure) {
    const auto number = open_pull();
    for (const auto& lie :
         {fakes::fault::html_page(), fakes::fault::invalid_json(), fakes::fault::endless_body(),
          fakes::fault::answer(200, ""), fakes::fault::answer(200, R"({"message":"odd"})"),
          fakes::fault::answer(200, R"([{"number":0}])"), fakes::fault::answer(200, std::string(100000, '['))}) {
        forge_.faults().clear();
        forge_.faults().on("GET", "/pulls$", lie, {1, 0});
        const auto pulls = session().open_pulls("main");
        ASSERT_FALSE(pulls.ok());
        EXPECT_EQ(pulls.error().kind, ErrorKind::infrastructure);
        EXPECT_THAT(pulls.error().what, HasSubstr("list the open pull requests"));
        EXPECT_FALSE(pulls.error().why.empty());
    }
    forge_.faults().clear();
    EXPECT_EQ(value_of(session().open_pulls("main")).at(0).number, number);
    static_cast<void>(forge_.take_violations());  // the lies themselves
}

TEST_P(ForgeFaults, AWrongContentTypeDoesNotMatter) {
    const auto number = open_pull();
    forge_.faults().on("GET", "/pulls$", fakes::fault::wrong_type());
    EXPECT_EQ(value_of(session().open_pulls("main")).at(0).number, number);
}

TEST_P(ForgeFaults, ARedirectIsAMatterOfConfiguration) {
    for (const int status : {301, 302, 307, 308}) {
        forge_.faults().clear();
        forge_.faults().on("", ".*", fakes::fault::redirect(status, "https://elsewhere.example/api"), {1, 0});
        const auto access = session().check_access();
        ASSERT_FALSE(access.ok());
        EXPECT_EQ(access.error().kind, ErrorKind::config);
        EXPECT_THAT(access.error().why, HasSubstr("elsewhere.example"));
        const auto pull = session().create_pull({"T", "B", "topic", "main"});
        ASSERT_FALSE(pull.ok());
        EXPECT_EQ(pull.error().kind, ErrorKind::config);
    }
    EXPECT_TRUE(forge_.pulls().empty());
}

}  // namespace
}  // namespace lockstep
