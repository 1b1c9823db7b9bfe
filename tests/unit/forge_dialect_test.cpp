// SPDX-License-Identifier: MIT
// Every dialect of the registry: the bytes of its requests, and how it reads recorded answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lockstep/adapters/forge_dialect.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::forge {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

std::unique_ptr<Dialect> make(std::string_view name) {
    const std::string api = name == "github" ? "https://api.github.com" : "https://git.example.org/api/v1";
    const std::string web = name == "github" ? "https://github.com" : "https://git.example.org";
    for (const auto& row : registry())
        if (row.name == name) return row.make({web, api, "acme", "fleet"});
    return nullptr;
}

HttpResponse recorded(std::string_view dialect, const std::string& file, int status = 200, Headers headers = {}) {
    const auto path = std::string(LOCKSTEP_TEST_DATA) + "/forge/" + std::string(dialect) + "/" + file;
    auto body = test::read_file(path);
    EXPECT_FALSE(body.empty()) << path;
    return {status, std::move(headers), std::move(body)};
}

class EveryDialect : public testing::TestWithParam<std::string> {
protected:
    std::string name = GetParam();
    bool github = name == "github";
    std::unique_ptr<Dialect> dialect = make(name);
    std::string repository = dialect->location().api + "/repos/acme/fleet";
};

INSTANTIATE_TEST_SUITE_P(Registry, EveryDialect, testing::Values("github", "gitea", "forgejo"),
                         [](const auto& instance) { return instance.param; });

TEST_P(EveryDialect, ReadsAListOfPullRequests) {
    const auto next = repository + "/pulls?state=open&page=2";
    const auto page = dialect->parse_pulls(recorded(
        name, "pulls.json", 200, {{"link", "<https://x/?page=9>; rel=\"last\", <" + next + ">; rel=\"next\""}}));
    ASSERT_TRUE(page.ok()) << page.error().why;
    EXPECT_EQ(page->next, next);
    ASSERT_EQ(page->items.size(), 2U);
    const auto& ours = page->items[0];
    EXPECT_EQ(ours.number, 3);
    EXPECT_EQ(ours.head, "flake-update/2026-11-20");
    EXPECT_EQ(ours.base, "main");
    EXPECT_EQ(ours.title, "Update 3");
    EXPECT_EQ(ours.body, "text");
    EXPECT_EQ(ours.head_sha, "0000000000000000000000000000000000000003");
    EXPECT_THAT(ours.url, HasSubstr("/acme/fleet/pull"));
    EXPECT_TRUE(ours.open && ours.same_repo && !ours.merged);
    EXPECT_FALSE(page->items[1].same_repo);
    EXPECT_EQ(page->items[1].body, "");
}

TEST_P(EveryDialect, ReadsOddBranchNames) {
    const auto pull = dialect->parse_pull(recorded(name, "pull.json", 201));
    ASSERT_TRUE(pull.ok());
    EXPECT_EQ(pull->head, "flake-update/ä#%");
}

TEST_P(EveryDialect, ReadsLabelsAndComments) {
    const auto labels = dialect->parse_labels(recorded(name, "labels.json"));
    ASSERT_TRUE(labels.ok());
    ASSERT_EQ(labels->items.size(), 2U);
    EXPECT_EQ(labels->items[0].name, "build-failure");
    EXPECT_GT(labels->items[0].id, 0);
    EXPECT_EQ(labels->next, "");
    const auto comments = dialect->parse_comments(recorded(name, "comments.json"));
    ASSERT_TRUE(comments.ok());
    EXPECT_EQ(comments->items[0].id, 11);
    EXPECT_EQ(comments->items[0].author, "ann");
    EXPECT_EQ(comments->items[1].author, "");
}

TEST_P(EveryDialect, SendsTheTokenOnlyInOneHeader) {
    const auto headers = dialect->auth("s3cret");
    EXPECT_THAT(headers, Contains(Pair("Authorization", github ? "Bearer s3cret" : "token s3cret")));
    EXPECT_THAT(headers, Contains(Pair("User-Agent", Not(""))));
    EXPECT_THAT(dialect->auth(""), Not(Contains(Pair("Authorization", testing::_))));
}

