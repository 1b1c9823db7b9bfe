// SPDX-License-Identifier: MIT
// What sinks have in common: whom a run is called by, its headline, which ends are told, what an answer means.
#include <algorithm>

#include <fmt/format.h>

#include "adapters/notify/sinks.hpp"
#include "core/report_words.hpp"
#include "lockstep/adapters/forge_dialect.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::notify {

std::string repository_name(std::string_view remote_url) {
    const auto address = forge::parse_remote_address(remote_url);
    if (!address.local && !address.owner.empty())
        return clean_line(address.host + "/" + address.owner + "/" + address.repo, 200);
    auto path = remote_url;
    while (path.ends_with('/')) path.remove_suffix(1);
    if (const auto slash = path.find_last_of("/:@"); slash != std::string_view::npos) path.remove_prefix(slash + 1);
    if (path.ends_with(".git")) path.remove_suffix(4);
    const auto name = clean_line(path, 200);
    return name.empty() ? "unknown" : name;
}

std::string news_id(const RunReport& report) {
    return fmt::format("{}.{}", clean_line(report.run.id, 100), report.run.resumed);
}

std::string headline_of(const News& news) {
    if (news.test) return "this is a test of notifications; nothing happened";
    const auto& report = news.report;
    std::vector<std::string> parts;
    if (const auto alarm = alarm_headline(report.alarms); !alarm.empty()) parts.push_back(alarm);
    const auto tally = tally_of(report.hosts);
    if (tally.total > 0 && report.ending.outcome != Outcome::unchanged) parts.push_back(headline(report));
    parts.push_back(verdict_phrase(report));
    return clean_line(join(parts, " · "), 300);
}

std::string_view scheme_of(std::string_view url) {
    const auto end = url.find("://");
    return end == std::string_view::npos ? std::string_view{} : url.substr(0, end);
}

std::string_view host_of(std::string_view url) {
    auto rest = url.substr(std::min(url.size(), scheme_of(url).size() + 3));
    rest = rest.substr(0, rest.find_first_of("/?#"));
    if (rest.starts_with('[')) return rest.substr(0, rest.find(']') + 1);
    return rest.substr(0, rest.find(':'));
}

bool is_this_machine(std::string_view host) {
    const bool numbers = host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
    return numbers || host == "localhost" || host == "[::1]";
}

Result<void> accepted(const HttpResponse& response) {
    const auto status = response.status;
    if (status >= 200 && status < 300) return {};
    auto why = fmt::format("it answered {}", status);
    if (const auto words = clean_line(response.body, 200); !words.empty()) why += ": " + words;
    const bool later = status >= 500 || status == 408 || status == 429;
    return Error{later ? ErrorKind::infrastructure : ErrorKind::credentials, "the message was not taken",
                 std::move(why), later ? "" : "check the address"};
}

bool is_told(const RunReport& report) {
    const bool acts = report.run.command == "run" || report.run.command == "deploy";
    const auto exit = report.ending.exit;
    return acts && !report.run.dry_run && exit != ExitCode::interrupted && exit != ExitCode::terminated &&
           exit != ExitCode::locked;
}

bool worth_telling(NotifyWhen when, const RunReport& report, const Told& told) {
    const Verdict now{std::string(outcome_word(report.ending.outcome)), static_cast<int>(report.ending.exit)};
    if (when == NotifyWhen::always) return true;
    if (when == NotifyWhen::trouble) return !is_success(now);
    const auto last = told.verdicts.find(told_subject(report));
    if (last == told.verdicts.end()) return true;
    const auto& before = last->second.id == news_id(report) ? last->second.before : last->second.verdict;
    return before.outcome.empty() || !(is_success(now) ? is_success(before) : now == before);
}

}  // namespace lockstep::notify
