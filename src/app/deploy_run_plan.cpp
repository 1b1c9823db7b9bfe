// SPDX-License-Identifier: MIT
// A deploy's plan as a file: what would be done now, and whether it is what somebody agreed to.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "app/deploy_run.hpp"
#include "lockstep/core/journal.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_differences_told = 3;

std::string_view word(RebootWish wish) {
    if (wish == RebootWish::always) return "always";
    return wish == RebootWish::if_needed ? "if-needed" : "never";
}

Millis or_usual(Millis expected, Millis usual) {
    return expected.count() > 0 ? expected : usual;
}

/// Without the hosts that this run has begun already, and without waves: those are made of what is left.
DeployPlanFile remainder(DeployPlanFile plan, const std::set<std::string>& begun) {
    std::erase_if(plan.hosts, [&](const auto& host) { return begun.count(host.name) > 0; });
    for (auto& host : plan.hosts) host.wave.clear();
    plan.waves.clear();
    return plan;
}

}  // namespace

PlannedHost DeployRun::planned_host(std::size_t target) const {
    const auto& wish = request_.targets[target];
    const auto& record = sessions_[target]->record();
    PlannedHost host;
    host.name = wish.name;
    host.from = sessions_[target]->seen() ? record.from : "";
    host.to = wish.path;
    host.action = word(wish.action);
    host.reboot = word(wish.reboot);
    host.backend = wish.backend;
    host.reboot_reasons = record.reboot_reasons;
    host.wave = record_.hosts[target].wave;
    host.after = wish.after;
    host.approval = clean_line(wish.approval, 1000);
    return host;
}

