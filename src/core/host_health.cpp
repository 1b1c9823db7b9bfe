// SPDX-License-Identifier: MIT
// Words of health checks, and the judgement over a row of looks.
#include "lockstep/core/host_health.hpp"

#include <algorithm>
#include <charconv>

#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

using Kind = HealthCheck::Kind;

constexpr std::size_t k_longest = 4096;

Error not_a_check(std::string_view text, std::string why) {
    return {
        ErrorKind::config, "`" + clean_line(text, 200) + "` is no health check", std::move(why),
        "write unit NAME, listens PORT, closed PORT, tcp PORT, http URL [STATUS], command TEXT, or quiet UNIT PATTERN"};
}

std::optional<int> number_in(std::string_view text, int least, int most) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) return std::nullopt;
    return value;
}

bool is_unit_name(std::string_view text) {
    return !text.empty() && text.size() <= 256 && text.front() != '-' &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
                      c == '_' || c == '-' || c == '@' || c == ':' || c == '\\';
           });
}

/// The first word, and the rest without blanks around it.
std::pair<std::string_view, std::string_view> split_word(std::string_view text) {
    text = trim(text);
    const auto end = text.find_first_of(" \t");
    if (end == std::string_view::npos) return {text, {}};
    return {text.substr(0, end), trim(text.substr(end))};
}

Result<HealthCheck> port_check(std::string_view text, Kind kind, std::string_view rest) {
    const auto port = number_in(rest, 1, 65535);
    if (!port) return not_a_check(text, "a port is a number from 1 to 65535");
    return HealthCheck{.kind = kind, .number = *port};
}

Result<HealthCheck> http_check(std::string_view text, std::string_view rest) {
    const auto [url, status] = split_word(rest);
    if (!url.starts_with("http://") && !url.starts_with("https://"))
        return not_a_check(text, "an address begins with http:// or https://");
    const auto wanted = status.empty() ? std::optional<int>(200) : number_in(status, 100, 599);
    if (!wanted) return not_a_check(text, "a status is a number from 100 to 599");
    return HealthCheck{.kind = Kind::http, .subject = std::string(url), .number = *wanted};
}

}  // namespace

Result<HealthCheck> parse_health_check(std::string_view text) {
    if (text.size() > k_longest) return not_a_check(text.substr(0, 100), "it is too long");
    for (const char c : text)
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) return not_a_check(text, "it holds a control character");
    const auto [word, rest] = split_word(text);
    if (rest.empty()) return not_a_check(text, word.empty() ? "it is empty" : "it does not say what to look at");
    if (word == "unit") {
        if (!is_unit_name(rest)) return not_a_check(text, "that is no name of a unit");
        return HealthCheck{.kind = Kind::unit, .subject = std::string(rest)};
    }
    if (word == "listens") return port_check(text, Kind::listens, rest);
    if (word == "closed") return port_check(text, Kind::closed, rest);
    if (word == "tcp") return port_check(text, Kind::tcp, rest);
    if (word == "http") return http_check(text, rest);
    if (word == "command") return HealthCheck{.kind = Kind::command, .subject = std::string(rest)};
    if (word == "quiet") {
        const auto [unit, pattern] = split_word(rest);
        if (!is_unit_name(unit)) return not_a_check(text, "that is no name of a unit");
        if (pattern.empty()) return not_a_check(text, "the pattern is missing");
        return HealthCheck{.kind = Kind::quiet, .subject = std::string(unit), .pattern = std::string(pattern)};
    }
    return not_a_check(text, "`" + clean_line(word, 60) + "` is no kind of check");
}

std::string to_string(const HealthCheck& check) {
    switch (check.kind) {
        case Kind::unit:
            return "unit " + check.subject;
        case Kind::listens:
            return "listens " + std::to_string(check.number);
        case Kind::closed:
            return "closed " + std::to_string(check.number);
        case Kind::tcp:
            return "tcp " + std::to_string(check.number);
        case Kind::http:
            return "http " + check.subject + " " + std::to_string(check.number);
        case Kind::command:
            return "command " + check.subject;
        case Kind::quiet:
            return "quiet " + check.subject + " " + check.pattern;
    }
    return {};
}

std::optional<DeployHealth> judge_health(const std::vector<HealthLook>& looks, const HealthPolicy& policy,
                                         bool patience_over) {
    const auto passes = std::max<std::size_t>(1, policy.passes);
    std::size_t row = 0;
    for (auto look = looks.rbegin(); look != looks.rend() && *look == DeployHealth::pass; ++look) ++row;
    if (row >= passes) return DeployHealth::pass;
    if (!patience_over) return std::nullopt;
    const bool any_pass = std::find(looks.begin(), looks.end(), DeployHealth::pass) != looks.end();
    const bool any_fail = std::find(looks.begin(), looks.end(), DeployHealth::fail) != looks.end();
    if (!any_fail || any_pass) return DeployHealth::inconclusive;
    return looks.back() == DeployHealth::fail ? DeployHealth::fail : DeployHealth::inconclusive;
}

}  // namespace lockstep
