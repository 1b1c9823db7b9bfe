// SPDX-License-Identifier: MIT
// The judge of the fake forge: that it can use all five descriptions, and that it sees what is wrong.
#include "fakes/openapi.hpp"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "edges/curl_http.hpp"
#include "fakes/fake_forge.hpp"
#include "fakes/openapi_document.hpp"
#include "fakes/openapi_schema.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::fakes {
namespace {

using nlohmann::json;

Call call_of(const std::string& method, const std::string& body = "", Pairs query = {}) {
    Call call;
    call.method = method;
    call.query = std::move(query);
    call.body = body;
    call.headers = {{"user-agent", "test"},
                    {"accept", "application/vnd.github+json"},
                    {"x-github-api-version", "2022-11-28"},
                    {"content-type", "application/json"}};
    return call;
}

bool mentions(const std::vector<std::string>& problems, const std::string& words) {
    return std::any_of(problems.begin(), problems.end(),
                       [&](const std::string& problem) { return problem.find(words) != std::string::npos; });
}

class Described : public ::testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        judge_ = OpenApi::load(GetParam());
        if (judge_ == nullptr)
            GTEST_SKIP() << "no " << GetParam() << " in " << OpenApi::folder()
                         << " (LOCKSTEP_OPENAPI_DIR names another place)";
    }
    [[nodiscard]] std::vector<std::string> request(const std::string& path, const Call& call) const {
        return judge_->check_request(call, path);
    }
    std::shared_ptr<const OpenApi> judge_;
};
INSTANTIATE_TEST_SUITE_P(Documents, Described,
                         ::testing::Values("github.json", "gitea.json", "gitea-1.20.json", "forgejo.json",
                                           "forgejo-16.json"),
                         [](const auto& given) {
                             std::string name = given.param;
                             std::replace_if(
                                 name.begin(), name.end(), [](char c) { return c == '.' || c == '-'; }, '_');
                             return name;
                         });

TEST_P(Described, EverySchemaCanBeUsed) {
    EXPECT_EQ(judge_->check_itself(), std::vector<std::string>());
}

TEST_P(Described, SeesWrongRequests) {
    const std::string pulls = "/repos/ada/fleet/pulls", good = R"({"title":"t","head":"h","base":"b","body":"x"})";
    EXPECT_EQ(request(pulls, call_of("POST", good)), std::vector<std::string>());
    EXPECT_TRUE(mentions(request(pulls, call_of("POST", R"({"title":"t","head":"h"})")), "base"));
    EXPECT_FALSE(request(pulls, call_of("POST", R"({"title":"t","head":"h","base":"b","lables":[]})")).empty());
    EXPECT_FALSE(request(pulls, call_of("POST", R"({"title":1,"head":"h","base":"b"})")).empty());
    EXPECT_TRUE(mentions(request(pulls, call_of("POST", "{")), "not JSON"));
    EXPECT_TRUE(mentions(request(pulls, call_of("POST")), "missing"));
    EXPECT_TRUE(mentions(request(pulls, call_of("GET", "", {{"stat", "open"}})), "unknown query parameter stat"));
    EXPECT_TRUE(mentions(request(pulls, call_of("GET", "", {{"state", "opened"}})), "state must not be opened"));
    EXPECT_TRUE(mentions(request(pulls + "/x", call_of("GET")), "must be a number"));
    EXPECT_TRUE(mentions(request("/repos/ada/fleet/pull", call_of("GET")), "no such operation"));
    EXPECT_TRUE(mentions(request("/repos/ada/fleet", call_of("GET", "{}")), "takes no body"));
    auto undeclared = call_of("POST", good);
    undeclared.headers.pop_back();
    EXPECT_TRUE(mentions(request(pulls, undeclared), "not declared as JSON"));
}

TEST_P(Described, SeesWrongAnswers) {
    const auto reply = [](int status, const std::string& body) {
        return Reply{status, {{"Content-Type", "application/json"}}, body, {}};
    };
    const auto check = [&](const std::string& path, const Reply& answer) {
        return judge_->check_reply(call_of("GET"), path, answer);
    };
    const std::string labels = "/repos/ada/fleet/labels";
    EXPECT_TRUE(check(labels, reply(200, "[]")).empty());
    EXPECT_FALSE(check(labels, reply(200, R"([{"id":"one"}])")).empty());
    EXPECT_FALSE(check(labels, reply(200, "{}")).empty());
    EXPECT_FALSE(check(labels, reply(202, "[]")).empty());
    EXPECT_FALSE(check(labels, reply(418, "[]")).empty());
    EXPECT_TRUE(check(labels, reply(418, R"({"message":"no"})")).empty());
    EXPECT_FALSE(check(labels, Reply{200, {{"Content-Type", "text/html"}}, "[]", {}}).empty());
}

