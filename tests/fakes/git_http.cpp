// SPDX-License-Identifier: MIT
// CGI by hand: environment in, header block and body out.
#include "fakes/git_http.hpp"

#include "support/local_process.hpp"

namespace lockstep::fakes {

namespace {

std::string backend() {
    static const std::string path = [] {
        auto result = test::run({"git", "--exec-path"});
        while (!result.out.empty() && result.out.back() == '\n') result.out.pop_back();
        return result.out + "/git-http-backend";
    }();
    return path;
}

Reply from_cgi(const std::string& output) {
    Reply reply;
    auto end = output.find("\r\n\r\n");
    if (end == std::string::npos) return {500, {{"Content-Type", "text/plain"}}, "git http-backend said nothing", {}};
    for (std::size_t at = 0; at < end;) {
        const auto stop = output.find("\r\n", at);
        const auto line = output.substr(at, stop - at);
        const auto colon = line.find(": ");
        at = stop + 2;
        if (colon == std::string::npos) continue;
        if (line.substr(0, colon) == "Status")
            reply.status = std::stoi(line.substr(colon + 2));
        else
            reply.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    }
    reply.body = output.substr(end + 4);
    return reply;
}

bool ends_with(const std::string& text, const std::string& end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

std::optional<std::string> git_repository_path(const std::string& path) {
    for (const std::string end : {"/info/refs", "/git-upload-pack", "/git-receive-pack"})
        if (ends_with(path, end)) return path.substr(0, path.size() - end.size());
    return std::nullopt;
}

bool is_git_push(const Call& call) {
    return ends_with(call.path, "/git-receive-pack") || call.parameter("service") == "git-receive-pack";
}

Reply serve_git(const Call& call, const std::filesystem::path& repository, const std::string& user) {
    const auto served = git_repository_path(call.path);
    if (!served) return git_refusal(404, "not a git address");
    const test::Env env = {
        {"PATH", "/usr/local/bin:/usr/bin:/bin"},
        {"HOME", "/nonexistent"},
        {"LC_ALL", "C"},
        {"GIT_CONFIG_GLOBAL", "/dev/null"},
        {"GIT_CONFIG_NOSYSTEM", "1"},
        {"GIT_PROJECT_ROOT", repository.parent_path().string()},
        {"GIT_HTTP_EXPORT_ALL", "1"},
        {"PATH_INFO", "/" + repository.filename().string() + call.path.substr(served->size())},
        {"REQUEST_METHOD", call.method},
        {"QUERY_STRING", call.raw_query},
        {"CONTENT_TYPE", call.header("content-type")},
        {"CONTENT_LENGTH", std::to_string(call.body.size())},
        {"HTTP_GIT_PROTOCOL", call.header("git-protocol")},
        {"GIT_PROTOCOL", call.header("git-protocol")},
        {"REMOTE_ADDR", "127.0.0.1"},
        {"REMOTE_USER", user},
    };
    const auto result = test::run({backend()}, {.env = env, .clean_env = true, .input = call.body});
    return from_cgi(result.out);
}

Reply git_unauthorized(const std::string& realm, const std::string& words) {
    return {401, {{"WWW-Authenticate", "Basic realm=\"" + realm + "\""}, {"Content-Type", "text/plain"}}, words, {}};
}

Reply git_refusal(int status, const std::string& words) {
    return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, words, {}};
}

GitHttpServer::GitHttpServer(Options options)
    : options_(std::move(options)), server_([this](const Call& call) {
          ++requests_;
          return faults_.serve(call, [this](const Call& real) { return serve(real); });
      }) {}

std::string GitHttpServer::url_with_token(const std::string& path) const {
    return "http://user:" + options_.token + "@" + server_.url().substr(std::string("http://").size()) + "/" + path;
}

Reply GitHttpServer::serve(const Call& call) {
    const auto authorizations = call.headers_named("authorization");
    if (authorizations.size() > 1) return git_refusal(400, "Bad Request: two Authorization headers");
    const auto credentials = authorizations.empty() ? std::nullopt : basic_credentials(authorizations.front());
    if (!options_.token.empty() && (!credentials || credentials->second != options_.token))
        return git_unauthorized("git", "Invalid username or token.");
    if (options_.read_only && is_git_push(call)) return git_refusal(403, "Write access to repository not granted.");
    const auto path = git_repository_path(call.path);
    const auto segments = path ? path_segments(percent_decode(*path)) : std::vector<std::string>{};
    auto repository = options_.root;
    for (const auto& segment : segments) {
        if (segment == "..") return git_refusal(400, "Bad Request");
        repository /= segment;
    }
    if (segments.empty() || !std::filesystem::exists(repository / "HEAD"))
        return git_refusal(404, "Repository not found.");
    return serve_git(call, repository, credentials ? credentials->first : "anonymous");
}

}  // namespace lockstep::fakes
