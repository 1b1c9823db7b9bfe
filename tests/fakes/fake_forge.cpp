// SPDX-License-Identifier: MIT
// The server: which part of the forge a request is for, the log, and the judgement on both sides of each exchange.
#include "fakes/fake_forge.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>

#include "fakes/forge_api.hpp"
#include "fakes/git_http.hpp"
#include "fakes/http_server.hpp"
#include "fakes/openapi.hpp"

namespace lockstep::fakes {

namespace {

std::string default_version(ForgeKind kind) {
    if (kind == ForgeKind::github) return "3.17.0";
    return kind == ForgeKind::gitea ? "1.26.3" : "15.0.3";
}

std::unique_ptr<ForgeApi> make_api(const ForgeOptions& options) {
    const auto version = options.version.empty() ? default_version(options.kind) : options.version;
    if (options.kind == ForgeKind::github) return make_github_api(version);
    return make_gitea_api(version, options.kind == ForgeKind::forgejo);
}

std::string word(ForgeKind kind) {
    return kind == ForgeKind::github ? "github" : kind == ForgeKind::gitea ? "gitea" : "forgejo";
}

bool starts_with(const std::string& text, const std::string& start) {
    return text.rfind(start, 0) == 0;
}

}  // namespace

FakeForge::FakeForge(ForgeOptions options)
    : options_(std::move(options)), kind_(word(options_.kind)), git_(options_.repository), api_(make_api(options_)) {
    documents_ = OpenApi::load(api_->document());
    state_.owner = options_.owner;
    state_.repo = options_.repo;
    const auto head = git_.try_git({"symbolic-ref", "--short", "HEAD"}).out;
    state_.default_branch = head.substr(0, head.find('\n'));
    api_->set_defaults(state_);
    token_ = add_token({}, options_.owner);
    const auto [hook, script] = api_->protection_hook();
    git_.set_hook(hook, script);
    server_ = std::make_unique<HttpServer>([this](const Call& call) { return serve(call); });
    url_ = server_->url();
}

FakeForge::~FakeForge() {
    server_.reset();
    for (const auto& violation : violations_) ADD_FAILURE() << kind_ << ": " << violation;
}

std::string FakeForge::web_root() const {
    return url_ + options_.sub_path;
}
std::string FakeForge::api_base() const {
    return web_root() + api_->mount();
}
std::string FakeForge::clone_url() const {
    return web_root() + "/" + options_.owner + "/" + options_.repo + ".git";
}
std::string FakeForge::clone_url(const std::string& token) const {
    auto url = clone_url();
    return url.insert(std::string("http://").size(), "x-access-token:" + token + "@");
}

std::string FakeForge::add_token(const TokenRights& rights, const std::string& user) {
    const std::lock_guard lock(mutex_);
    auto value = api_->make_token(rights.job, state_.next_id());
    state_.tokens.push_back({value, user, rights});
    return value;
}

void FakeForge::protect(const std::string& branch) {
    std::ofstream(git_.path() / "protected", std::ios::app) << branch << '\n';
}

void FakeForge::with_state(const std::function<void(ForgeState&)>& act) {
    const std::lock_guard lock(mutex_);
    state_.follow(git_, api_->detects_merges(state_.settings));
    act(state_);
}

Reply FakeForge::serve(const Call& call) {
    std::size_t index = 0;
    {
        const std::lock_guard lock(mutex_);
        LoggedCall entry{call.method, percent_decode(call.path), call.query, {}, call.body, call.parts, false, "", 0};
        for (const auto& header : call.headers)
            if (header.first != "authorization") entry.headers.push_back(header);
        entry.authorized = !call.header("authorization").empty();
        if (const auto* token = state_.token(api_token(call))) entry.token_user = token->user;
        index = log_.size();
        log_.push_back(std::move(entry));
    }
    auto reply = faults_.serve(call, [this](const Call& real) { return work(real); });
    const std::lock_guard lock(mutex_);
    log_[index].status = reply.status;
    return reply;
}

std::string FakeForge::without_sub_path(const std::string& path, bool& inside) const {
    const auto& sub = options_.sub_path;
    inside = sub.empty() || (starts_with(path, sub) && (path.size() == sub.size() || path[sub.size()] == '/'));
    return inside ? path.substr(sub.size()) : path;
}

Reply FakeForge::work(const Call& call) {
    if (call.headers_named("authorization").size() > 1) return git_refusal(400, "Bad Request");
    bool inside = false;
    const auto path = without_sub_path(call.path, inside);
    if (!inside) return git_refusal(404, "404 page not found");
    if (const auto mount = api_->mount(); starts_with(path, mount + "/"))
        return serve_api(call, path.substr(mount.size()));
    if (const auto other = api_->outside_mount(path)) return serve_api(call, *other);
    if (const auto repository = git_repository_path(path)) return serve_repository(call, *repository);
    // Everything else is a web page: 404 as HTML.
    return {404, {{"Content-Type", "text/html; charset=utf-8"}}, "<!DOCTYPE html><title>Not found</title>", {}};
}

Reply FakeForge::serve_repository(const Call& call, const std::string& path) {
    std::string user = "anonymous";
    {
        const std::lock_guard lock(mutex_);
        const auto wanted = "/" + state_.owner + "/" + state_.repo;
        const auto header = call.header("authorization");
        const auto* token = header.empty() ? nullptr : state_.token(api_token(call));
        if (!header.empty() && token == nullptr) return git_unauthorized(api_->realm(), "Invalid username or token.");
        const bool known = path == wanted || path == wanted + ".git";
        const bool readable = known && (!state_.settings.is_private || (token != nullptr && token->rights.read));
        if (token == nullptr && (!readable || is_git_push(call)))
            return git_unauthorized(api_->realm(), "Authentication required.");
        if (!readable) return git_refusal(404, "Repository not found.");
        if (token != nullptr) user = token->user;
        if (is_git_push(call) && (!token->rights.push || state_.settings.archived))
            return git_refusal(403, api_->push_refusal(state_, user));
    }
    auto relative = call;
    relative.path = path + call.path.substr(call.path.rfind(path) + path.size());
    return serve_git(relative, git_.path(), user);
}

Reply FakeForge::serve_api(const Call& call, const std::string& path) {
    const std::lock_guard lock(mutex_);
    state_.follow(git_, api_->detects_merges(state_.settings));
    const Addresses at{web_root(), api_base(), options_.sub_path + api_->mount()};
    const auto documented = api_->documented_path(path, state_);
    auto reply = api_->serve(call, documented, state_, git_, at);
    if (path != "/forgejo/v1/version") check(call, documented, reply);
    return reply;
}

void FakeForge::check(const Call& call, const std::string& path, const Reply& reply) {
    if (documents_ == nullptr) return;
    const auto add = [&](const std::string& what, const std::vector<std::string>& problems) {
        for (const auto& problem : problems)
            violations_.push_back(what + " " + call.method + " " + path + " (" + std::to_string(reply.status) +
                                  "): " + problem);
    };
    add("request", documents_->check_request(call, path));
    add("answer", documents_->check_reply(call, path, reply));
}

}  // namespace lockstep::fakes
