// SPDX-License-Identifier: MIT
// Answers of a forge, read by every dialect: bodies, Link headers, rate limits. Whatever a server says, the token stays
// at its origin and waiting stays bounded.
#include <charconv>

#include "adapters/forge/answer.hpp"
#include "adapters/forge/url.hpp"
#include "app/forge_session_retry.hpp"
#include "fuzz/support/fuzz_input.hpp"
#include "lockstep/adapters/forge_dialect.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/pull_text.hpp"

using namespace lockstep;

namespace {

constexpr std::chrono::system_clock::time_point k_now{std::chrono::seconds(1'795'226'400)};
constexpr const char* k_api = "https://git.example.org/api/v1";

/// "404\nname: value\n…\n\nbody".
HttpResponse response_of(std::string_view text) {
    HttpResponse response{.status = 200};
    const auto line = [&] {
        const auto end = text.find('\n');
        const auto result = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        return result;
    };
    const auto status = line();
    std::from_chars(status.data(), status.data() + status.size(), response.status);
    for (auto header = line(); !header.empty(); header = line()) {
        const auto colon = header.find(": ");
        if (colon != std::string_view::npos)
            response.headers.emplace_back(forge::lower(header.substr(0, colon)), header.substr(colon + 2));
    }
    response.body = text;
    return response;
}

void check_waits(const HttpResponse& response, forge::Meaning meaning, const forge::Pace& pace) {
    using namespace std::chrono_literals;
    if (const auto told = told_wait(response, k_now)) LOCKSTEP_CHECK(*told >= 0ms && *told <= 24h);
    for (const int tries : {1, 2, 7, 1000}) {
        const auto delay = retry_delay(response, meaning, k_now, tries, pace, 0.5);
        LOCKSTEP_CHECK(delay > 0ms && delay <= 48h);
    }
}

template <class T>
bool check_page(const Result<forge::Page<T>>& page, const std::string& api) {
    if (!page.ok()) {
        LOCKSTEP_CHECK(!page.error().what.empty());
        return false;
    }
    if (page->next.empty()) return true;
    const auto next = forge::split_url(page->next), home = forge::split_url(api);
    LOCKSTEP_CHECK(next && home && next->userinfo.empty() && forge::origin(*next) == forge::origin(*home));
    return true;
}

void check_dialect(const forge::Dialect& dialect, const HttpResponse& response) {
    const auto& api = dialect.location().api;
    for (const auto& request : {dialect.get_repository(), dialect.create_pull({}), dialect.list_labels("")}) {
        const auto meaning = dialect.meaning(request, response);
        fuzz::check_clean(dialect.advice(request, response));
        check_waits(response, meaning, dialect.pace());
    }
    fuzz::check_clean_line(dialect.error_text(response));
    (void)dialect.parse_access(response);
    (void)dialect.parse_limits(&response);
    if (const auto pulls = dialect.parse_pulls(response); check_page(pulls, api))
        for (const auto& pull : pulls->items) (void)find_marker(pull.body);
    check_page(dialect.parse_labels(response), api);
    check_page(dialect.parse_comments(response), api);
    (void)dialect.parse_pull(response);
    (void)dialect.parse_label(response);
    (void)dialect.parse_comment(response);
    if (dialect.name() == "github") return;  // has no attachments
    check_page(dialect.parse_attachments(response), api);
    (void)dialect.parse_attachment(response);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto response = response_of(fuzz::input_text(data, size));
    for (const auto& row : forge::registry())
        check_dialect(*row.make({"https://git.example.org", k_api, "acme", "fleet"}), response);
    for (const auto& probe : forge::probes("https://git.example.org")) (void)forge::proves(probe, response);
    if (const auto next = forge::next_page(response, k_api); next.ok() && !next->empty())
        LOCKSTEP_CHECK(next->starts_with("https://git.example.org") || next->starts_with("HTTPS://") ||
                       forge::lower(*next).starts_with("https://git.example.org"));
    return 0;
}
