// SPDX-License-Identifier: MIT
// The git tests' remote behind smart HTTP, open only to those who send the token.
#pragma once

#include <string>

#include "edges/git_test_bed.hpp"
#include "edges/git_url.hpp"
#include "fakes/git_http.hpp"
#include "lockstep/core/base64.hpp"

namespace lockstep::test {

constexpr const char* k_main = "refs/heads/main";
constexpr const char* k_token = "tok_S3cr3tCanary";

class GitHttpBed : public GitBed {
protected:
    GitHttpBed() : server_({.root = tmp_.path(), .token = k_token}) { use(server_.url() + "/remote.git"); }

    void use(const std::string& url) { checkout_.git({"remote", "set-url", "origin", url}); }
    std::string host() const { return server_.url().substr(std::string("http://").size()); }
    /// The port under test, with the token for `host` ("" = without a token).
    GitRepository with_token(const std::string& host, const std::string& token = k_token) {
        GitSettings settings;
        if (!host.empty()) settings.token = token;
        settings.token_host = host;
        return git(settings);
    }
    Result<RemoteFacts> opened(GitRepository& subject, const std::string& name = "run.git") {
        const auto facts = subject.checkout(checkout_.path());
        if (!facts.ok()) return facts.error();
        return subject.open(*facts, "origin", tmp_ / name);
    }
    /// Fetches, commits and lands: everything that needs to be let in.
    void expect_full_access(GitRepository& subject) {
        ASSERT_OK(opened(subject));
        const auto made = candidate(subject);
        ASSERT_OK(subject.check_push(made.id, "refs/heads/lockstep-probe"));
        const auto outcome = subject.push({k_main, made.id, base_});
        EXPECT_EQ(outcome.state, PushState::done) << outcome.detail;
        EXPECT_EQ(remote_.ref("main"), made.id);
        EXPECT_EQ(remote_.ref("lockstep-probe"), "");
    }
    void global(const std::string& text) { write_file(tmp_ / "home" / ".gitconfig", text); }
    std::string basic(const std::string& token = k_token) const {
        return "AUTHORIZATION: basic " + base64("x-access-token:" + token);
    }
    /// What actions/checkout up to v5 leaves behind.
    void checkout_v4(const std::string& token) {
        checkout_.set_config("http." + server_.url() + "/.extraheader", basic(token));
    }
    /// What actions/checkout from v6 on leaves behind.
    void checkout_v6(const std::string& token) {
        const auto file = tmp_ / "runner-temp" / "git-credentials-1.config";
        write_file(file, "[http \"" + server_.url() + "/\"]\n\textraheader = " + basic(token) + "\n");
        checkout_.set_config("includeIf.gitdir:" + (checkout_.path() / ".git").string() + ".path", file.string());
    }

    fakes::GitHttpServer server_;
};

}  // namespace lockstep::test