TEST_P(EveryDialect, WritesPullRequests) {
    const auto create = dialect->create_pull({"T \"x\"", "line\nline", "flake-update/ä#%", "main"});
    EXPECT_EQ(create.method, "POST");
    EXPECT_EQ(create.url, repository + "/pulls");
    EXPECT_THAT(create.headers, Contains(Pair("Content-Type", "application/json")));
    EXPECT_EQ(create.body, R"({"base":"main","body":"line\nline","head":"flake-update/ä#%","title":"T \"x\""})");
    const auto edit = dialect->edit_pull(7, "T", "B");
    EXPECT_EQ(edit.method, "PATCH");
    EXPECT_EQ(edit.url, repository + "/pulls/7");
    EXPECT_EQ(edit.body, R"({"body":"B","title":"T"})");
}

TEST_P(EveryDialect, ReplacesBytesThatAreNotText) {
    EXPECT_EQ(dialect
                  ->create_comment(7,
                                   "a\xff"
                                   "b")
                  .body,
              "{\"body\":\"a\xEF\xBF\xBD"
              "b\"}");
}

TEST_P(EveryDialect, WritesComments) {
    const auto create = dialect->create_comment(7, "hello");
    EXPECT_EQ(create.method, "POST");
    EXPECT_EQ(create.url, repository + "/issues/7/comments");
    EXPECT_EQ(create.body, R"({"body":"hello"})");
    const auto edit = dialect->edit_comment(12, "hello");
    EXPECT_EQ(edit.method, "PATCH");
    EXPECT_EQ(edit.url, repository + "/issues/comments/12");
}

TEST_P(EveryDialect, WritesLabelsByItsOwnMeans) {
    const auto create = dialect->create_label("build-failure");
    EXPECT_EQ(create.url, repository + "/labels");
    EXPECT_EQ(create.body, github ? R"({"color":"d73a4a","name":"build-failure"})"
                                  : R"({"color":"#d73a4a","name":"build-failure"})");
    const auto add = dialect->add_labels(7, {{4, "a/b"}, {9, "c"}});
    EXPECT_EQ(add.method, "POST");
    EXPECT_EQ(add.url, repository + "/issues/7/labels");
    EXPECT_EQ(add.body, github ? R"({"labels":["a/b","c"]})" : R"({"labels":[4,9]})");
    const auto remove = dialect->remove_label(7, {4, "a/b ä"});
    EXPECT_EQ(remove.method, "DELETE");
    EXPECT_EQ(remove.url, repository + "/issues/7/labels/" + (github ? "a%2Fb%20%C3%A4" : "4"));
}

TEST_P(EveryDialect, ListsContinueWhereTheForgeSays) {
    EXPECT_EQ(dialect->list_pulls("release/ä&x", "").url,
              github ? repository + "/pulls?state=open&base=release%2F%C3%A4%26x&per_page=100"
                     : repository + "/pulls?state=open&limit=50");
    EXPECT_EQ(dialect->list_pulls("main", repository + "/pulls?page=2").url, repository + "/pulls?page=2");
    EXPECT_EQ(dialect->list_labels("").method, "GET");
    EXPECT_EQ(dialect->list_inherited_labels().has_value(), !github);
}

TEST_P(EveryDialect, CountsPagesOnlyWhereTheForgeNamesNone) {
    const auto first = dialect->list_labels("").url;
    EXPECT_EQ(dialect->numbered_page(first, 2), github ? "" : first + "&page=2");
    EXPECT_EQ(dialect->numbered_page(dialect->list_comments(7, "").url, 2), "");
    EXPECT_EQ(dialect->parse_labels({200, {{"x-total-count", "120"}}, "[]"})->total, 120U);
    EXPECT_EQ(dialect->parse_labels({200, {{"x-total-count", "-1"}}, "[]"})->total, 0U);
    EXPECT_EQ(dialect->parse_labels({200, {}, "[]"})->total, 0U);
}

TEST_P(EveryDialect, SetsStatuses) {
    const auto request = dialect->set_status("abc123", {"lockstep/atlas", "failure", "1 host failed"}, "https://ci/1");
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.url, repository + "/statuses/abc123");
    EXPECT_EQ(request.body, R"({"context":"lockstep/atlas","description":"1 host failed","state":"failure",)"
                            R"("target_url":"https://ci/1"})");
}

TEST_P(EveryDialect, DoesNotCarryTheTokenToAnotherAddress) {
    for (const std::string next :
         {"https://evil.example/api?page=2", "http://git.example.org/api/v1?page=2", "https://git.example.org:8443/x",
          "https://git.example.org@evil.example/x", "//evil.example/x", "https://git.example.org\\@evil.example/x"}) {
        const auto page = dialect->parse_pulls({200, {{"link", "<" + next + ">; rel=\"next\""}}, "[]"});
        ASSERT_FALSE(page.ok()) << next;
        EXPECT_EQ(page.error().kind, ErrorKind::infrastructure);
        EXPECT_THAT(page.error().hint, HasSubstr("forge.url"));
    }
}

TEST_P(EveryDialect, UnderstandsLinksInAllTheirForms) {
    const auto at = [&](const std::string& link) {
        const auto page = dialect->parse_pulls({200, {{"link", link}}, "[]"});
        return page.ok() ? page->next : "error: " + page.error().why;
    };
    const auto home = dialect->location().api;
    EXPECT_EQ(at("</x?page=2>; rel=next"), home.substr(0, home.find('/', 8)) + "/x?page=2");
    EXPECT_EQ(at("<" + home + "/a?b=1,2>; title=\"x\"; REL=\"prev next\""), home + "/a?b=1,2");
    EXPECT_EQ(at("<" + home + "/a>; rel=\"prev\", <" + home + "/b>; rel=\"last\""), "");
    EXPECT_EQ(at("<" + home + "/never closed"), "");
}

TEST_P(EveryDialect, RefusesAnswersItCannotTrust) {
    const std::string deep(65, '[');
    for (const std::string& body :
         {std::string("<html>login</html>"), std::string(), std::string("{\"number\":"), deep + std::string(65, ']'),
          std::string("\"text\""), std::string(R"({"number":-1})"), std::string(R"({"number":"7"})"),
          std::string(R"({"number":18446744073709551615})"), std::string("[]")}) {
        const auto pull = dialect->parse_pull({200, {{"content-type", "text/html"}}, body});
        ASSERT_FALSE(pull.ok()) << body;
        EXPECT_EQ(pull.error().kind, ErrorKind::infrastructure);
        EXPECT_FALSE(pull.error().why.empty());
    }
    EXPECT_FALSE(dialect->parse_pulls({200, {}, R"({"message":"x"})"}).ok());
    EXPECT_FALSE(dialect->parse_pulls({200, {}, R"([{"title":"no number"}])"}).ok());
    EXPECT_FALSE(dialect->parse_labels({200, {}, R"([{"id":1}])"}).ok());
    EXPECT_FALSE(dialect->parse_comments({200, {}, R"([{"body":"no id"}])"}).ok());
}

TEST_P(EveryDialect, ReadsNullAnywhere) {
    EXPECT_TRUE(dialect->parse_pulls({200, {}, "null"})->items.empty());
    EXPECT_TRUE(dialect->parse_pulls({200, {}, "[null]"})->items.empty());
    const auto pull = dialect->parse_pull(
        {200, {}, R"({"number":7,"title":null,"body":null,"head":null,"base":null,"labels":null,"state":null})"});
    ASSERT_TRUE(pull.ok());
    EXPECT_EQ(pull->number, 7);
    EXPECT_FALSE(pull->open);
    EXPECT_FALSE(pull->same_repo);
}

TEST_P(EveryDialect, SixtyFourLevelsAreReadableAndBracketsInTextDoNotCount) {
    const auto nested = R"({"number":7,"x":)" + std::string(63, '[') + std::string(63, ']') + "}";
    EXPECT_TRUE(dialect->parse_pull({200, {}, nested}).ok());
    const auto deeper = R"({"number":7,"x":)" + std::string(64, '[') + std::string(64, ']') + "}";
    EXPECT_THAT(dialect->parse_pull({200, {}, deeper}).error().why, HasSubstr("deeper than 64 levels"));
    const auto text = R"({"number":7,"title":"\")" + std::string(200, '[') + "\"}";
    EXPECT_TRUE(dialect->parse_pull({200, {}, text}).ok());
}

TEST_P(EveryDialect, ChecksAccess) {
    EXPECT_TRUE(dialect->parse_access(recorded(name, "repository.json")).ok());
    for (const std::string body : {R"({"permissions":{"push":false,"pull":true}})", R"({"permissions":null})", "{}"}) {
        const auto access = dialect->parse_access({200, {}, body});
        ASSERT_FALSE(access.ok()) << body;
        EXPECT_EQ(access.error().kind, ErrorKind::credentials);
    }
    const auto archived = dialect->parse_access({200, {}, R"({"archived":true,"permissions":{"push":true}})"});
    ASSERT_FALSE(archived.ok());
    EXPECT_EQ(archived.error().kind, ErrorKind::config);
    EXPECT_THAT(archived.error().why, HasSubstr("archived"));
}

TEST_P(EveryDialect, TellsAnswersApart) {
    const HttpRequest post{"POST", repository + "/pulls", {}, "", {}, 0};
    const auto of = [&](int status, Headers headers = {}) { return dialect->meaning(post, {status, headers, "{}"}); };
    EXPECT_EQ(of(200), Meaning::ok);
    EXPECT_EQ(of(201), Meaning::ok);
    EXPECT_EQ(of(204), Meaning::ok);
    for (const int status : {301, 302, 307, 308}) EXPECT_EQ(of(status), Meaning::moved);
    EXPECT_EQ(of(401), Meaning::denied);
    EXPECT_EQ(of(403), Meaning::denied);
    EXPECT_EQ(of(404), Meaning::absent);
    EXPECT_EQ(of(422), Meaning::refused);
    EXPECT_EQ(of(429), Meaning::rate_limited);
    for (const int status : {408, 500, 502, 503, 504}) EXPECT_EQ(of(status), Meaning::retry_later);
}

}  // namespace
}  // namespace lockstep::forge
