// SPDX-License-Identifier: MIT
// The fake forge as a server: addresses, access, git, log, faults. What its REST interface answers is in the contract
// tests.
#include "fakes/fake_forge.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "edges/curl_http.hpp"
#include "support/git_fixture.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::fakes {
namespace {

using test::GitRepo;
using test::TempDir;

class FakeForgeServer : public ::testing::TestWithParam<ForgeKind> {
protected:
    FakeForgeServer() { forge_ = make({.kind = GetParam()}); }

    std::unique_ptr<FakeForge> make(ForgeOptions options) {
        options.repository = bare_.path();
        return std::make_unique<FakeForge>(std::move(options));
    }

    HttpResponse send(const std::string& method, const std::string& url, const std::string& token = "",
                      const std::string& body = "") {
        HttpRequest request;
        request.method = method;
        request.url = url;
        request.headers = {{"User-Agent", "test"},
                           {"Accept", "application/vnd.github+json"},
                           {"X-GitHub-Api-Version", "2022-11-28"},
                           {"Content-Type", "application/json"}};
        if (!token.empty()) request.headers.emplace_back("Authorization", "token " + token);
        request.body = body;
        request.timeout = std::chrono::seconds(10);
        auto response = http_->send(request);
        return response ? *response : HttpResponse{};
    }
    [[nodiscard]] std::string repo_api() const { return forge_->api_base() + "/repos/ada/fleet"; }

