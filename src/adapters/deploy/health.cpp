// SPDX-License-Identifier: MIT
// Checks as parameters of a script, its answers as values.
#include "lockstep/adapters/deploy_health.hpp"

#include "adapters/deploy/scripts.hpp"
#include "lockstep/adapters/deploy_probe.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::deploy {

namespace {

using Kind = HealthCheck::Kind;

const char* script_word(Kind kind) {
    switch (kind) {
        case Kind::unit:
            return "unit";
        case Kind::listens:
            return "listens";
        case Kind::closed:
            return "closed";
        case Kind::command:
            return "command";
        case Kind::quiet:
            return "quiet";
        case Kind::tcp:
        case Kind::http:
            break;
    }
    return "";
}

/// "3 pass words…"; false when it is none.
bool read_answer(const std::string& line, std::vector<CheckAnswer>& answers) {
    const auto first = line.find(' ');
    if (first == std::string::npos || first == 0 || first > 4) return false;
    std::size_t number = 0;
    for (std::size_t i = 0; i < first; ++i) {
        if (line[i] < '0' || line[i] > '9') return false;
        number = number * 10 + static_cast<std::size_t>(line[i] - '0');
    }
    if (number == 0 || number > answers.size()) return false;
    const auto second = line.find(' ', first + 1);
    const auto word = line.substr(first + 1, second == std::string::npos ? second : second - first - 1);
    auto& answer = answers[number - 1];
    answer.health = word == "pass"   ? DeployHealth::pass
                    : word == "fail" ? DeployHealth::fail
                                     : DeployHealth::inconclusive;
    answer.words = second == std::string::npos ? "" : clean_line(line.substr(second + 1), 300);
    return true;
}

}  // namespace

Command health_command(const SshTarget& target, Connection connection, const std::vector<HealthCheck>& checks,
                       std::int64_t since, int limit, const std::string& nonce) {
    Parameters parameters{{"lockstep_nonce", nonce},
                          {"lockstep_since", std::to_string(since)},
                          {"lockstep_limit", std::to_string(limit)}};
    int number = 0;
    for (const auto& check : checks) {
        if (check.on_runner()) continue;
        const auto prefix = "lockstep_check_" + std::to_string(++number);
        const bool port = check.kind == Kind::listens || check.kind == Kind::closed;
        parameters.emplace_back(prefix + "_kind", script_word(check.kind));
        parameters.emplace_back(prefix + "_subject", port ? std::to_string(check.number) : check.subject);
        parameters.emplace_back(prefix + "_pattern", check.pattern);
    }
    parameters.emplace_back("lockstep_checks", std::to_string(number));
    return script_command(target, connection, "health", std::move(parameters), "health of " + target.host);
}

std::optional<std::vector<CheckAnswer>> parse_health(std::string_view text, std::string_view nonce,
                                                     const std::vector<HealthCheck>& checks) {
    const auto read = parse_answer(text, nonce);
    if (!read) return std::nullopt;
    std::size_t asked = 0;
    for (const auto& check : checks) asked += check.on_runner() ? 0U : 1U;
    std::vector<CheckAnswer> answers(asked, CheckAnswer{DeployHealth::inconclusive, "no answer"});
    for (const auto& line : read->all("health"))
        if (!read_answer(line, answers)) return std::nullopt;
    return answers;
}

}  // namespace lockstep::deploy
