// SPDX-License-Identifier: MIT
// Gauges in Prometheus' text format: the same set for the pushgateway and for node_exporter's textfile collector.
// No commit, run id, branch or error text is ever a label: each would begin a new series with every run.
#include <array>

#include <fmt/format.h>

#include "adapters/notify/sinks.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::notify {

namespace {

constexpr std::array k_outcomes = {Outcome::landed,         Outcome::unchanged,     Outcome::proposed,
                                   Outcome::proposed_green, Outcome::hosts_failed,  Outcome::alarm,
                                   Outcome::deployed,       Outcome::deploy_failed, Outcome::stopped};
constexpr std::array k_states = {HostState::built,       HostState::cached,      HostState::unchanged,
                                 HostState::evaluated,   HostState::failed,      HostState::dependency_failed,
                                 HostState::eval_failed, HostState::vanished,    HostState::timeout,
                                 HostState::log_limit,   HostState::unsupported, HostState::infra_error,
                                 HostState::skipped,     HostState::not_started, HostState::interrupted};

/// The value of a label.
std::string quoted(std::string_view value) {
    std::string text = "\"";
    for (const char c : value) {
        if (c == '\\' || c == '"') text += '\\';
        text += c == '\n' ? std::string("\\n") : std::string(1, c);
    }
    return text + "\"";
}

using Labels = std::vector<std::pair<std::string_view, std::string>>;

/// One gauge with all its samples: the format wants them together.
class Gauge {
public:
    Gauge(std::string& out, std::string_view name, std::string_view help, std::string_view repository)
        : out_(out), name_(name), help_(help), repository_(repository) {}

    void sample(const Labels& labels, const std::string& value) {
        if (!begun_) out_ += fmt::format("# HELP {} {}\n# TYPE {} gauge\n", name_, help_, name_);
        begun_ = true;
        out_ += fmt::format("{}{{repository={}", name_, quoted(repository_));
        for (const auto& [key, text] : labels) out_ += fmt::format(",{}={}", key, quoted(text));
        out_ += fmt::format("}} {}\n", value);
    }
    void sample(const Labels& labels, std::int64_t value) { sample(labels, std::to_string(value)); }

private:
    std::string& out_;
    std::string_view name_, help_, repository_;
    bool begun_ = false;
};

std::string seconds(std::int64_t ms) {
    return fmt::format("{}.{:03}", ms / 1000, ms % 1000);
}

}  // namespace

std::string metrics_text(const News& news) {
    std::string text;
    const auto gauge = [&](std::string_view name, std::string_view help) {
        return Gauge(text, name, help, news.repository);
    };
    if (news.test) {
        gauge("lockstep_notify_test_timestamp_seconds", "When `lockstep notify --test` was run.")
            .sample({}, std::chrono::floor<std::chrono::seconds>(news.report.run.finished.time_since_epoch()).count());
        return text;
    }
    const auto& told = news.told;
    gauge("lockstep_build_info", "Versions of lockstep and Nix, always 1.")
        .sample({{"version", told.version}, {"nix_version", told.nix_version}}, 1);
    const auto each = [&](std::string_view name, std::string_view help, auto value) {
        auto one = gauge(name, help);
        for (const auto& [command, run] : told.commands)
            if (const std::string number = value(run); !number.empty()) one.sample({{"command", command}}, number);
    };
    const auto known = [](std::int64_t time) { return time == 0 ? std::string() : std::to_string(time); };
    each("lockstep_last_run_timestamp_seconds", "When the last run ended.",
         [&](const LastRun& run) { return known(run.finished); });
    each("lockstep_last_success_timestamp_seconds", "When the last run that ended well ended.",
         [&](const LastRun& run) { return known(run.success); });
    each("lockstep_last_merge_timestamp_seconds", "When an update landed last.",
         [&](const LastRun& run) { return known(run.landing); });
    each("lockstep_run_duration_seconds", "How long the last run took.",
         [](const LastRun& run) { return seconds(run.duration_ms); });
    each("lockstep_run_exit_code", "Exit code of the last run.",
         [](const LastRun& run) { return std::to_string(run.verdict.exit); });
    auto verdicts = gauge("lockstep_run_verdict", "1 for how the last run ended, else 0.");
    for (const auto& [command, run] : told.commands)
        for (const auto outcome : k_outcomes)
            verdicts.sample({{"command", command}, {"outcome", std::string(outcome_word(outcome))}},
                            run.verdict.outcome == outcome_word(outcome) ? 1 : 0);
    const auto run = told.commands.find("run");
    if (run == told.commands.end()) return text;
    auto hosts = gauge("lockstep_hosts", "Hosts of the last update by state.");
    for (const auto state : k_states) {
        const auto found = run->second.hosts.find(std::string(state_word(state)));
        hosts.sample({{"state", std::string(state_word(state))}}, found == run->second.hosts.end() ? 0 : found->second);
    }
    auto alarms = gauge("lockstep_lock_alarms", "Alarms on the last change of the lock file.");
    alarms.sample({{"severity", "critical"}}, run->second.alarms_critical);
    alarms.sample({{"severity", "warn"}}, run->second.alarms_warn);
    return text;
}

}  // namespace lockstep::notify
