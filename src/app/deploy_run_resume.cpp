// SPDX-License-Identifier: MIT
// What an earlier process of the run has left: brought to its end, never tried a second time.
#include <algorithm>
#include <map>

#include "app/deploy_run.hpp"

namespace lockstep {

void DeployRun::take_up(const std::vector<OpenSwitch>& open, const std::vector<DeployHostRecord>& past) {
    const auto index = [&](const std::string& name) {
        return static_cast<std::size_t>(std::find_if(request_.targets.begin(), request_.targets.end(),
                                                     [&](const auto& target) { return target.name == name; }) -
                                        request_.targets.begin());
    };
    for (const auto& record : past) {
        const auto at = index(record.name);
        if (at != sessions_.size() &&
            (record.outcome == HostOutcome::confirmed || record.outcome == HostOutcome::degraded))
            earlier_[at] = record.outcome;
        if (at != sessions_.size()) sessions_[at]->recall(record);
        // What never began may be tried; success is seen by looking; everything else is not tried a second time.
        if (at == sessions_.size() || !record.outcome || is_success(*record.outcome) ||
            *record.outcome == HostOutcome::not_started || *record.outcome == HostOutcome::cancelled)
            continue;
        const std::lock_guard lock(mutex_);
        settled_[at] = 1;
        record_.hosts[at].outcome = record.outcome;
        record_.hosts[at].detail = record.detail;
        record_.hosts[at].from = record.from;
        record_.hosts[at].running = record.running;
        record_.hosts[at].wave = record.wave;
    }
    for (const auto& record : past)
        if (record.outcome && *record.outcome != HostOutcome::not_started &&
            *record.outcome != HostOutcome::cancelled && *record.outcome != HostOutcome::unchanged)
            begun_.insert(record.name);
    for (const auto& each : open) begun_.insert(each.host);
    std::vector<std::pair<std::size_t, OpenSwitch>> todo;
    for (const auto& each : open)
        if (const auto at = index(each.host); at < sessions_.size()) todo.emplace_back(at, each);
    taking_up_ = true;
    in_parallel(todo.size(), request_.probes, [&](std::size_t n) {
        const auto& [at, each] = todo[n];
        const auto outcome = sessions_[at]->take_up(each);
        // What was begun before it in the earlier process is ended here.
        if (ports_.hooks != nullptr) ports_.hooks->after(host_facts(HookPoint::after_host, *sessions_[at]));
        const bool again = outcome == HostOutcome::rolled_back && sessions_[at]->is_blameless();
        if (again) {
            sessions_[at]->forget_outcome();
            (void)sessions_[at]->probe();  // what was seen before is over
        }
        settled_[at] = outcome != HostOutcome::not_started && !is_success(outcome) && !again ? 1 : 0;
    });
    taking_up_ = false;
}

/// Hosts that come after one that an earlier process settled without success are not begun; unchanged hosts pass it on.
void DeployRun::hold_back() {
    std::map<std::string, std::string> behind;  // host → whom it waits for
    for (std::size_t n = 0; n < sessions_.size(); ++n) {
        const auto& outcome = record_.hosts[n].outcome;
        if (settled_[n] != 0 && outcome && !is_success(*outcome))
            behind.emplace(request_.targets[n].name, request_.targets[n].name);
    }
    for (std::size_t known = 0; known != behind.size();) {
        known = behind.size();
        for (std::size_t n = 0; n < sessions_.size(); ++n)
            for (const auto& name : request_.targets[n].after)
                if (const auto found = behind.find(name); found != behind.end())
                    behind.emplace(request_.targets[n].name, found->second);
    }
    for (std::size_t n = 0; n < sessions_.size(); ++n) {
        const auto found = behind.find(request_.targets[n].name);
        if (settled_[n] != 0 || found == behind.end() || sessions_[n]->is_unchanged()) continue;
        settled_[n] = 1;
        begun_.insert(found->first);  // a plan that was agreed to holds without it
        (void)sessions_[n]->leave_alone("comes after " + found->second + ", which did not get there",
                                        HostOutcome::not_started);
    }
}

bool DeployRun::earlier_failures_forbid() const {
    std::size_t failures = 0;
    bool person = false;
    for (std::size_t n = 0; n < record_.hosts.size(); ++n) {
        const auto& outcome = record_.hosts[n].outcome;
        if ((n < settled_.size() && settled_[n] == 0) || !outcome) continue;
        failures += has_failed(n) ? 1U : 0U;
        person = person || needs_person(*outcome);
    }
    const auto tolerated = request_.policy.tolerate_total.value_or(request_.policy.tolerate);
    return person || failures > share_down(tolerated, record_.hosts.size());
}

/// Hosts that an earlier process of this run had switched go back when `on_stop` says so: who comes after others first,
/// one after another, and none any more once one of them could not.
void DeployRun::undo_earlier() {
    const auto on_stop = request_.policy.on_stop;
    if (on_stop == OnStop::keep || (ports_.interrupted && ports_.interrupted() != 0)) return;
    std::vector<std::size_t> rest;
    std::vector<std::string> waves;  // in which a host failed
    {
        const std::lock_guard lock(mutex_);
        for (const auto& host : record_.hosts) {
            if (host.outcome && needs_person(*host.outcome)) return;
            if (host.outcome && is_failure(*host.outcome)) waves.push_back(host.wave);
        }
    }
    for (std::size_t n = 0; n < sessions_.size(); ++n) {
        const auto& seen = sessions_[n]->seen();
        const bool ours = on_stop == OnStop::rollback_run ||
                          std::find(waves.begin(), waves.end(), sessions_[n]->earlier_wave()) != waves.end();
        if (earlier_[n] && ours && seen && seen->running == request_.targets[n].path) rest.push_back(n);
    }
    while (!rest.empty()) {
        const auto none_after = [&](std::size_t host) {
            return std::none_of(rest.begin(), rest.end(), [&](std::size_t other) {
                const auto& after = request_.targets[other].after;
                return std::find(after.begin(), after.end(), request_.targets[host].name) != after.end();
            });
        };
        auto next = std::find_if(rest.begin(), rest.end(), none_after);
        if (next == rest.end()) next = rest.begin();
        const auto outcome = sessions_[*next]->roll_back();
        rest.erase(next);
        if (needs_person(outcome)) return;
    }
}

}  // namespace lockstep
