// SPDX-License-Identifier: MIT
// A forge on a loopback port: its REST interface in one of three dialects and its git over HTTP, over one state, with a
// real bare repository as the truth about branches. Requests and answers are checked against the forge's own OpenAPI
// document; what does not fit fails the test.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fakes/faults.hpp"
#include "fakes/forge_state.hpp"

namespace lockstep::fakes {

class ForgeApi;
class OpenApi;

enum class ForgeKind { github, gitea, forgejo };

struct ForgeOptions {
    ForgeKind kind = ForgeKind::gitea;
    std::string version{};               ///< "" = 3.17.0, 1.26.3, 15.0.3; also 1.20.6, 16.0.0 (their documents differ)
    std::filesystem::path repository{};  ///< an existing bare repository (test::GitRepo::make_bare)
    std::string owner = "ada", repo = "fleet";
    std::string sub_path{};  ///< "/sub"; Gitea family only
};

/// A request that was received, without its credentials.
struct LoggedCall {
    std::string method, path;  ///< path decoded, sub-path and API mount included
    Pairs query, headers;      ///< no Authorization, see `token_user`
    std::string body;
    std::vector<Part> parts;
    bool authorized = false;  ///< carried some Authorization header
    std::string token_user;   ///< whose known token it was
    int status = 0;           ///< of the answer as sent, 0 while unanswered
};

class FakeForge {
public:
    explicit FakeForge(ForgeOptions options);
    /// Fails the running test for every violation that was not taken.
    ~FakeForge();
    FakeForge(const FakeForge&) = delete;
    FakeForge& operator=(const FakeForge&) = delete;

    [[nodiscard]] std::string web_root() const;                           ///< "http://127.0.0.1:PORT/sub"
    [[nodiscard]] std::string api_base() const;                           ///< web_root + "/api/v1" or "/api/v3"
    [[nodiscard]] std::string clone_url() const;                          ///< web_root + "/ada/fleet.git"
    [[nodiscard]] std::string clone_url(const std::string& token) const;  ///< with user and token in it
    [[nodiscard]] const std::string& kind() const { return kind_; }       ///< "github", "gitea", "forgejo"
    [[nodiscard]] const test::GitRepo& git() const { return git_; }

    /// A token that may do everything.
    [[nodiscard]] std::string token() const { return token_; }
    std::string add_token(const TokenRights& rights, const std::string& user = "bot");

    /// Pushes to `branch` are refused for everybody, as the forge's protection rule would.
    void protect(const std::string& branch);

    /// Reads or changes the whole state under the lock, after bringing it in line with the repository.
    void with_state(const std::function<void(ForgeState&)>& act);
    [[nodiscard]] std::vector<Pull> pulls();
    [[nodiscard]] std::vector<Pull> open_pulls();
    [[nodiscard]] std::vector<std::string> label_names();
    [[nodiscard]] std::vector<std::string> labels_of(std::int64_t pull);
    [[nodiscard]] std::vector<Comment> comments(std::int64_t pull);
    [[nodiscard]] std::vector<Attachment> attachments(std::int64_t pull);
    [[nodiscard]] std::vector<Status> statuses(const std::string& sha);  ///< newest last
    /// Adds a pull request as somebody else would have. Unset numbers, times and ids are filled in.
    std::int64_t add_pull(Pull pull);
    std::int64_t add_label(Label label);
    std::int64_t add_comment(std::int64_t pull, const std::string& body, const std::string& author = "eve");

    [[nodiscard]] Faults& faults() { return faults_; }
    [[nodiscard]] std::vector<LoggedCall> requests() const;  ///< REST and git, in order of arrival
    [[nodiscard]] std::vector<LoggedCall> requests(const std::string& method, const std::string& path_regex) const;

    /// Whether requests are checked at all (the documents are on this machine).
    [[nodiscard]] bool validates() const;
    [[nodiscard]] std::vector<std::string> violations() const;
    /// The same, and forgets them: for tests that provoke them.
    [[nodiscard]] std::vector<std::string> take_violations();

private:
    Reply serve(const Call& call);
    Reply work(const Call& call);
    Reply serve_repository(const Call& call, const std::string& path);
    Reply serve_api(const Call& call, const std::string& path);
    void check(const Call& call, const std::string& path, const Reply& reply);
    [[nodiscard]] std::string without_sub_path(const std::string& path, bool& inside) const;

    ForgeOptions options_;
    std::string kind_, token_;
    std::string url_;  ///< of the server: its threads still ask while it is being destroyed
    test::GitRepo git_;
    std::unique_ptr<ForgeApi> api_;
    std::shared_ptr<const OpenApi> documents_;  ///< nullptr: not on this machine
    Faults faults_;
    mutable std::mutex mutex_;  ///< guards what follows
    ForgeState state_;
    std::vector<LoggedCall> log_;
    std::vector<std::string> violations_;
    std::unique_ptr<class HttpServer> server_;  // last: its threads use the others
};

}  // namespace lockstep::fakes