TEST(Description, AttachmentsNeedTheFormField) {
    const auto judge = OpenApi::load("gitea.json");
    if (judge == nullptr) GTEST_SKIP() << "no gitea.json in " << OpenApi::folder();
    auto call = call_of("POST");
    call.headers.back().second = "multipart/form-data; boundary=x";
    EXPECT_TRUE(mentions(judge->check_request(call, "/repos/ada/fleet/issues/1/assets"), "lacks attachment"));
    call.parts = {{"attachment", "a.log", "text/plain", "text"}};
    EXPECT_TRUE(judge->check_request(call, "/repos/ada/fleet/issues/1/assets").empty());
}

TEST(OpenApiDocument, MatchesParametersThatHoldSlashes) {
    const std::vector<std::string> several = {"ref", "head"};
    const std::string path_template = "/repos/{owner}/{repo}/commits/{ref}/status";
    const auto values = ApiDocument::match(path_template, "/repos/a/b/commits/heads/x%2Fy/z/status", several);
    ASSERT_TRUE(values);
    EXPECT_EQ(values->at("ref"), "heads/x/y/z");
    EXPECT_FALSE(ApiDocument::match(path_template, "/repos/a/b/commits/status", several));
    EXPECT_FALSE(ApiDocument::match("/repos/{owner}/{repo}", "/repos/a/b/c", several));
    EXPECT_EQ(ApiDocument::match("/x/{head}", "/x/status/1", several)->at("head"), "status/1");
}

TEST(OpenApiDocument, PrefersLiteralSegments) {
    const json none = {{"responses", json::object()}};
    const ApiDocument document(
        json{{"paths", {{"/issues/{id}", {{"get", none}}}, {"/issues/comments", {{"get", none}}}}}});
    EXPECT_EQ(document.find("GET", "/issues/comments")->path, "/issues/comments");
    EXPECT_EQ(document.find("GET", "/issues/7")->path, "/issues/{id}");
    EXPECT_EQ(document.find("POST", "/issues/7"), nullptr);
}

TEST(OpenApiSchema, RewritesNullableAndDropsWhatDoesNotConstrain) {
    const ApiDocument document(
        json{{"paths", json::object()},
             {"definitions", {{"Leaf", {{"type", "string"}, {"nullable", true}, {"format", "uri"}}}}}});
    const json schema = {{"type", "object"},
                         {"description", "words"},
                         {"properties",
                          {{"format", {{"type", "string"}, {"enum", {"a"}}, {"nullable", true}}},
                           {"leaf", {{"$ref", "#/definitions/Leaf"}}}}}};
    const auto result = standalone_schema(document, schema, {.closed = true, .required = {"leaf"}});
    const auto& object = result["allOf"][0];
    EXPECT_EQ(object["properties"]["format"], json({{"type", {"string", "null"}}, {"enum", {"a", nullptr}}}));
    EXPECT_EQ(object["additionalProperties"], false);
    EXPECT_FALSE(object.contains("description"));
    EXPECT_EQ(result["allOf"][1]["required"], json({"leaf"}));
    EXPECT_EQ(result["definitions"]["Leaf"], json({{"type", {"string", "null"}}}));
}

TEST(OpenApiSchema, ForgetsNulls) {
    EXPECT_EQ(without_nulls(json::parse(R"({"a":null,"b":[{"c":null,"d":1}]})")), json::parse(R"({"b":[{"d":1}]})"));
    EXPECT_EQ(without_nulls(nullptr), json::array());
}

TEST(FakeForge, FailsTheTestForUnlawfulRequests) {
    const test::TempDir dir;
    const auto repo = test::GitRepo::make_bare(dir / "r.git");
    repo.commit("main", {{"a", "1"}});
    auto forge = std::make_unique<FakeForge>(ForgeOptions{.kind = ForgeKind::gitea, .repository = repo.path()});
    if (!forge->validates()) GTEST_SKIP() << "no descriptions in " << OpenApi::folder();
    CurlHttp http;
    HttpRequest request;
    request.url = forge->api_base() + "/repos/ada/fleet/pulls?stat=open";
    request.headers = {{"Authorization", "token " + forge->token()}};
    ASSERT_TRUE(http.send(request).ok());
    ASSERT_EQ(forge->violations().size(), 1U);
    EXPECT_NONFATAL_FAILURE(forge.reset(), "unknown query parameter stat");
}

}  // namespace
}  // namespace lockstep::fakes