DeployPlanFile DeployRun::plan_now() const {
    DeployPlanFile file;
    file.commit = request_.commit;
    file.proof = request_.proof;
    file.policy = request_.policy_words;
    file.created = ports_.clock.now();
    file.run = request_.run;
    file.tool = request_.tool;
    for (std::size_t n = 0; n < sessions_.size(); ++n) file.hosts.push_back(planned_host(n));
    for (DeployIndex at = 0; at < of_plan_.size(); ++at) {
        const auto& host = plan_.hosts[at];
        file.hosts[of_plan_[at]].risk = clean_line(deploy_risk_words(host), 1000);
        file.measured[host.name].expected = or_usual(host.expected_copy, plan_.policy.expected_copy) +
                                            or_usual(host.expected_activate, plan_.policy.expected_activate);
    }
    for (const auto& wave : plan_.waves) {
        auto& into = file.waves.emplace_back();
        into.name = wave.name;
        into.reason = clean_line(wave.reason, 1000);
        into.gate = clean_line(wave.gate, 1000);
        for (const auto host : wave.hosts) into.hosts.push_back(plan_.hosts[host].name);
    }
    std::sort(file.hosts.begin(), file.hosts.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return file;
}

/// A deploy would leave such a host alone.
void DeployRun::tell_drift(std::size_t target) const {
    const auto& wish = request_.targets[target];
    const auto expected = request_.expected.find(wish.name);
    if (wish.accept_drift || is_as_left(request_, wish.name, sessions_[target]->record().from)) return;
    ports_.events.on(Notice{true, wish.name + ": somebody switched it since the last deploy, which left " +
                                      short_store_path(expected->second) +
                                      " there; it is left alone unless --accept-drift is given"});
}

/// Closures, units and room of every host that changes.
void DeployRun::add_impact(DeployPlanFile& file) {
    std::vector<std::pair<std::size_t, PlannedHost*>> todo;
    for (std::size_t n = 0; n < sessions_.size(); ++n) {
        if (!sessions_[n]->seen() || sessions_[n]->is_unchanged()) continue;
        todo.emplace_back(n, &*std::find_if(file.hosts.begin(), file.hosts.end(),
                                            [&](const auto& host) { return host.name == request_.targets[n].name; }));
        (void)file.measured[request_.targets[n].name];
        tell_drift(n);
    }
    in_parallel(todo.size(), request_.probes, [&](std::size_t at) {
        const auto& [n, host] = todo[at];
        host->impact = sessions_[n]->impact(file.measured.at(host->name));
        if (request_.stage) host->impact.units = sessions_[n]->stage_and_ask();
    });
}

/// What of the agreed plan is not so any more, one line each.
std::vector<std::string> DeployRun::broken_terms(const DeployPlanFile& now) const {
    const auto& wanted = *request_.terms.plan;
    std::vector<std::string> lines;
    if (begun_.empty())
        lines = plan_differences(wanted, now);
    else
        lines = plan_differences(remainder(wanted, begun_), remainder(now, begun_));
    std::vector<std::string> paths;
    for (const auto& target : request_.targets) paths.push_back(target.path);
    if (paths.empty()) return lines;
    const auto done = run_to_end(ports_.processes, nix::invalid_paths_command(request_.setup, paths), 4U << 20U);
    if (!done.status.ok()) lines.push_back("the store cannot be asked: " + describe(done.status));
    for (const auto& path : nix::parse_invalid_paths(done.out))
        lines.push_back(clean_line(path, 300) + " is not valid on this machine any more");
    return lines;
}

/// Why nothing is begun; "" = what would be done is what was agreed to.
std::string DeployRun::terms_refusal(const DeployPlanFile& now) const {
    const auto& terms = request_.terms;
    if (!terms.refusal.empty()) return terms.refusal;
    if (terms.plan) {
        const auto lines = broken_terms(now);
        for (const auto& line : lines) ports_.events.on(Notice{true, line});
        if (!lines.empty()) {
            const auto told = std::min(lines.size(), k_differences_told);
            auto text = "the plan does not hold any more: " +
                        join({lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(told)}, "; ");
            return lines.size() > told ? text + fmt::format("; and {} more", lines.size() - told) : text;
        }
    }
    if (!terms.signed_only) return "";
    for (std::size_t n = 0; n < plan_.waves.size(); ++n) {
        const auto wave = agreed_at(n);
        const auto rest = uncovered_hosts(wave, terms.approvals);
        if (wave.gate.empty() || rest.empty()) continue;
        if (request_.dry_run) {
            ports_.events.on(Notice{false, fmt::format("wave {} needs a signed approval", wave.name)});
            continue;
        }
        return fmt::format("wave {} needs a signed approval{} ({})", wave.name,
                           terms.approvals.empty() ? "" : ", and none covers " + join(rest, ", "), wave.gate);
    }
    return "";
}

PlannedWave DeployRun::agreed_at(std::size_t wave) const {
    PlannedWave agreed;
    agreed.name = plan_.waves[wave].name;
    agreed.gate = clean_line(plan_.waves[wave].gate, 1000);
    for (std::size_t n = 0; n < plan_.waves.size(); ++n)
        if (n == wave || plan_.stage_first)
            for (const auto host : plan_.waves[n].hosts) agreed.hosts.push_back(plan_.hosts[host].name);
    return agreed;
}

bool DeployRun::check_terms() {
    const auto& terms = request_.terms;
    if (!terms.plan && !terms.signed_only && !request_.dry_run) return true;
    auto now = plan_now();
    if (terms.plan) record_.plan_hash = plan_hash(*terms.plan);
    record_.approvals = terms.approvals;
    std::vector<std::string> who;
    for (const auto& each : terms.approvals) who.push_back(approver_words(each));
    (void)ports_.store.journal("fact", "deploy-terms",
                               journal_data({{"plan", record_.plan_hash}, {"approvals", join(who, ", ")}}));
    const auto refusal = terms_refusal(now);
    if (refusal.empty()) {
        if (request_.dry_run) add_impact(now);
        if (request_.dry_run) record_.planned = std::move(now);
        return true;
    }
    for (const auto target : of_plan_)
        if (!record_.hosts[target].outcome) sessions_[target]->set_outcome(HostOutcome::not_started);
    record_.exit = ExitCode::approval_missing;
    record_.reason = refusal;
    return false;
}

/// By approvals alone, and only as long as they count.
GateAnswer DeployRun::signed_answer(const DeployAction& action) {
    const auto& terms = request_.terms;
    const auto wave = agreed_at(action.wave);
    std::vector<GivenApproval> valid;
    for (const auto& each : terms.approvals)
        if (const auto trouble = approval_trouble(each.approval, *terms.plan, ports_.clock.now(), terms.longest))
            ports_.events.on(Notice{true, fmt::format("the approval of {}: {}", approver_words(each), *trouble)});
        else
            valid.push_back(each);
    if (!uncovered_hosts(wave, valid).empty()) return GateAnswer::unanswered;
    std::vector<std::string> who;
    for (const auto& each : valid) who.push_back(approver_words(each));
    const auto words = join(who, ", ");
    ports_.events.on(Notice{false, fmt::format("wave {}: approved by {}", wave.name, words)});
    (void)ports_.store.journal("fact", "deploy-approved",
                               journal_data({{"wave", wave.name}, {"plan", record_.plan_hash}, {"approvals", words}}));
    for (DeployIndex host = 0; host < of_plan_.size(); ++host)
        if (std::find(wave.hosts.begin(), wave.hosts.end(), plan_.hosts[host].name) != wave.hosts.end())
            sessions_[of_plan_[host]]->set_approver(words);
    return GateAnswer::approved;
}

}  // namespace lockstep
