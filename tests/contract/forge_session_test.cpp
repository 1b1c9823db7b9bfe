// SPDX-License-Identifier: MIT
// The retry rules of a forge session, one by one, with a scripted server and a clock of our own.
#include "app/forge_session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/manual_clock.hpp"
#include "fakes/scripted_http.hpp"

namespace lockstep {
namespace {

using fakes::ManualClock;
using fakes::ScriptedHttp;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;
using testing::Not;

constexpr const char* k_pull =
    R"({"number":7,"state":"open","title":"T","html_url":"https://f/7","head":{"ref":"topic","sha":"a1","repo_id":9,)"
    R"("repo":{"id":9}},"base":{"ref":"main","repo_id":9,"repo":{"id":9}}})";
const std::string k_pulls = "[" + std::string(k_pull) + "]";
const PullDraft k_draft{"T", "B", "topic", "main"};

class ForgeSessionTest : public testing::Test {
protected:
    ForgeSession session(std::string_view dialect, std::string token = "t0ken-of-the-test",
                         ForgeSession::Options options = {}) {
        for (const auto& row : forge::registry())
            if (row.name == dialect)
                return {row.make({"https://f.example", "https://f.example/api", "acme", "fleet"}), http, clock,
                        std::move(token), options};
        std::abort();
    }

    static void expect_error(const Error& error, ErrorKind kind, const std::string& why) {
        EXPECT_EQ(error.kind, kind);
        EXPECT_THAT(error.what, HasSubstr("acme/fleet"));
        EXPECT_THAT(error.why, HasSubstr(why));
        EXPECT_THAT(error.what + error.why + error.hint, Not(HasSubstr("t0ken")));
    }

