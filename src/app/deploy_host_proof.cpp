// SPDX-License-Identifier: MIT
// The proof that a host is well: over connections of its own, against what was before, and more than once where the
// policy says so. What could not be asked is no evidence.
#include <algorithm>

#include <fmt/format.h>

#include "app/deploy_host.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/target.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

using deploy::Connection;

namespace {

constexpr Millis k_runner_limit{5'000};
constexpr int k_check_limit = 20;  // seconds, on the host

HealthLook worse(HealthLook one, HealthLook other) {
    if (one == DeployHealth::fail || other == DeployHealth::fail) return DeployHealth::fail;
    if (one == DeployHealth::inconclusive || other == DeployHealth::inconclusive) return DeployHealth::inconclusive;
    return DeployHealth::pass;
}

}  // namespace

HealthLook DeployHostSession::look_from_runner(const HealthCheck& check, std::vector<std::string>& words) const {
    if (check.kind == HealthCheck::Kind::tcp) {
        if (!ports_.connects) return DeployHealth::inconclusive;
        const bool open = ports_.connects(ssh_.host, check.number, k_runner_limit);
        words.push_back(to_string(check) + (open ? ": connected" : ": no connection"));
        return open ? DeployHealth::pass : DeployHealth::fail;
    }
    if (!ports_.http_status) return DeployHealth::inconclusive;
    const auto url = replace_all(check.subject, "{host}", ssh_.host);
    const auto status = ports_.http_status(url, k_runner_limit);
    words.push_back(to_string(check) + (status ? ": " + std::to_string(*status) : ": no answer"));
    return status == check.number ? DeployHealth::pass : DeployHealth::fail;
}

/// All checks once. The host's own answer over a connection that is new.
HealthLook DeployHostSession::look(std::vector<std::string>& words) {
    const auto& checks = target_.health.checks;
    auto verdict = DeployHealth::pass;
    if (std::any_of(checks.begin(), checks.end(), [](const auto& check) { return !check.on_runner(); })) {
        const auto mark = nonce();
        const auto done =
            ask(deploy::health_command(ssh_, Connection::fresh, checks, activated_at_, k_check_limit, mark));
        const auto answers = deploy::parse_health(done.out, mark, checks);
        if (!answers) {
            words.emplace_back("the host did not answer");
            return DeployHealth::inconclusive;
        }
        auto answer = answers->begin();
        for (const auto& check : checks) {
            if (check.on_runner()) continue;
            const bool says_what = check.kind != HealthCheck::Kind::command;
            words.push_back(says_what ? answer->words : to_string(check) + ": " + answer->words);
            verdict = worse(verdict, answer->health);
            ++answer;
        }
    }
    for (const auto& check : checks)
        if (check.on_runner()) verdict = worse(verdict, look_from_runner(check, words));
    return verdict;
}

DeployHostSession::Proof DeployHostSession::prove(const std::string& path) {
    stage("prove");
    const auto began = ports_.clock.steady();
    const auto over = [&] { return ports_.clock.steady() - began >= target_.health.patience; };
    Proof proof;
    record_.evidence.clear();
    // A fresh connection is the first proof: an old one goes on working when no new one is let in.
    auto probe = probe_once(Connection::fresh);
    while (!probe && !over() && !stopped()) {
        ports_.clock.sleep_for(request_.poll);
        probe = probe_once(Connection::fresh);
    }
    if (!probe) {
        proof.health = DeployHealth::fail;
        proof.why = "no new connection gets through: " + record_.detail;
        return proof;
    }
    record_.running = probe->running;
    record_.evidence.push_back("reached over a new connection; " + clean_line(probe->running, 200) + " runs");
    if (probe->running != path) {
        proof.health = DeployHealth::fail;
        proof.why = clean_line(probe->running, 200) + " runs instead";
        return proof;
    }
    proof.reached = true;
    record_.failed_units.clear();
    bool tolerable = true;
    // Without knowing what had failed before, a failed unit says nothing.
    const bool units_known = baseline_known_ && probe->failed_units.has_value();
    for (const auto& unit : units_known ? *probe->failed_units : std::vector<std::string>{})
        if (std::find(baseline_.begin(), baseline_.end(), unit) == baseline_.end()) {
            record_.failed_units.push_back(unit);
            tolerable = tolerable && matches_any(target_.degraded_ok, unit);
        }
    if (!record_.failed_units.empty()) {
        proof.degraded = true;
        proof.why = "units failed: " + join(record_.failed_units, ", ");
        if (!tolerable) {
            proof.health = DeployHealth::fail;
            return proof;
        }
    }
    if (units_known)
        record_.evidence.push_back(baseline_.empty()
                                       ? std::string("no failed units were there before")
                                       : "failed before already, and no evidence: " + join(baseline_, ", "));
    // Of the recorded system it is known that it ran: its units are not judged.
    if (!units_known && probe->systemd && path != record_.from) {
        proof.health = DeployHealth::inconclusive;
        proof.why =
            probe->failed_units ? "which of its units had failed before is not known" : "its units cannot be listed";
        return proof;
    }
    if (target_.health.checks.empty()) {
        proof.health = DeployHealth::pass;
        if (!units_known) record_.evidence.emplace_back("units were not judged: reachable is all that was proved");
        return proof;
    }
    std::vector<HealthLook> looks;
    std::vector<std::string> words;
    for (;;) {
        words.clear();
        looks.push_back(look(words));
        if (const auto judged = judge_health(looks, target_.health, over() || stopped())) {
            proof.health = *judged;
            break;
        }
        ports_.clock.sleep_for(target_.health.interval);
    }
    for (const auto& each : words) record_.evidence.push_back(clean_line(each, 300));
    if (proof.health == DeployHealth::fail) proof.why = "unhealthy: " + join(words, "; ");
    if (proof.health == DeployHealth::inconclusive)
        proof.why =
            fmt::format("its health could not be judged in {}: {}", plural(looks.size(), "look"), join(words, "; "));
    record_.proof = std::chrono::duration_cast<Millis>(ports_.clock.steady() - began);
    return proof;
}

DeployHealth DeployHostSession::check() {
    const auto before = record_;
    const auto proof = prove(target_.path);
    record_.outcome = before.outcome;
    if (is_cut_off(proof)) {  // it was proved before, and nothing speaks against it
        record_ = before;
        stage("");
        return DeployHealth::pass;
    }
    if (proof.health != DeployHealth::pass) record_.detail = clean_line(proof.why, 600);
    stage("");
    return proof.health;
}

}  // namespace lockstep