    TempDir dir_;
    GitRepo bare_ = GitRepo::make_bare(dir_ / "fleet.git");
    std::string base_ = bare_.commit("main", {{"flake.lock", "{}"}});
    std::unique_ptr<HttpClient> http_ = std::make_unique<CurlHttp>();
    std::unique_ptr<FakeForge> forge_;
};

std::string name_of(const ::testing::TestParamInfo<ForgeKind>& info) {
    return info.param == ForgeKind::github ? "github" : info.param == ForgeKind::gitea ? "gitea" : "forgejo";
}
INSTANTIATE_TEST_SUITE_P(Kinds, FakeForgeServer,
                         ::testing::Values(ForgeKind::github, ForgeKind::gitea, ForgeKind::forgejo), name_of);

TEST_P(FakeForgeServer, ServesGitWithTheTokenOnly) {
    const auto clone = GitRepo::clone(forge_->clone_url(forge_->token()), dir_ / "clone");
    const auto next = clone.commit("update", {{"flake.lock", "{ }"}});
    clone.git({"push", "--quiet", "origin", "update"});
    EXPECT_EQ(bare_.ref("update"), next);
    EXPECT_NE(test::run_git(dir_.path(), {"ls-remote", forge_->clone_url()}).status, 0);
    EXPECT_NE(test::run_git(dir_.path(), {"ls-remote", forge_->clone_url("wrong")}).status, 0);
    const auto reader = forge_->add_token({.push = false});
    EXPECT_TRUE(test::run_git(dir_.path(), {"ls-remote", forge_->clone_url(reader)}).ok());
    const auto refused = clone.try_git({"push", forge_->clone_url(reader), "update:other"});
    EXPECT_NE(refused.err.find("403"), std::string::npos) << refused.err;
}

TEST_P(FakeForgeServer, RefusesPushesToProtectedBranches) {
    forge_->protect("main");
    const auto clone = GitRepo::clone(forge_->clone_url(forge_->token()), dir_ / "clone");
    clone.commit("main", {{"flake.lock", "{ }"}});
    const auto refused = clone.try_git({"push", "origin", "main"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_NE(refused.err.find("rotected branch"), std::string::npos) << refused.err;
    EXPECT_EQ(bare_.ref("main"), base_);
    EXPECT_TRUE(clone.try_git({"push", "origin", "main:update"}).ok());
}

TEST_P(FakeForgeServer, OpensAPullRequestThatFollowsItsBranch) {
    const auto first = bare_.commit("update", {{"flake.lock", "1"}});
    bare_.set_ref("refs/heads/update", bare_.make_commit(base_, {{"flake.lock", "1"}}));
    const auto created = send("POST", repo_api() + "/pulls", forge_->token(),
                              R"({"title":"Update","head":"update","base":"main","body":"text"})");
    ASSERT_EQ(created.status, 201) << created.body;
    ASSERT_EQ(forge_->open_pulls().size(), 1U);
    EXPECT_EQ(forge_->open_pulls()[0].head_sha, bare_.ref("update"));
    const auto second = bare_.commit("update", {{"flake.lock", "2"}});
    EXPECT_EQ(forge_->open_pulls()[0].head_sha, second);
    EXPECT_NE(first, second);
    bare_.delete_ref("update");
    EXPECT_TRUE(forge_->open_pulls().empty());
}

TEST_P(FakeForgeServer, KeepsALogWithoutCredentials) {
    send("GET", repo_api() + "?page=1", forge_->token());
    const auto log = forge_->requests("GET", "/repos/ada/fleet$");
    ASSERT_EQ(log.size(), 1U);
    EXPECT_TRUE(log[0].authorized);
    EXPECT_EQ(log[0].token_user, "ada");
    EXPECT_EQ(log[0].status, 200);
    for (const auto& [name, value] : log[0].headers) EXPECT_EQ(value.find(forge_->token()), std::string::npos) << name;
    (void)forge_->take_violations();  // "page" is no parameter of this request
}

TEST_P(FakeForgeServer, ServesBelowASubPath) {
    const auto forge = make({.kind = GetParam(), .sub_path = "/sub"});
    const auto response = send("GET", forge->api_base() + "/repos/ada/fleet", forge->token());
    EXPECT_EQ(response.status, 200);
    EXPECT_NE(response.body.find("/sub/ada/fleet"), std::string::npos);
    EXPECT_TRUE(test::run_git(dir_.path(), {"ls-remote", forge->clone_url(forge->token())}).ok());
    const auto outside = forge->web_root().substr(0, forge->web_root().size() - 4);
    EXPECT_EQ(send("GET", outside + "/api/v1/version").status, 404);
    EXPECT_EQ(send("GET", outside + "/ada/fleet.git/info/refs?service=git-upload-pack").status, 404);
}

TEST_P(FakeForgeServer, AnswersAreLostAfterTheWorkWasDone) {
    bare_.set_ref("refs/heads/update", bare_.make_commit(base_, {{"flake.lock", "1"}}));
    forge_->faults().on("POST", "/pulls$", fault::bad_gateway_after());
    const std::string body = R"({"title":"Update","head":"update","base":"main"})";
    EXPECT_EQ(send("POST", repo_api() + "/pulls", forge_->token(), body).status, 502);
    EXPECT_EQ(forge_->open_pulls().size(), 1U);
    forge_->faults().on("PATCH", "/pulls/1$", fault::bad_gateway_before());
    EXPECT_EQ(send("PATCH", repo_api() + "/pulls/1", forge_->token(), R"({"title":"New"})").status, 502);
    EXPECT_EQ(forge_->open_pulls()[0].title, "Update");
}

TEST_P(FakeForgeServer, ConnectionsAreCutAndBodiesBroken) {
    forge_->faults().on("GET", "/repos/ada/fleet$", fault::cut_before());
    EXPECT_EQ(send("GET", repo_api(), forge_->token()).status, 0);
    forge_->faults().on("GET", "/repos/ada/fleet$", fault::cut_after_work(100));
    EXPECT_EQ(send("GET", repo_api(), forge_->token()).status, 0);
    forge_->faults().on("GET", "/repos/ada/fleet$", fault::html_page());
    EXPECT_EQ(send("GET", repo_api(), forge_->token()).body.substr(0, 6), "<html>");
    forge_->faults().on("GET", "/repos/ada/fleet$", fault::trickle(50, std::chrono::milliseconds(1)));
    EXPECT_EQ(send("GET", repo_api(), forge_->token()).status, 200);
    EXPECT_EQ(forge_->faults().applied(), 4);
}

TEST_P(FakeForgeServer, AnswersAreDistorted) {
    forge_->add_pull({.title = "t", .head = "x", .base = "main", .fork_owner = "eve"});
    const auto pulls = [&](Fault fault) {
        forge_->faults().on("GET", "/pulls$", std::move(fault));
        return send("GET", repo_api() + "/pulls", forge_->token());
    };
    EXPECT_EQ(pulls(fault::wrong_type("text/html")).header("content-type"), "text/html");
    const auto half = pulls(fault::invalid_json());
    EXPECT_EQ(half.status, 200);
    EXPECT_EQ(half.body.front(), '[');
    EXPECT_NE(half.body.back(), ']');
    const auto huge = pulls(fault::huge_list(500)).body;
    EXPECT_GT(huge.size(), 500U * 1000U);
    EXPECT_EQ(pulls(fault::endless_body()).status, 0) << "the client's own limit ends it";
    const auto limited = pulls(fault::rate_limited(403, 7, 4'102'444'800));
    EXPECT_EQ(limited.status, 403);
    EXPECT_EQ(limited.header("retry-after"), "7");
    EXPECT_EQ(limited.header("x-ratelimit-remaining"), "0");
    EXPECT_EQ(pulls(fault::rate_limited()).header("retry-after"), "");
    EXPECT_EQ(pulls(fault::redirect(301, "http://elsewhere/")).header("location"), "http://elsewhere/");
}

TEST_P(FakeForgeServer, ServesSeveralClientsAtOnce) {
    std::vector<std::thread> clients;
    std::atomic<int> good = 0;
    for (int i = 0; i < 6; ++i)
        clients.emplace_back([&] {
            HttpRequest request;
            request.url = repo_api() + "/pulls";
            request.headers = {{"User-Agent", "test"},
                               {"Accept", "application/vnd.github+json"},
                               {"X-GitHub-Api-Version", "2022-11-28"},
                               {"Authorization", "token " + forge_->token()}};
            CurlHttp http;
            for (int j = 0; j < 5; ++j)
                if (const auto response = http.send(request); response && response->status == 200) ++good;
        });
    for (auto& client : clients) client.join();
    EXPECT_EQ(good, 30);
    EXPECT_EQ(forge_->requests("GET", "/pulls$").size(), 30U);
}

TEST_P(FakeForgeServer, HangingAnswersDoNotOutliveTheForge) {
    forge_->faults().on("GET", "/repos/ada/fleet$", fault::hang(20));
    HttpRequest request;
    request.url = repo_api();
    request.timeout = std::chrono::milliseconds(50);
    EXPECT_FALSE(http_->send(request).ok());
    (void)forge_->take_violations();  // a bare request
    forge_.reset();
}

TEST_P(FakeForgeServer, ASecondWriterActsBetweenTwoRequests) {
    std::string theirs;
    forge_->faults().on("GET", "/pulls$", fault::second_writer([&] {
                            theirs = bare_.commit("main", {{"other", "1"}});
                        }));
    EXPECT_EQ(send("GET", repo_api() + "/pulls", forge_->token()).status, 200);
    EXPECT_EQ(bare_.ref("main"), theirs);
}

TEST_P(FakeForgeServer, TokensCanExpireAfterSomeRequests) {
    forge_->faults().on("", "", fault::answer(401, R"({"message":"Bad credentials"})"), {.nth = 2, .times = 0});
    EXPECT_EQ(send("GET", repo_api(), forge_->token()).status, 200);
    EXPECT_EQ(send("GET", repo_api(), forge_->token()).status, 401);
    EXPECT_EQ(send("GET", repo_api(), forge_->token()).status, 401);
}

}  // namespace
}  // namespace lockstep::fakes
