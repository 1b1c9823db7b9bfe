// SPDX-License-Identifier: MIT
// One place for retries, so that every operation of every dialect waits in the same way.
#include "app/forge_session_exchange.hpp"

#include <fmt/format.h>

#include "app/forge_session_retry.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

using forge::Meaning;
using std::chrono::milliseconds;

namespace {

/// Answers that are more often lasting than passing get few tries: 500 is also how Gitea reports an unknown commit, and
/// 422 how GitHub reports a branch that it does not know yet.
int most_tries(const HttpResponse& response) {
    return response.status == 500 || response.status == 422 ? 3 : 1000;
}

/// Where a redirect leads, without its query.
std::string target_of(const HttpResponse& response) {
    const auto location = response.header("location");
    return clean_line(location.substr(0, location.find_first_of("?#")), 200);
}

std::int64_t whole_seconds(milliseconds time) {
    return std::chrono::ceil<std::chrono::seconds>(time).count();
}

}  // namespace

bool ForgeAttempt::passing() const {
    if (lost) return lost->kind == ErrorKind::infrastructure;
    return meaning == Meaning::retry_later || meaning == Meaning::rate_limited;
}

ForgeExchange::ForgeExchange(const forge::Dialect& dialect, HttpClient& http, Clock& clock, std::string token,
                             Options options)
    : dialect_(dialect),
      http_(http),
      clock_(clock),
      token_(std::move(token)),
      options_(options),
      random_(options.seed ^ static_cast<std::uint64_t>(clock.now().time_since_epoch().count())),
      begun_(clock.steady()) {}

void ForgeExchange::begin(std::string step) {
    step_ = std::move(step);
    begun_ = clock_.steady();
}

void ForgeExchange::keep_pace(const HttpRequest& request) {
    if (request.method == "GET") return;
    const auto gap = dialect_.pace().write_gap;
    if (last_write_) {
        const auto since = std::chrono::duration_cast<milliseconds>(clock_.steady() - *last_write_);
        if (since < gap) clock_.sleep_for(gap - since);
    }
    last_write_ = clock_.steady();
}

ForgeAttempt ForgeExchange::attempt(HttpRequest request) {
    keep_pace(request);
    for (auto& header : dialect_.auth(token_)) request.headers.push_back(std::move(header));
    const auto upload = static_cast<std::int64_t>(request.body.size() >> 16U);  // a second for each 64 KiB
    request.timeout = options_.timeout + std::chrono::seconds(upload);
    ForgeAttempt attempt;
    auto sent = http_.send(request);
    if (!sent) {
        attempt.lost = std::move(sent).error();
        return attempt;
    }
    attempt.response = std::move(sent).value();
    attempt.meaning = dialect_.meaning(request, attempt.response);
    return attempt;
}

Result<void> ForgeExchange::wait(const HttpRequest& request, const ForgeAttempt& attempt, int tries) {
    if (!attempt.passing() || tries >= most_tries(attempt.response)) return failure(request, attempt);
    const double jitter = static_cast<double>(random_() >> 11U) * 0x1.0p-53;
    const auto delay = retry_delay(attempt.response, attempt.meaning, clock_.now(), tries, dialect_.pace(), jitter);
    const auto before = clock_.steady();
    if (before - begun_ + delay > options_.budget) {
        auto error = failure(request, attempt);
        error.why += fmt::format("; given up after {}: another would be due in {} s, and one step may take {} s",
                                 tries == 1 ? "one try" : fmt::format("{} tries", tries), whole_seconds(delay),
                                 whole_seconds(options_.budget));
        if (error.hint.empty()) error.hint = "try again later, or raise forge.budget";
        return error;
    }
    clock_.sleep_for(delay);
    if (clock_.steady() - before < delay / 2)
        return Error{ErrorKind::interrupted, "interrupted while waiting for the forge", step_, ""};
    return {};
}

Result<ForgeAttempt> ForgeExchange::settle(const HttpRequest& request) {
    for (int tries = 1;; ++tries) {
        auto tried = attempt(request);
        if (!tried.lost && !tried.passing()) return tried;
        LOCKSTEP_TRY_VOID(wait(request, tried, tries));
    }
}

Result<HttpResponse> ForgeExchange::expect(const HttpRequest& request) {
    LOCKSTEP_TRY(auto tried, settle(request));
    if (tried.meaning != Meaning::ok) return failure(request, tried);
    return std::move(tried.response);
}

std::string ForgeExchange::words_of(const ForgeAttempt& attempt) const {
    const auto& response = attempt.response;
    auto words = dialect_.error_text(response);
    if (words.empty() && response.header("content-type").find("html") != std::string_view::npos)
        words = "a web page instead of an answer";
    return fmt::format("the forge answered {}{}{}", response.status, words.empty() ? "" : ": ", words);
}

Error ForgeExchange::failure(const HttpRequest& request, const ForgeAttempt& attempt) const {
    if (attempt.lost) return during_step(*attempt.lost);
    const auto& response = attempt.response;
    Error error{ErrorKind::infrastructure, "", words_of(attempt), dialect_.advice(request, response)};
    switch (attempt.meaning) {
        case Meaning::denied:
        case Meaning::absent:
            error.kind = ErrorKind::credentials;
            break;
        case Meaning::moved:
            error.kind = ErrorKind::config;
            error.why = fmt::format("the forge redirects ({}) to {}; lockstep does not follow", response.status,
                                    target_of(response));
            error.hint =
                "the repository or the forge has moved: update your configuration, that is the address of the "
                "git remote and forge.url (--forge-url)";
            break;
        case Meaning::refused:
            if (response.status == 423) error.kind = ErrorKind::config;
            break;
        default:
            break;
    }
    return during_step(std::move(error));
}

Error ForgeExchange::during_step(Error error) const {
    const auto& where = dialect_.location();
    if (!error.what.empty()) error.why = error.why.empty() ? error.what : error.what + ": " + error.why;
    error.what =
        redact(fmt::format("cannot {} ({} repository {}/{})", step_, dialect_.name(), where.owner, where.repo));
    error.why = redact(std::move(error.why));
    error.hint = redact(std::move(error.hint));
    return error;
}

std::string ForgeExchange::redact(std::string text) const {
    return token_.size() < 4 ? text : replace_all(std::move(text), token_, "***");
}

}  // namespace lockstep
