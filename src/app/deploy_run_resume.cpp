// SPDX-License-Identifier: MIT
// What an earlier process of the run has left: brought to its end, never tried a second time. And what is written down
// for a later one.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "app/deploy_run.hpp"
#include "lockstep/core/journal.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr auto k_no_wave = ~std::size_t{0};

/// A deploy has left the new system there.
bool is_brought(HostOutcome outcome) {
    return is_success(outcome) && outcome != HostOutcome::unchanged;
}

}  // namespace

/// How many targets there are: it is none of them.
std::size_t DeployRun::index_of(const std::string& host) const {
    return static_cast<std::size_t>(std::find_if(request_.targets.begin(), request_.targets.end(),
                                                 [&](const auto& target) { return target.name == host; }) -
                                    request_.targets.begin());
}

/// The last wave that earlier processes had begun with the host.
std::size_t DeployRun::wave_with(const std::string& host) const {
    for (auto wave = waves_.size(); wave-- > 0;)
        if (const auto& hosts = waves_[wave].hosts; std::find(hosts.begin(), hosts.end(), host) != hosts.end())
            return wave;
    return k_no_wave;
}

/// What was written down about hosts that had ended, and about waves.
void DeployRun::recall(const DeployBegun& begun) {
    if (!ports_.land) waves_ = begun.waves;  // what came after the landing is nothing to its canaries
    for (const auto& target : request_.targets) wave_of_.push_back(wave_with(target.name));
    for (const auto& record : begun.ended) {
        const auto at = index_of(record.name);
        if (at != sessions_.size() && record.outcome && is_brought(*record.outcome)) earlier_[at] = record.outcome;
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
    for (const auto& record : begun.ended)
        if (record.outcome && *record.outcome != HostOutcome::not_started &&
            *record.outcome != HostOutcome::cancelled && *record.outcome != HostOutcome::unchanged)
            begun_.insert(record.name);
    for (const auto& each : begun.open) begun_.insert(each.host);
    for (const auto& each : begun.closed) switched_[each.host] = each;
    for (const auto& each : begun.open) switched_.erase(each.host);  // whoever takes it up knows it
}

void DeployRun::take_up(const DeployBegun& begun) {
    recall(begun);
    std::vector<std::pair<std::size_t, OpenSwitch>> todo;
    for (const auto& each : begun.open)
        if (const auto at = index_of(each.host); at < sessions_.size()) todo.emplace_back(at, each);
    taking_up_ = true;
    in_parallel(todo.size(), request_.probes, [&](std::size_t n) {
        const auto& [at, each] = todo[n];
        if (wave_of_[at] != k_no_wave) {
            const std::lock_guard lock(mutex_);
            record_.hosts[at].wave = waves_[wave_of_[at]].name;
        }
        const auto outcome = sessions_[at]->take_up(each);
        // What was begun before it in the earlier process is ended here.
        if (ports_.hooks != nullptr) ports_.hooks->after(host_facts(HookPoint::after_host, *sessions_[at]));
        const bool again = outcome == HostOutcome::rolled_back && sessions_[at]->is_blameless();
        if (again) {
            sessions_[at]->forget_outcome();
            (void)sessions_[at]->probe();  // what was seen before is over
        }
        settled_[at] = outcome != HostOutcome::not_started && !is_success(outcome) && !again ? 1 : 0;
        earlier_[at] = is_brought(outcome) ? std::optional(outcome) : std::nullopt;
        if (outcome == HostOutcome::boot_pending) (void)sessions_[at]->probe();  // its profile is another one now
    });
    taking_up_ = false;
    find_earlier_stop(ports_.land ? std::nullopt : begun.stopped);
}

/// An earlier process has left the new system to the next boot, which has not come yet.
bool DeployRun::is_pending(std::size_t target) const {
    const auto& seen = sessions_[target]->seen();
    const auto& path = request_.targets[target].path;
    return earlier_[target] == HostOutcome::boot_pending && seen && seen->running != path && seen->profile_holds(path);
}

/// What an earlier process had brought stays; where its wave was not watched to the end, that comes first.
void DeployRun::plan_earlier(std::size_t target, DeployHost& host) {
    if (!host.unchanged) earlier_[target].reset();  // gone since: it is brought once more
    if (wave_of_[target] == k_no_wave || waves_[wave_of_[target]].ended) return;
    const auto& wave = waves_[wave_of_[target]];
    host.canary = wave.canary;
    if (!earlier_[target] || (!wave.canary && !wave.soaks)) return;
    host.done = earlier_[target];
    host.unchanged = false;
    const auto found = switched_.find(host.name);
    if (found != switched_.end()) sessions_[target]->compare_with(found->second);
}

DeployBefore DeployRun::before(const DeployFleet& fleet) const {
    DeployBefore before;
    std::set<std::size_t> watched;
    std::vector<unsigned char> goes_on(sessions_.size(), 0);
    for (std::size_t at = 0; at < fleet.size(); ++at) {
        goes_on[of_plan_[at]] = fleet[at].unchanged ? 0 : 1;
        before.canary = before.canary || (fleet[at].canary && !fleet[at].unchanged);
        if (fleet[at].done) watched.insert(wave_of_[of_plan_[at]]);
    }
    for (std::size_t n = 0; n < sessions_.size(); ++n) {
        const bool in_wave = wave_of_[n] != k_no_wave;
        before.failed += is_counted_failure(n) ? 1U : 0U;
        before.failed_in_wave += is_counted_failure(n) && watched.count(wave_of_[n]) > 0 ? 1U : 0U;
        before.ended += goes_on[n] == 0 && (settled_[n] != 0 || earlier_[n]) ? 1U : 0U;
        before.canary = before.canary || (in_wave && earlier_[n] && waves_[wave_of_[n]].canary);
    }
    for (auto n = sessions_.size(); n < record_.hosts.size(); ++n) {  // lost ones
        before.failed += has_failed(n) ? 1U : 0U;
        before.failed_in_wave += has_failed(n) && watched.count(wave_with(record_.hosts[n].name)) > 0 ? 1U : 0U;
        ++before.ended;
    }
    before.canary_ended = before.canary && !waves_.empty() && waves_.back().canary && waves_.back().ended;
    return before;
}

/// How hosts ended that nothing is begun on any more.
void DeployRun::show_earlier() {
    for (DeployIndex at = 0; at < plan_.hosts.size(); ++at) {
        const auto target = of_plan_[at];
        const auto& known = sessions_[target]->record().outcome;
        auto outcome = earlier_[target].value_or(HostOutcome::unchanged);
        // Its boot has come, and nobody has looked at it since.
        if (outcome == HostOutcome::boot_pending && !is_pending(target)) outcome = HostOutcome::unchanged;
        const bool skipped = plan_.wave_of[at] == plan_.waves.size();
        if (skipped || plan_.hosts[at].done) sessions_[target]->set_outcome(known ? *known : outcome);
    }
}

/// The engine knows it and has decided about it.
bool DeployRun::is_in_wave(std::size_t target) const {
    if (!engine_) return false;
    for (DeployIndex at = 0; at < of_plan_.size(); ++at)
        if (of_plan_[at] == target) return plan_.wave_of[at] != plan_.waves.size();
    return false;
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

bool DeployRun::is_counted_failure(std::size_t target) const {
    return settled_[target] != 0 && has_failed(target);
}

/// What the earlier process had decided; and what it would have, had it lived to see how its hosts ended.
void DeployRun::find_earlier_stop(const std::optional<BegunStop>& told) {
    const std::lock_guard lock(mutex_);
    std::size_t failures = 0;
    bool person = false;
    std::vector<std::size_t> of_wave(waves_.size(), 0);
    for (std::size_t n = 0; n < record_.hosts.size(); ++n) {
        const auto& host = record_.hosts[n];
        const bool is_lost = n >= settled_.size();
        if (!host.outcome || (!is_lost && settled_[n] == 0)) continue;
        person = person || needs_person(*host.outcome);
        if (!has_failed(n)) continue;
        ++failures;
        if (const auto wave = is_lost ? wave_with(host.name) : wave_of_[n]; wave != k_no_wave)
            ++of_wave[wave];
        else if (host.wave == "canary")
            earlier_stop_ = {.wave = "canary", .reason = "wave canary: " + host.name + " failed"};
    }
    for (std::size_t wave = 0; wave < waves_.size(); ++wave) {
        if (told && told->wave == waves_[wave].name) earlier_stop_waves_ = {wave};  // the last of that name
        if (of_wave[wave] <= waves_[wave].tolerated) continue;
        earlier_stop_ = {.wave = waves_[wave].name,
                         .reason = fmt::format("wave {}: {}, tolerated {}", waves_[wave].name,
                                               plural(of_wave[wave], "failure"), waves_[wave].tolerated)};
        if (!told) earlier_stop_waves_.insert(wave);
    }
    const auto tolerated =
        share_down(request_.policy.tolerate_total.value_or(request_.policy.tolerate), record_.hosts.size());
    if (!earlier_stop_ && (person || failures > tolerated))
        earlier_stop_ = {.wave = "", .reason = "hosts of this run failed before it was cut off"};
    if (told)
        earlier_stop_ = told;
    else if (earlier_stop_)
        write_stop(*earlier_stop_);
}

/// Ends as the run would have that was cut off.
void DeployRun::stay_stopped() {
    for (const auto target : of_plan_)
        if (!record_.hosts[target].outcome) sessions_[target]->set_outcome(HostOutcome::not_started);
    record_.reason = earlier_stop_->reason;
    if (!earlier_stop_->frozen) undo_earlier();
    const std::lock_guard lock(mutex_);
    bool failed = false;
    for (std::size_t n = 0; n < record_.hosts.size(); ++n) failed = failed || has_failed(n);
    record_.exit = failed ? ExitCode::deploy_rolled_back : ExitCode::approval_missing;
}

/// Of waves that earlier processes had begun, those whose hosts `rollback_wave` means.
std::set<std::size_t> DeployRun::stopped_waves() const {
    if (!earlier_stop_waves_.empty()) return earlier_stop_waves_;
    std::set<std::size_t> waves;
    for (std::size_t n = 0; n < sessions_.size(); ++n) {
        const auto& host = record_.hosts[n];
        const bool stopped_it = engine_ && host.wave == plan_.waves[engine_->stop_wave()].name;
        if ((stopped_it || !engine_) && host.outcome && is_failure(*host.outcome)) waves.insert(wave_of_[n]);
    }
    waves.erase(k_no_wave);
    return waves;
}

/// Hosts that an earlier process of this run had switched go back when `on_stop` says so: who comes after others first,
/// one after another, and none any more once one of them could not.
void DeployRun::undo_earlier() {
    const auto on_stop = request_.policy.on_stop;
    if (on_stop == OnStop::keep || (ports_.interrupted && ports_.interrupted() != 0)) return;
    std::vector<std::size_t> rest;
    std::set<std::size_t> waves;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& host : record_.hosts)
            if (host.outcome && needs_person(*host.outcome)) return;
        waves = stopped_waves();
    }
    for (std::size_t n = 0; n < sessions_.size(); ++n) {
        const auto& seen = sessions_[n]->seen();
        const bool ours = on_stop == OnStop::rollback_run || waves.count(wave_of_[n]) > 0;
        const bool there = seen && (seen->running == request_.targets[n].path || is_pending(n));
        if (earlier_[n] && ours && there && !is_in_wave(n)) rest.push_back(n);
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

void DeployRun::write_wave(std::uint32_t wave) {
    if (ports_.land) return;  // canaries of a landing are one wave, and go by what the others say
    const auto& begun = plan_.waves[wave];
    std::vector<std::string> names;
    for (const auto host : begun.hosts) names.push_back(plan_.hosts[host].name);
    (void)ports_.store.journal("fact", "deploy-wave",
                               journal_data({{"wave", begun.name},
                                             {"hosts", join(names, " ")},
                                             {"tolerated", static_cast<std::int64_t>(engine_->tolerated(wave))},
                                             {"canary", std::int64_t{begun.canary ? 1 : 0}},
                                             {"soaks", std::int64_t{begun.soak.checks > 0 ? 1 : 0}}}));
}

void DeployRun::write_wave_end(std::uint32_t wave) {
    if (ports_.land) return;
    (void)ports_.store.journal("fact", "deploy-wave-ended", journal_data({{"wave", plan_.waves[wave].name}}));
}

/// Before a host goes back because of it.
void DeployRun::tell_stop() {
    const auto stop = engine_->stop();
    if ((stop != DeployStop::stopped && stop != DeployStop::frozen) || stop == stop_written_) return;
    stop_written_ = stop;
    write_stop({.wave = plan_.waves[engine_->stop_wave()].name,
                .reason = engine_->verdict().reason,
                .frozen = stop == DeployStop::frozen});
}

void DeployRun::write_stop(const BegunStop& stop) {
    if (ports_.land) return;
    (void)ports_.store.journal(
        "fact", "deploy-stopped",
        journal_data({{"wave", stop.wave}, {"reason", stop.reason}, {"frozen", std::int64_t{stop.frozen ? 1 : 0}}}));
}

}  // namespace lockstep
