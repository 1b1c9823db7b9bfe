// SPDX-License-Identifier: MIT
// What the dialects make of refusals, and where they differ: limits, attachments, tokens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lockstep/adapters/forge_dialect.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::forge {
namespace {

using testing::HasSubstr;

std::unique_ptr<Dialect> make(std::string_view name) {
    for (const auto& row : registry())
        if (row.name == name) return row.make({"https://f.example", "https://f.example/api", "acme", "fleet"});
    return nullptr;
}

HttpResponse recorded(const std::string& file, int status, Headers headers = {}) {
    return {status, std::move(headers), test::read_file(std::string(LOCKSTEP_TEST_DATA) + "/forge/" + file)};
}

HttpRequest request(std::string method, const std::string& path) {
    HttpRequest result;
    result.method = std::move(method);
    result.url = "https://f.example/api/repos/acme/fleet" + path;
    return result;
}

TEST(GitHubWords, TellsWhatExistsFromWhatIsRefused) {
    const auto github = make("github");
    const auto create = request("POST", "/pulls");
    EXPECT_EQ(github->meaning(create, recorded("github/error_pull_exists.json", 422)), Meaning::exists);
    EXPECT_EQ(github->meaning(request("POST", "/labels"), recorded("github/error_already_exists.json", 422)),
              Meaning::exists);
    EXPECT_EQ(github->meaning(create, recorded("github/error_head_invalid.json", 422)), Meaning::retry_later);
    EXPECT_EQ(github->meaning(request("PATCH", "/pulls/3"), recorded("github/error_head_invalid.json", 422)),
              Meaning::refused);
    EXPECT_EQ(
        github->meaning(request("DELETE", "/git/refs/heads/x"), {422, {}, R"({"message":"Reference does not exist"})"}),
        Meaning::absent);
}

TEST(GitHubWords, SeesRateLimitsBehind403) {
    const auto github = make("github");
    const auto get = request("GET", "/pulls");
    EXPECT_EQ(github->meaning(get, recorded("github/error_secondary_limit.json", 403)), Meaning::rate_limited);
    EXPECT_EQ(github->meaning(get, {403, {{"retry-after", "5"}}, "{}"}), Meaning::rate_limited);
    EXPECT_EQ(github->meaning(get, {403, {{"x-ratelimit-remaining", "0"}}, "{}"}), Meaning::rate_limited);
    EXPECT_EQ(github->meaning(get, {403, {{"x-ratelimit-remaining", "17"}}, "{}"}), Meaning::denied);
}

TEST(GitHubWords, NamesThePermissionThatIsMissing) {
    const auto github = make("github");
    const auto refusal = recorded("github/error_integration.json", 403);
    EXPECT_THAT(github->advice(request("POST", "/pulls"), refusal), HasSubstr("pull-requests: write"));
    EXPECT_THAT(github->advice(request("POST", "/statuses/abc"), refusal), HasSubstr("statuses: write"));
    EXPECT_THAT(github->advice(request("POST", "/issues/3/labels"), refusal), HasSubstr("issues: write"));
    EXPECT_THAT(
        github->advice(request("POST", "/pulls"), recorded("github/error_integration.json", 403,
                                                           {{"x-accepted-github-permissions", "pull_requests=write"}})),
        HasSubstr("pull_requests=write"));
    EXPECT_THAT(github->advice(request("POST", "/pulls"), recorded("github/error_actions_not_permitted.json", 403)),
                HasSubstr("Allow GitHub Actions to create and approve pull requests"));
    EXPECT_THAT(github->advice(request("GET", ""), {403, {{"x-github-sso", "required; url=x"}}, "{}"}),
                HasSubstr("single sign-on"));
    EXPECT_THAT(github->advice(request("GET", ""), {401, {}, "{}"}), HasSubstr("expired"));
}

TEST(GitHubWords, AreReadOnOneCleanLine) {
    const auto github = make("github");
    EXPECT_EQ(github->error_text(recorded("github/error_pull_exists.json", 422)),
              "Validation Failed; A pull request already exists for acme:topic.");
    EXPECT_EQ(github->error_text(recorded("github/error_head_invalid.json", 422)),
              "Validation Failed; PullRequest head invalid");
    EXPECT_EQ(github->error_text({500, {}, R"({"message":"a\nb\u001b[31m"})"}), "a b");
    EXPECT_EQ(github->error_text({502, {}, "<html>Bad gateway</html>"}), "");
}

TEST(GitHubWords, TokensOfAppsSayNothingAboutAccess) {
    const auto github = make("github");
    EXPECT_FALSE(github->access_is_told("ghs_abc"));
    EXPECT_TRUE(github->access_is_told("ghp_abc"));
    EXPECT_TRUE(make("gitea")->access_is_told("ghs_abc"));
}

TEST(GitHubWords, CutsStatusDescriptionsByCharacters) {
    std::string description;
    for (int i = 0; i < 150; ++i) description += "ä";
    const auto body = make("github")->set_status("abc", {"c", "error", description}, "").body;
    std::size_t count = 0;
    for (auto at = body.find("ä"); at != std::string::npos; at = body.find("ä", at + 2)) ++count;
    EXPECT_EQ(count, 140U);
    EXPECT_EQ(body.find("target_url"), std::string::npos);
}

TEST(GitHubLimits, AreFixedAndHoldNoAttachments) {
    const auto github = make("github");
    EXPECT_FALSE(github->get_limits().has_value());
    const auto limits = github->parse_limits(nullptr);
    EXPECT_EQ(limits.attachment_bytes, 0U);
    EXPECT_LE(limits.body_bytes, 65'536U);
    EXPECT_EQ(github->pace().write_gap, std::chrono::seconds(1));
}

class GiteaFamily : public testing::TestWithParam<std::string> {
protected:
    std::unique_ptr<Dialect> dialect = make(GetParam());
};

INSTANTIATE_TEST_SUITE_P(Registry, GiteaFamily, testing::Values("gitea", "forgejo"),
                         [](const auto& instance) { return instance.param; });

TEST_P(GiteaFamily, TellsWhatExistsFromWhatIsRefused) {
    const auto create = request("POST", "/pulls");
    EXPECT_EQ(dialect->meaning(create, recorded("gitea/error_pull_exists.json", 409)), Meaning::exists);
    EXPECT_EQ(dialect->meaning(request("PATCH", "/pulls/3"), {409, {}, "{}"}), Meaning::refused);
    EXPECT_EQ(dialect->meaning(create, {405, {}, R"({"message":"Please try again later"})"}), Meaning::retry_later);
    EXPECT_EQ(dialect->meaning(create, {405, {}, "{}"}), Meaning::refused);
    EXPECT_EQ(dialect->meaning(create, {412, {}, "{}"}), Meaning::refused);
    EXPECT_EQ(dialect->meaning(create, {423, {}, "{}"}), Meaning::refused);
    EXPECT_EQ(dialect->meaning(create, {403, {{"retry-after", "5"}}, "{}"}), Meaning::denied);
}

TEST_P(GiteaFamily, NamesTheScopesThatAreMissing) {
    const auto refusal = recorded("gitea/error_scope.json", 403);
    EXPECT_THAT(dialect->error_text(refusal), HasSubstr("write:issue"));
    const auto advice = dialect->advice(request("POST", "/issues/3/comments"), refusal);
    EXPECT_THAT(advice, HasSubstr("write:repository"));
    EXPECT_THAT(advice, HasSubstr("write:issue"));
    EXPECT_THAT(dialect->advice(request("POST", "/statuses/abc"), {500, {}, R"({"message":""})"}),
                HasSubstr("unknown commit"));
    EXPECT_EQ(dialect->error_text(recorded("gitea/error_not_found.json", 404)), "The target couldn't be found.");
}

TEST_P(GiteaFamily, ReadsTheServersLimits) {
    const auto asked = dialect->get_limits();
    ASSERT_TRUE(asked.has_value());
    EXPECT_EQ(asked->url, "https://f.example/api/settings/attachment");
    const auto limits = dialect->parse_limits(nullptr);
    EXPECT_EQ(limits.attachment_bytes, 0U);
    const auto told = recorded("gitea/settings_attachment.json", 200);
    EXPECT_EQ(dialect->parse_limits(&told).attachment_bytes, 4U << 20U);
    EXPECT_TRUE(dialect->parse_limits(&told).zip_like);
}

TEST_P(GiteaFamily, TakesNoAttachmentsWhereTheServerTakesNone) {
    const auto bytes = [&](const std::string& body, int status = 200) {
        const HttpResponse response{status, {}, body};
        return dialect->parse_limits(&response).attachment_bytes;
    };
    EXPECT_EQ(bytes(R"({"enabled":false,"max_size":4})"), 0U);
    EXPECT_EQ(bytes(R"({"enabled":true,"max_size":-1})"), 0U);
    EXPECT_EQ(bytes(R"({"enabled":true,"max_size":4})", 403), 0U);
    EXPECT_EQ(bytes("<html>"), 0U);
    EXPECT_EQ(bytes(R"({"enabled":true,"max_size":9223372036854775807})"), 1ULL << 40U);
    const HttpResponse no_gz{200, {}, R"({"enabled":true,"max_size":4,"allowed_types":".log, .txt"})"};
    EXPECT_FALSE(dialect->parse_limits(&no_gz).zip_like);
    const HttpResponse any{200, {}, R"({"enabled":true,"max_size":4,"allowed_types":""})"};
    EXPECT_TRUE(dialect->parse_limits(&any).zip_like);
}

TEST_P(GiteaFamily, UploadsAsMultipart) {
    const std::string content("\x1f\x8b\0binary\r\n", 11);
    const auto upload = dialect->create_attachment(7, "atlas \"x\".gz", content);
    EXPECT_EQ(upload.method, "POST");
    EXPECT_EQ(upload.url, "https://f.example/api/repos/acme/fleet/issues/7/assets?name=atlas%20%22x%22.gz");
    ASSERT_EQ(upload.headers.size(), 1U);
    const std::string type = "multipart/form-data; boundary=";
    ASSERT_EQ(upload.headers[0].second.substr(0, type.size()), type);
    const auto boundary = upload.headers[0].second.substr(type.size());
    EXPECT_EQ(upload.body, "--" + boundary +
                               "\r\nContent-Disposition: form-data; name=\"attachment\"; filename=\"atlas _x_.gz\"\r\n"
                               "Content-Type: application/octet-stream\r\n\r\n" +
                               content + "\r\n--" + boundary + "--\r\n");
    EXPECT_EQ(content.find(boundary), std::string::npos);
    EXPECT_EQ(dialect->delete_attachment(7, 21).url, "https://f.example/api/repos/acme/fleet/issues/7/assets/21");
}

TEST_P(GiteaFamily, ReadsAttachments) {
    const auto page = dialect->parse_attachments(recorded("gitea/attachments.json", 200));
    ASSERT_TRUE(page.ok());
    ASSERT_EQ(page->items.size(), 1U);
    EXPECT_EQ(page->items[0].id, 21);
    EXPECT_EQ(page->items[0].name, "atlas.log.gz");
    EXPECT_EQ(page->items[0].url, "https://git.example.org/attachments/u-1");
}

TEST(ForgejoWords, ExplainTheJobTokens404) {
    const auto refusal = recorded("forgejo/error_cannot_read.json", 404);
    EXPECT_THAT(make("forgejo")->error_text(refusal), HasSubstr("can't read UnitTypeCode"));
    EXPECT_THAT(make("forgejo")->advice(request("POST", "/pulls"), refusal), HasSubstr("job's own token"));
}

}  // namespace
}  // namespace lockstep::forge
