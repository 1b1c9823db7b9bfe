// SPDX-License-Identifier: MIT
// git's smart HTTP protocol, answered by the real `git http-backend`. Part of the fake forge, and a server of its own
// for tests of the transport.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "fakes/faults.hpp"
#include "fakes/http_message.hpp"
#include "fakes/http_server.hpp"

namespace lockstep::fakes {

/// Whether a path is one of the three that smart HTTP uses; then the repository's part of it ("/owner/repo.git").
[[nodiscard]] std::optional<std::string> git_repository_path(const std::string& path);
/// Whether the call is part of a push.
[[nodiscard]] bool is_git_push(const Call& call);

/// Runs git http-backend on the bare repository `repository`; `user` becomes REMOTE_USER ("" = anonymous, read only).
[[nodiscard]] Reply serve_git(const Call& call, const std::filesystem::path& repository, const std::string& user);

/// Serves every bare repository below a directory at http://127.0.0.1:PORT/<path>; with `token`, only to those who send
/// it as the password.
class GitHttpServer {
public:
    struct Options {
        std::filesystem::path root;
        std::string token;       ///< "" = open to everybody
        bool read_only = false;  ///< 403 on push
    };
    explicit GitHttpServer(Options options);

    [[nodiscard]] std::string url() const { return server_.url(); }
    [[nodiscard]] std::string url_with_token(
        const std::string& path) const;  ///< "http://user:TOKEN@127.0.0.1:PORT/path"
    [[nodiscard]] Faults& faults() { return faults_; }
    [[nodiscard]] int requests() const { return requests_; }

private:
    Reply serve(const Call& call);

    Options options_;
    Faults faults_;
    std::atomic<int> requests_ = 0;
    HttpServer server_;  // last: its threads use the others
};

/// Answers that every git server gives: 401 with a challenge, 403 and 400 with plain words (git prints them as "remote:
/// …").
[[nodiscard]] Reply git_unauthorized(const std::string& realm, const std::string& words);
[[nodiscard]] Reply git_refusal(int status, const std::string& words);

}  // namespace lockstep::fakes
