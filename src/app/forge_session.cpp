// SPDX-License-Identifier: MIT
// Access, limits and pull requests, once for all dialects.
#include "app/forge_session.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "app/forge_session_once.hpp"

namespace lockstep {

using forge::Dialect;
using forge::Meaning;

ForgeSession::ForgeSession(std::unique_ptr<Dialect> dialect, HttpClient& http, Clock& clock, std::string token,
                           Options options)
    : dialect_(std::move(dialect)),
      has_token_(!token.empty()),
      access_is_told_(dialect_->access_is_told(token)),
      exchange_(*dialect_, http, clock, std::move(token), options) {}

std::string ForgeSession::kind() const {
    return dialect_->name();
}

std::string ForgeSession::repository_url() const {
    const auto& where = dialect_->location();
    return where.web + "/" + where.owner + "/" + where.repo;
}

Result<void> ForgeSession::check_access() {
    exchange_.begin("get access to the forge");
    if (!has_token_)
        return exchange_.during_step({ErrorKind::credentials, "", "no token is configured",
                                      "name a file with --token-file, or set the runner's token variable"});
    const auto request = dialect_->get_repository();
    LOCKSTEP_TRY(const auto tried, exchange_.settle(request));
    if (tried.meaning == Meaning::absent) {
        auto error = exchange_.failure(request, tried);
        error.kind = ErrorKind::config;
        error.hint =
            "check the address of the git remote and forge.url; a private repository looks like this too when "
            "the token may not read it";
        return error;
    }
    if (tried.meaning != Meaning::ok) return exchange_.failure(request, tried);
    if (!access_is_told_) return {};
    if (auto access = dialect_->parse_access(tried.response); !access)
        return exchange_.during_step(std::move(access).error());
    return {};
}

Result<ForgeLimits> ForgeSession::limits() {
    if (limits_) return *limits_;
    exchange_.begin("read the forge's limits");
    const auto request = dialect_->get_limits();
    if (!request) {
        limits_ = dialect_->parse_limits(nullptr);
        return *limits_;
    }
    LOCKSTEP_TRY(const auto tried, exchange_.settle(*request));
    if (tried.meaning == Meaning::moved) return exchange_.failure(*request, tried);
    limits_ = dialect_->parse_limits(&tried.response);
    return *limits_;
}

Result<std::vector<PullRequest>> ForgeSession::list_pulls(const std::string& base) {
    const auto page = [&](const std::string& url) { return dialect_->list_pulls(base, url); };
    LOCKSTEP_TRY(auto pulls, all_pages<PullRequest>(page(""), page, &Dialect::parse_pulls));
    // Pages shift while they are read, so a pull request may come twice; not every forge filters by base.
    std::vector<PullRequest> open;
    for (auto& pull : pulls) {
        const auto known = [&](const PullRequest& other) { return other.number == pull.number; };
        if (pull.open && pull.base == base && std::none_of(open.begin(), open.end(), known))
            open.push_back(std::move(pull));
    }
    return open;
}

Result<std::vector<PullRequest>> ForgeSession::open_pulls(const std::string& base) {
    exchange_.begin("list the open pull requests");
    return list_pulls(base);
}

Result<PullRequest> ForgeSession::create_pull(const PullDraft& draft) {
    exchange_.begin("open a pull request");
    const auto find = [&]() -> Found<PullRequest> {
        LOCKSTEP_TRY(auto pulls, list_pulls(draft.base));
        for (auto& pull : pulls)
            if (pull.head == draft.head && pull.same_repo) return std::optional(std::move(pull));
        return std::optional<PullRequest>();
    };
    LOCKSTEP_TRY(auto present, find());
    if (present) return std::move(*present);
    LOCKSTEP_TRY(auto pull, create_once<PullRequest>(dialect_->create_pull(draft), &Dialect::parse_pull, find));
    if (pull.head == draft.head && pull.base == draft.base) return pull;
    return exchange_.during_step({ErrorKind::infrastructure, "the forge opened another pull request than asked for",
                                  fmt::format("number {}", pull.number), "look at it on the forge, and close it"});
}

Result<PullRequest> ForgeSession::edit_pull(std::int64_t number, const std::string& title, const std::string& body) {
    exchange_.begin(fmt::format("edit pull request {}", number));
    LOCKSTEP_TRY(const auto response, exchange_.expect(dialect_->edit_pull(number, title, body)));
    return read(response, &Dialect::parse_pull);
}

}  // namespace lockstep