    ScriptedHttp http;
    ManualClock clock;
};

TEST_F(ForgeSessionTest, AuthenticatesEveryRequestAndBoundsItsTime) {
    http.on("GET /pulls?state=open&limit=50", 200, k_pulls);
    ForgeSession::Options options;
    options.timeout = seconds(7);
    ASSERT_TRUE(session("gitea", "t0ken-of-the-test", options).open_pulls("main").ok());
    EXPECT_THAT(http.sent[0].headers, testing::Contains(testing::Pair("Authorization", "token t0ken-of-the-test")));
    EXPECT_EQ(http.sent[0].timeout, seconds(7));
}

TEST_F(ForgeSessionTest, WaitsLongerEachTimeAndNeverLongerThanTheBudget) {
    for (int i = 0; i < 5; ++i) http.on("GET /pulls?state=open&limit=50", 502, "<html>");
    ForgeSession::Options options;
    options.budget = seconds(30);
    auto pulls = session("gitea", "t0ken-of-the-test", options).open_pulls("main");
    ASSERT_FALSE(pulls.ok());
    expect_error(pulls.error(), ErrorKind::infrastructure, "502");
    EXPECT_THAT(pulls.error().why, HasSubstr("5 tries"));
    ASSERT_EQ(clock.sleeps.size(), 4U);
    for (std::size_t i = 0; i < clock.sleeps.size(); ++i) {
        const auto step = milliseconds(1000) * (1 << i);
        EXPECT_THAT(clock.sleeps[i], AllOf(Ge(step * 3 / 4), Le(step * 5 / 4))) << i;
    }
}

TEST_F(ForgeSessionTest, JitterComesFromTheSeed) {
    const auto sleeps_with = [](std::uint64_t seed) {
        ScriptedHttp script;
        ManualClock time;
        script.on("GET /pulls?state=open&limit=50", 503);
        script.on("GET /pulls?state=open&limit=50", 200, "[]");
        ForgeSession::Options options;
        options.seed = seed;
        auto made = forge::registry()[1].make({"https://f.example", "https://f.example/api", "acme", "fleet"});
        ForgeSession one(std::move(made), script, time, "t0ken", options);
        EXPECT_TRUE(one.open_pulls("main").ok());
        return time.sleeps;
    };
    EXPECT_EQ(sleeps_with(1), sleeps_with(1));
    EXPECT_NE(sleeps_with(1), sleeps_with(2));
}

TEST_F(ForgeSessionTest, HonoursRetryAfterInSecondsAndAsADate) {
    http.on("GET /pulls?state=open&limit=50", 429, "{}", {{"retry-after", "17"}});
    http.on("GET /pulls?state=open&limit=50", 503, "{}", {{"retry-after", "Wed, 18 Nov 2026 10:27:37 GMT"}});
    http.on("GET /pulls?state=open&limit=50", 200, "[]");
    clock.start = std::chrono::system_clock::time_point(seconds(1'794'997'620));  // 10:27:00
    ASSERT_TRUE(session("gitea").open_pulls("main").ok());
    EXPECT_THAT(clock.sleeps, ElementsAre(seconds(17), seconds(20)));
}

TEST_F(ForgeSessionTest, WaitsForTheResetOfAnExhaustedLimit) {
    http.on("GET &per_page=100", 403, R"({"message":"API rate limit exceeded"})",
            {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1795000042"}});
    http.on("GET &per_page=100", 200, "[]");
    ASSERT_TRUE(session("github").open_pulls("main").ok());
    EXPECT_THAT(clock.sleeps, ElementsAre(seconds(42)));
}

TEST_F(ForgeSessionTest, WaitsAMinuteForALimitOfGitHubThatSaysNothing) {
    http.on("GET &per_page=100", 403, R"({"message":"You have exceeded a secondary rate limit"})");
    http.on("GET &per_page=100", 429);
    http.on("GET &per_page=100", 200, "[]");
    ForgeSession::Options options;
    options.budget = seconds(600);
    ASSERT_TRUE(session("github", "t0ken-of-the-test", options).open_pulls("main").ok());
    EXPECT_THAT(clock.sleeps, ElementsAre(Ge(seconds(60)), Ge(seconds(120))));
}

TEST_F(ForgeSessionTest, DoesNotWaitLongerThanItsBudgetForALimit) {
    http.on("GET /pulls?state=open&limit=50", 429, "{}", {{"retry-after", "1800"}});
    auto pulls = session("gitea").open_pulls("main");
    ASSERT_FALSE(pulls.ok());
    expect_error(pulls.error(), ErrorKind::infrastructure, "1800 s");
    EXPECT_TRUE(clock.sleeps.empty());
}

TEST_F(ForgeSessionTest, ForeignWaitingTimesAreBounded) {
    for (const auto* value : {"-5", "99999999999999999999", "soon", "Wed, 99 Foo 2026 10:00:00 GMT"}) {
        http.on("GET /pulls?state=open&limit=50", 503, "{}", {{"retry-after", value}});
        http.on("GET /pulls?state=open&limit=50", 200, "[]");
        clock.sleeps.clear();
        ASSERT_TRUE(session("gitea").open_pulls("main").ok()) << value;
        EXPECT_THAT(clock.sleeps, ElementsAre(Le(milliseconds(1250)))) << value;
    }
}

TEST_F(ForgeSessionTest, AnInterruptedWaitEndsTheStep) {
    clock.interrupted = true;
    http.on_cut("GET /pulls?state=open&limit=50");
    auto pulls = session("gitea").open_pulls("main");
    ASSERT_FALSE(pulls.ok());
    EXPECT_EQ(pulls.error().kind, ErrorKind::interrupted);
}

TEST_F(ForgeSessionTest, RefusalsAreNotRetried) {
    http.on("GET /pulls?state=open&limit=50", 401, R"({"message":"invalid token t0ken-of-the-test"})");
    auto denied = session("gitea").open_pulls("main");
    ASSERT_FALSE(denied.ok());
    expect_error(denied.error(), ErrorKind::credentials, "401: invalid token ***");
    EXPECT_THAT(denied.error().hint, HasSubstr("token"));
    http.on_error("GET /pulls?state=open&limit=50", Error{ErrorKind::config, "no request is sent", "plain", "https"});
    auto unsent = session("gitea").open_pulls("main");
    ASSERT_FALSE(unsent.ok());
    EXPECT_EQ(unsent.error().kind, ErrorKind::config);
    EXPECT_TRUE(clock.sleeps.empty());
}

TEST_F(ForgeSessionTest, ARedirectIsAMatterOfConfiguration) {
    http.on("GET /pulls?state=open&limit=50", 301, "", {{"location", "https://new.example/api/x?access_token=1"}});
    auto moved = session("gitea").open_pulls("main");
    ASSERT_FALSE(moved.ok());
    expect_error(moved.error(), ErrorKind::config, "https://new.example/api/x");
    EXPECT_THAT(moved.error().why, Not(HasSubstr("access_token")));
    EXPECT_THAT(moved.error().hint, HasSubstr("update your configuration"));
}

TEST_F(ForgeSessionTest, ListsThatNeverEndAreAnError) {
    const auto link = Headers{{"link", "<https://f.example/api/repos/acme/fleet/pulls?page=2>; rel=\"next\""}};
    http.on("GET /pulls?state=open&limit=50", 200, "[]", link);
    http.on("GET /pulls?page=2", 200, "[]", link);
    auto pulls = session("gitea").open_pulls("main");
    ASSERT_FALSE(pulls.ok());
    expect_error(pulls.error(), ErrorKind::infrastructure, "does not end");
}

TEST_F(ForgeSessionTest, FiltersListsOnOurSide) {
    const std::string other_base = R"({"number":8,"state":"open","head":{"ref":"x"},"base":{"ref":"next"}})";
    const std::string closed = R"({"number":9,"state":"closed","head":{"ref":"x"},"base":{"ref":"main"}})";
    http.on("GET /pulls?state=open&limit=50", 200, "[" + other_base + "," + closed + "," + k_pull + "," + k_pull + "]");
    const auto pulls = session("gitea").open_pulls("main");
    ASSERT_TRUE(pulls.ok());
    ASSERT_EQ(pulls->size(), 1U);
    EXPECT_EQ((*pulls)[0].number, 7);
}

TEST_F(ForgeSessionTest, AdoptsThePullRequestThatIsThere) {
    http.on("GET /pulls?state=open&limit=50", 200, k_pulls);
    const auto pull = session("gitea").create_pull(k_draft);
    ASSERT_TRUE(pull.ok());
    EXPECT_EQ(pull->number, 7);
}

TEST_F(ForgeSessionTest, DoesNotAdoptAForksBranchOfTheSameName) {
    const std::string fork =
        R"([{"number":6,"state":"open","head":{"ref":"topic","repo_id":77},"base":{"ref":"main","repo_id":9}}])";
    http.on("GET /pulls?state=open&limit=50", 200, fork);
    http.on("POST /pulls", 201, k_pull);
    const auto pull = session("gitea").create_pull(k_draft);
    ASSERT_TRUE(pull.ok());
    EXPECT_EQ(pull->number, 7);
}

TEST_F(ForgeSessionTest, LooksAgainAfterAnUnclearFailureAndAsksOnlyOnceMoreIfNothingIsThere) {
    http.on("GET /pulls?state=open&limit=50", 200, "[]");
    http.on("POST /pulls", 502, "<html>");
    http.on("GET /pulls?state=open&limit=50", 200, "[]");
    http.on_cut("POST /pulls");
    http.on("GET /pulls?state=open&limit=50", 200, k_pulls);
    const auto pull = session("gitea").create_pull(k_draft);
    ASSERT_TRUE(pull.ok());
    EXPECT_EQ(pull->number, 7);
}

TEST_F(ForgeSessionTest, LooksALastTimeWhenTheBudgetIsSpent) {
    ForgeSession::Options options;
    options.budget = milliseconds(0);
    http.on("GET /pulls?state=open&limit=50", 200, "[]");
    http.on("POST /pulls", 502, "<html>");
    http.on("GET /pulls?state=open&limit=50", 200, k_pulls);
    EXPECT_TRUE(session("gitea", "t0ken-of-the-test", options).create_pull(k_draft).ok());
    http.on("GET /pulls?state=open&limit=50", 200, "[]");
    http.on("POST /pulls", 502, "<html>", {{"content-type", "text/html"}});
    http.on("GET /pulls?state=open&limit=50", 200, "[]");
    const auto lost = session("gitea", "t0ken-of-the-test", options).create_pull(k_draft);
    ASSERT_FALSE(lost.ok());
    expect_error(lost.error(), ErrorKind::infrastructure, "502: a web page");
}

TEST_F(ForgeSessionTest, AYesThatNobodyUnderstandsIsNeverAskedAgain) {
    http.on("GET /pulls?state=open&limit=50", 200, "[]");
    http.on("POST /pulls", 201, "<html>ok</html>");
    http.on("GET /pulls?state=open&limit=50", 200, k_pulls);
    EXPECT_TRUE(session("gitea").create_pull(k_draft).ok());
    http.on("GET /pulls?state=open&limit=50", 200, "[]");
    http.on("POST /pulls", 201, "<html>ok</html>");
    http.on("GET /pulls?state=open&limit=50", 200, "[]");
    const auto pull = session("gitea").create_pull(k_draft);
    ASSERT_FALSE(pull.ok());
    expect_error(pull.error(), ErrorKind::infrastructure, "not JSON");
}

TEST_F(ForgeSessionTest, AdoptsAfterALostRace) {
    http.on("GET /pulls?state=open&limit=50", 200, "[]");
    http.on("POST /pulls", 409, R"({"message":"pull request already exists for these targets"})");
    http.on("GET /pulls?state=open&limit=50", 200, k_pulls);
    EXPECT_TRUE(session("gitea").create_pull(k_draft).ok());
    http.on("GET &per_page=100", 200, "[]");
    http.on("POST /pulls", 422,
            R"({"message":"Validation Failed","errors":[{"message":"A pull request already exists"}]})");
    http.on("GET &per_page=100", 200, k_pulls);
    EXPECT_TRUE(session("github").create_pull(k_draft).ok());
}

TEST_F(ForgeSessionTest, ABranchThatWasJustPushedIsTriedAgainTwice) {
    const std::string unknown = R"({"message":"Validation Failed","errors":[{"field":"head","code":"invalid"}]})";
    http.on("GET &per_page=100", 200, "[]");
    for (int i = 0; i < 3; ++i) http.on("POST /pulls", 422, unknown);
    const auto pull = session("github").create_pull(k_draft);
    ASSERT_FALSE(pull.ok());
    expect_error(pull.error(), ErrorKind::infrastructure, "422: Validation Failed; head invalid");
}

TEST_F(ForgeSessionTest, AnotherPullRequestThanAskedForIsAnError) {
    http.on("GET /pulls?state=open&limit=50", 200, "[]");
    http.on("POST /pulls", 201, R"({"number":1,"state":"open","head":{"ref":"other"},"base":{"ref":"main"}})");
    const auto pull = session("gitea").create_pull(k_draft);
    ASSERT_FALSE(pull.ok());
    expect_error(pull.error(), ErrorKind::infrastructure, "number 1");
}

TEST_F(ForgeSessionTest, KeepsASecondBetweenWritesToGitHubOnly) {
    http.on("PATCH /pulls/7", 200, k_pull);
    http.on("PATCH /pulls/7", 200, k_pull);
    auto github = session("github");
    ASSERT_TRUE(github.edit_pull(7, "T", "B").ok());
    ASSERT_TRUE(github.edit_pull(7, "T", "B").ok());
    EXPECT_THAT(clock.sleeps, ElementsAre(seconds(1)));
    clock.sleeps.clear();
    http.on("PATCH /pulls/7", 201, k_pull);
    http.on("PATCH /pulls/7", 201, k_pull);
    auto gitea = session("gitea");
    ASSERT_TRUE(gitea.edit_pull(7, "T", "B").ok());
    ASSERT_TRUE(gitea.edit_pull(7, "T", "B").ok());
    EXPECT_TRUE(clock.sleeps.empty());
}

TEST_F(ForgeSessionTest, ChecksAccess) {
    http.on("GET /repos/acme/fleet", 200, R"({"permissions":{"push":true}})");
    EXPECT_TRUE(session("github").check_access().ok());
    http.on("GET /repos/acme/fleet", 200, R"({"permissions":{"push":false}})");
    EXPECT_EQ(session("github").check_access().error().kind, ErrorKind::credentials);
    http.on("GET /repos/acme/fleet", 200, R"({"permissions":{"push":false}})");
    EXPECT_TRUE(session("github", "ghs_of-an-app").check_access().ok());
    http.on("GET /repos/acme/fleet", 404);
    EXPECT_EQ(session("github").check_access().error().kind, ErrorKind::config);
    EXPECT_EQ(session("github", "").check_access().error().kind, ErrorKind::credentials);
}

TEST_F(ForgeSessionTest, AWriteThatFindsNothingLacksPermission) {
    http.on("PATCH /pulls/7", 404, R"({"message":"Not Found"})");
    const auto edit = session("github").edit_pull(7, "T", "B");
    ASSERT_FALSE(edit.ok());
    expect_error(edit.error(), ErrorKind::credentials, "404: Not Found");
    EXPECT_THAT(edit.error().hint, HasSubstr("pull-requests: write"));
}

}  // namespace
}  // namespace lockstep
