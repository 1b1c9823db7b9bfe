// SPDX-License-Identifier: MIT
// Labels, comments, attachments and statuses of a forge session: found first, made once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/forge_session.hpp"
#include "app/forge_session_retry.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/scripted_http.hpp"

namespace lockstep {
namespace {

using fakes::ManualClock;
using fakes::ScriptedHttp;
using testing::HasSubstr;

class ForgeSessionParts : public testing::Test {
protected:
    ForgeSession session(std::string_view dialect) {
        for (const auto& row : forge::registry())
            if (row.name == dialect)
                return {row.make({"https://f.example", "https://f.example/api", "acme", "fleet"}),
                        http,
                        clock,
                        "t0ken-of-the-test",
                        {}};
        std::abort();
    }
    std::string tagged(const std::string& text) { return std::string(comment_tag()) + "\n" + text; }
    static std::string quoted(const std::string& text) {
        std::string result = "\"";
        for (const char c : text)
            result += c == '\n' ? std::string("\\n") : c == '"' ? std::string("\\\"") : std::string(1, c);
        return result + "\"";
    }
    std::string comment(int id, const std::string& body) {
        return R"({"id":)" + std::to_string(id) + R"(,"body":)" + quoted(body) + "}";
    }

    ScriptedHttp http;
    ManualClock clock;
};

TEST_F(ForgeSessionParts, UsesLabelsOfRepositoryAndOrganisationAndCreatesTheRest) {
    http.on("GET /fleet/labels?limit=50", 200, R"([{"id":4,"name":"build-failure"}])");
    http.on("GET /orgs/acme/labels?limit=50", 200, R"([{"id":5,"name":"Needs-Review"}])");
    http.on("POST /fleet/labels", 201, R"({"id":6,"name":"third"})");
    http.on("POST /issues/7/labels", 200,
            R"([{"id":4,"name":"build-failure"},{"id":5,"name":"Needs-Review"},{"id":6,"name":"third"}])");
    ASSERT_TRUE(session("gitea").add_labels(7, {"build-failure", "needs-review", "third", "third"}).ok());
    EXPECT_EQ(http.sent.back().body, R"({"labels":[4,5,6,6]})");
}

TEST_F(ForgeSessionParts, ListsThatTellOnlyTheirTotalAreReadToTheEnd) {
    http.on("GET /fleet/labels?limit=50", 200, R"([{"id":4,"name":"a"}])", {{"x-total-count", "3"}});
    http.on("GET /fleet/labels?limit=50&page=2", 200, R"([{"id":5,"name":"b"}])", {{"x-total-count", "3"}});
    http.on("GET /fleet/labels?limit=50&page=3", 200, "null", {{"x-total-count", "3"}});
    http.on("GET /orgs/acme/labels?limit=50", 200, R"([{"id":6,"name":"c"}])", {{"x-total-count", "2"}});
    http.on("GET /orgs/acme/labels?limit=50&page=2", 200, R"([{"id":7,"name":"d"}])", {{"x-total-count", "2"}});
    http.on("POST /issues/7/labels", 200, R"([{"id":5,"name":"b"},{"id":7,"name":"d"}])");
    ASSERT_TRUE(session("gitea").add_labels(7, {"b", "d"}).ok());
    EXPECT_EQ(http.sent.back().body, R"({"labels":[5,7]})");
}

TEST_F(ForgeSessionParts, AUserHasNoLabelsToInherit) {
    for (const int status : {404, 403}) {
        http.on("GET /fleet/labels?limit=50", 200, R"([{"id":4,"name":"a"}])");
        http.on("GET /orgs/acme/labels?limit=50", status);
        http.on("POST /issues/7/labels", 200, R"([{"id":4,"name":"a"}])");
        EXPECT_TRUE(session("gitea").add_labels(7, {"a"}).ok());
    }
}

TEST_F(ForgeSessionParts, ALabelIsCreatedOnceAlthoughTheAnswerWasLost) {
    http.on("GET /fleet/labels?limit=50", 200, "[]");
    http.on("GET /orgs/acme/labels?limit=50", 404);
    http.on("POST /fleet/labels", 502);
    http.on("GET /fleet/labels?limit=50", 200, R"([{"id":4,"name":"a"}])");
    http.on("GET /orgs/acme/labels?limit=50", 404);
    http.on("POST /issues/7/labels", 200, R"([{"id":4,"name":"a"}])");
    EXPECT_TRUE(session("gitea").add_labels(7, {"a"}).ok());
}

TEST_F(ForgeSessionParts, ALabelThatSomebodyElseCreatedMeanwhileIsUsed) {
    http.on("GET /fleet/labels?per_page=100", 200, "[]");
    http.on("POST /fleet/labels", 422, R"({"errors":[{"resource":"Label","code":"already_exists","field":"name"}]})");
    http.on("GET /fleet/labels?per_page=100", 200, R"([{"id":4,"name":"a"}])");
    http.on("POST /issues/7/labels", 200, R"([{"id":4,"name":"a"}])");
    EXPECT_TRUE(session("github").add_labels(7, {"a"}).ok());
}

TEST_F(ForgeSessionParts, LabelsThatAreSilentlyNotSetAreAnError) {
    http.on("GET /fleet/labels?per_page=100", 200, R"([{"id":4,"name":"a"}])");
    http.on("POST /issues/7/labels", 200, "[]");
    const auto added = session("github").add_labels(7, {"a"});
    ASSERT_FALSE(added.ok());
    EXPECT_THAT(added.error().why, HasSubstr("did not set it"));
}

TEST_F(ForgeSessionParts, RemovesWhatIsSetAndIgnoresTheRest) {
    http.on("GET /fleet/labels?per_page=100", 200, R"([{"id":4,"name":"a"},{"id":5,"name":"b"}])");
    http.on("DELETE /issues/7/labels/a", 200, "[]");
    http.on("DELETE /issues/7/labels/b", 404);
    EXPECT_TRUE(session("github").remove_labels(7, {"a", "b", "unknown"}).ok());
    EXPECT_TRUE(session("github").remove_labels(7, {}).ok());
}

TEST_F(ForgeSessionParts, EditsTheTaggedCommentThatIsThere) {
    http.on("GET /issues/7/comments", 200, "[" + comment(1, "chat") + "," + comment(2, tagged("old")) + "]");
    http.on("PATCH /issues/comments/2", 200, comment(2, tagged("new")));
    const auto put = session("gitea").put_comment(7, 0, tagged("new"));
    ASSERT_TRUE(put.ok());
    EXPECT_EQ(put->id, 2);
}

TEST_F(ForgeSessionParts, ACommentIsWrittenOnceAlthoughTheAnswerWasLost) {
    for (int i = 0; i < 2; ++i) http.on("GET /issues/7/comments", 200, "[" + comment(1, "chat") + "]");
    http.on_cut("POST /issues/7/comments");
    http.on("GET /issues/7/comments", 200, "[" + comment(1, "chat") + "," + comment(2, tagged("new")) + "]");
    const auto put = session("gitea").put_comment(7, 0, tagged("new"));
    ASSERT_TRUE(put.ok());
    EXPECT_EQ(put->id, 2);
}

TEST_F(ForgeSessionParts, AnEqualCommentOfEarlierIsNotTakenForTheNewOne) {
    http.on("GET /issues/7/comments", 200, "[" + comment(1, "same") + "]");
    http.on("POST /issues/7/comments", 504);
    http.on("GET /issues/7/comments", 200, "[" + comment(1, "same") + "]");
    http.on("POST /issues/7/comments", 201, comment(2, "same"));
    const auto put = session("gitea").put_comment(7, 0, "same\n");
    ASSERT_TRUE(put.ok());
    EXPECT_EQ(put->id, 2);
}

TEST_F(ForgeSessionParts, ACommentThatIsGoneIsWrittenAnew) {
    http.on("PATCH /issues/comments/5", 404);
    http.on("GET /issues/7/comments", 200, "[]");
    http.on("POST /issues/7/comments", 201, comment(6, "text"));
    const auto put = session("gitea").put_comment(7, 5, "text");
    ASSERT_TRUE(put.ok());
    EXPECT_EQ(put->id, 6);
}

TEST_F(ForgeSessionParts, ReplacesAnAttachmentAfterTheNewOneIsThere) {
    const std::string old = R"({"id":1,"name":"a.gz","browser_download_url":"https://f/1"})";
    const std::string other = R"({"id":2,"name":"b.gz","browser_download_url":"https://f/2"})";
    const std::string fresh = R"({"id":3,"name":"a.gz","browser_download_url":"https://f/3"})";
    http.on("GET /settings/attachment", 200, R"({"enabled":true,"max_size":1})");
    http.on("GET /issues/7/assets", 200, "[" + old + "," + other + "]");
    http.on("POST /issues/7/assets?name=a.gz", 502);
    http.on("GET /issues/7/assets", 200, "[" + old + "," + other + "," + fresh + "]");
    http.on("DELETE /issues/7/assets/1", 204, "");
    const auto url = session("gitea").attach(7, "a.gz", "content");
    ASSERT_TRUE(url.ok());
    EXPECT_EQ(*url, "https://f/3");
}

TEST_F(ForgeSessionParts, LimitsAreAskedForOnceAndRespected) {
    http.on("GET /settings/attachment", 200, R"({"enabled":true,"max_size":1})");
    auto gitea = session("gitea");
    ASSERT_TRUE(gitea.limits().ok());
    EXPECT_EQ(gitea.limits()->attachment_bytes, 1U << 20U);
    EXPECT_FALSE(gitea.attach(7, "a.gz", std::string((1U << 20U) + 1, 'x')).ok());
    const auto none = session("github").attach(7, "a.gz", "x");
    ASSERT_FALSE(none.ok());
    EXPECT_THAT(none.error().why, HasSubstr("does not hold attachments"));
}

TEST_F(ForgeSessionParts, AForgeThatHidesItsLimitsHoldsNoAttachments) {
    http.on("GET /settings/attachment", 403);
    const auto limits = session("gitea").limits();
    ASSERT_TRUE(limits.ok());
    EXPECT_EQ(limits->attachment_bytes, 0U);
}

TEST_F(ForgeSessionParts, AnUnknownCommitIsNotTriedForLong) {
    for (int i = 0; i < 3; ++i) http.on("POST /statuses/abc123", 500, R"({"message":""})");
    const auto status = session("gitea").set_status("abc123", {"lockstep", "success", "ok"}, "");
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().kind, ErrorKind::infrastructure);
    EXPECT_THAT(status.error().hint, HasSubstr("unknown commit"));
}

TEST(ForgeSessionRetry, DatesThatTheClockCannotCountAreNoDates) {
    const auto now = std::chrono::system_clock::time_point(std::chrono::seconds(1'795'226'400));
    for (const char* year : {"094", "1969", "2262", "9999", "99999999"}) {
        HttpResponse response{.status = 503};
        response.headers = {{"retry-after", "Sun, 06 Nov " + std::string(year) + " 08:49:37 GMT"}};
        EXPECT_FALSE(told_wait(response, now)) << year;
    }
}

}  // namespace
}  // namespace lockstep
