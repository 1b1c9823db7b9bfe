// SPDX-License-Identifier: MIT
// The loop between engine and hosts.
#include "app/deploy_run.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "lockstep/core/journal.hpp"
#include "lockstep/core/maintenance_window.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr auto k_status_pause = std::chrono::milliseconds(200);
constexpr auto k_look_up = std::chrono::milliseconds(200);  // for signals

}  // namespace

DeployRun::DeployRun(const DeployRequest& request, const DeployPorts& ports)
    : request_(request), ports_(ports), settled_(request.targets.size(), 0), earlier_(request.targets.size()) {
    record_.run = request.run;
    record_.commit = request.commit;
    record_.purpose = request.purpose;
    record_.strategy = std::string(word(request.policy.strategy));
    view_.since = ports.clock.steady();
    for (std::size_t n = 0; n < request.targets.size(); ++n) {
        sessions_.push_back(std::make_unique<DeployHostSession>(
            request, request.targets[n], ports, [this, n](const DeployHostRecord& record) { changed(n, record); }));
        if (request.targets[n].until_landed) sessions_.back()->wait_for_landing([this] { return wait_for_landing(); });
        record_.hosts.push_back(sessions_.back()->record());
    }
    record_.hosts.insert(record_.hosts.end(), request.lost.begin(), request.lost.end());
}

DeployRun::~DeployRun() {
    for (auto& thread : threads_) thread.join();
}

Millis DeployRun::now() const {
    return std::chrono::duration_cast<Millis>(ports_.clock.now().time_since_epoch());
}

void DeployRun::changed(std::size_t target, const DeployHostRecord& record) {
    const std::lock_guard lock(mutex_);
    const bool ended = record.outcome && record_.hosts[target].outcome != record.outcome;
    const auto wave = record_.hosts[target].wave;
    record_.hosts[target] = record;
    record_.hosts[target].wave = wave;
    dirty_ = true;
    view_host(target);
    if (ended) tell_end(target);
    news_.notify_all();
}

void DeployRun::tell_end(std::size_t target) {
    const auto& record = record_.hosts[target];
    const bool good = is_success(*record.outcome);
    ports_.events.on(
        Notice{!good, fmt::format("{}: {}{}", record.name, replace_all(std::string(word(*record.outcome)), "_", " "),
                                  record.detail.empty() ? "" : ": " + record.detail)});
    // Of a host that we were torn away from nothing is known: its switch stays open, and `resume` looks at it.
    const bool torn_away = *record.outcome == HostOutcome::unknown && ports_.interrupted && ports_.interrupted() != 0;
    if (torn_away || record.open) return;
    if (earlier_[target] == record.outcome) return;  // written down, with what ran before
    (void)ports_.store.journal("outcome", "deploy-host",
                               journal_data({{"host", record.name},
                                             {"outcome", std::string(word(*record.outcome))},
                                             {"from", record.from},
                                             {"to", record.to},
                                             {"running", record.running},
                                             {"wave", record.wave},
                                             {"detail", record.detail}}));
}

Result<void> DeployRun::find_hands() {
    LOCKSTEP_TRY(hands_, lockstep::find_hands(request_, ports_));
    for (std::size_t n = 0; n < sessions_.size(); ++n)
        if (const auto found = hands_.find(request_.targets[n].backend); found != hands_.end())
            sessions_[n]->use(found->second);
    for (const auto& notice : hands_notices(hands_, request_)) ports_.events.on(Notice{false, notice});
    return {};
}

void DeployRun::probe_all() {
    ports_.events.on(Notice{false, "asking " + plural(sessions_.size(), "host")});
    in_parallel(sessions_.size(), request_.probes, [&](std::size_t n) {
        if (settled_[n] == 0 && !sessions_[n]->seen()) (void)sessions_[n]->probe();
    });
}

bool DeployRun::has_failed(std::size_t host) const {
    const auto& outcome = record_.hosts[host].outcome;
    if (!outcome || host >= request_.targets.size()) return outcome && is_failure(*outcome);
    return counts_as_failure(deploy_host_of(request_.targets[host]), *outcome);
}

DeployHost DeployRun::plan_host(std::size_t target) const {
    const auto& wish = request_.targets[target];
    const auto& session = *sessions_[target];
    auto host = deploy_host_of(wish);
    host.unchanged = session.is_unchanged() || is_pending(target);
    host.critical = session.record().reboot_reasons;
    // A canary on this machine is refused when its turn comes; a wave of its own would wait for ever for the others.
    host.last = session.is_own_machine() && !wish.until_landed;
    return host;
}

Result<void> DeployRun::plan() {
    hold_back();
    DeployFleet fleet;
    for (std::size_t n = 0; n < sessions_.size(); ++n) {
        if (settled_[n] != 0) continue;
        of_plan_.push_back(n);
        fleet.push_back(plan_host(n));
        plan_earlier(n, fleet.back());
        if (fleet.back().last) {
            LOCKSTEP_TRY_VOID(check_own_machine(hands_, request_.targets[n]));
        }
    }
    auto policy = request_.policy;
    // Canaries that an earlier process has settled are not asked for a second time.
    std::erase_if(policy.canary_hosts, [&](const std::string& name) {
        for (std::size_t n = 0; n < sessions_.size(); ++n)
            if (request_.targets[n].name == name) return settled_[n] != 0;
        return false;
    });
    open_windows(policy);
    const auto earlier = before(fleet);
    LOCKSTEP_TRY(plan_, plan_waves(std::move(fleet), policy, earlier));
    for (const auto& wave : plan_.waves)
        for (const auto host : wave.hosts) record_.hosts[of_plan_[host]].wave = wave.name;
    record_.plan = plan_lines(plan_);
    tell_windows();
    for (auto& notice : hands_notices(hands_, request_)) record_.plan.push_back(std::move(notice));
    show_earlier();
    return {};
}

void DeployRun::post(const DeployEvent& event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(event);
    news_.notify_all();
}

void DeployRun::spawn(std::function<DeployEvent()> work) {
    threads_.emplace_back([this, work = std::move(work)] { post(work()); });
}

void DeployRun::settle_held(bool accepted) {
    for (auto& each : sessions_)
        if (each->record().outcome == HostOutcome::inconclusive) (void)each->settle_held(accepted);
}

/// Hosts wait for a limited time: what went back meanwhile is no base to go on from, whatever was answered.
void DeployRun::accept_held() {
    for (DeployIndex host = 0; host < of_plan_.size(); ++host) {
        if (session(host).record().outcome != HostOutcome::inconclusive) continue;
        const auto outcome = session(host).settle_held(true);
        if (!is_success(outcome)) post(DeployEvent::ended(now(), host, outcome));
    }
}

/// First whoever has to agree, then the hooks.
GateAnswer DeployRun::answer_before_wave(const DeployAction& action) {
    auto given = GateAnswer::approved;
    if (asks_[action.wave] != 0 && request_.terms.signed_only)
        given = signed_answer(action);
    else if (asks_[action.wave] != 0)
        given =
            ports_.ask
                ? ports_.ask(fmt::format("begin {}: {}?", plan_.waves[action.wave].name, plan_.waves[action.wave].gate))
                : GateAnswer::unanswered;
    if (given == GateAnswer::approved && !hooks_before_wave(action.wave)) given = GateAnswer::refused;
    return given;
}

DeployEvent DeployRun::answer(const DeployAction& action) {
    if (action.question == GateQuestion::before_wave)
        return DeployEvent::answered(now(), action.gate, answer_before_wave(action));
    std::string question;
    if (action.question == GateQuestion::inconclusive) question = "the health of hosts could not be judged; go on?";
    if (action.question == GateQuestion::no_evidence) question = "no host of the canary was proved; go on?";
    const auto given = ports_.ask ? ports_.ask(question) : GateAnswer::unanswered;
    if (action.question == GateQuestion::inconclusive && given == GateAnswer::approved)
        accept_held();
    else if (action.question == GateQuestion::inconclusive)
        settle_held(false);
    return DeployEvent::answered(now(), action.gate, given);
}

void DeployRun::begin(const DeployAction& action) {
    using Kind = DeployAction::Kind;
    const auto host = action.host;
    switch (action.kind) {
        case Kind::begin_wave: {
            ports_.events.on(Notice{false, fmt::format("wave {}: {}", plan_.waves[action.wave].name,
                                                       plural(plan_.waves[action.wave].hosts.size(), "host"))});
            write_wave(action.wave);
            const std::lock_guard lock(mutex_);
            view_wave(action.wave);
            break;
        }
        case Kind::copy:
            return spawn([this, host] {
                const auto outcome = session(host).bring();
                return outcome ? DeployEvent::ended(now(), host, *outcome) : DeployEvent::copied(now(), host);
            });
        case Kind::activate:
            return spawn([this, host] { return DeployEvent::ended(now(), host, activate(session(host))); });
        case Kind::check:
            return spawn([this, host] { return DeployEvent::checked(now(), host, session(host).check()); });
        case Kind::roll_back:
            return spawn([this, host] { return DeployEvent::ended(now(), host, roll_back(session(host))); });
        case Kind::ask:
            return spawn([this, action] { return answer(action); });
        case Kind::wait:
            wake_ = action.until;
            break;
        case Kind::end_wave:  // nothing is in flight
            if (action.complete) write_wave_end(action.wave);
            hooks_after_wave(action.wave);
            break;
        case Kind::finish:
            break;
    }
}

void DeployRun::write_status(bool now_or_never) {
    std::string text;
    {
        const std::lock_guard lock(mutex_);
        const auto time = ports_.clock.steady();
        if (!dirty_ || (!now_or_never && time - written_ < k_status_pause)) return;
        dirty_ = false;
        written_ = time;
        auto sorted = record_;
        std::sort(sorted.hosts.begin(), sorted.hosts.end(),
                  [](const auto& a, const auto& b) { return a.name < b.name; });
        text = deploy_status_json(sorted, ports_.clock.now());
    }
    (void)ports_.store.write_file("deployment-status.json", text);
}

void DeployRun::carry_out() {
    if (request_.dry_run) return;
    if (was_stopped()) return stay_stopped();
    gate_waves_for_hooks();
    engine_ = std::make_unique<DeployEngine>(plan_);
    bool cancelled = false;
    post(DeployEvent::started(now()));
    while (!engine_->finished()) {
        std::optional<DeployEvent> event;
        {
            std::unique_lock lock(mutex_);
            if (events_.empty()) news_.wait_for(lock, k_look_up);
            // A signal first: what hosts say since then begins nothing.
            if (!cancelled && ports_.interrupted && ports_.interrupted() != 0) {
                cancelled = true;
                event = DeployEvent::cancel(now());
            } else if (!events_.empty()) {
                event = events_.front();
                events_.pop_front();
            }
        }
        if (!event && wake_ && now() >= *wake_) {
            wake_.reset();
            event = DeployEvent::time(now());
        }
        if (event) {
            const auto actions = engine_->apply(*event);
            if (!cancelled) tell_stop();
            for (const auto& action : actions) begin(action);
        }
        write_status(false);
        ask_for_landing();
    }
    ask_for_landing();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    settle_held(false);
    end_hooks();
    const auto verdict = engine_->verdict();
    record_.exit = verdict.exit;
    record_.reason = verdict.reason;
    if (verdict.stop == DeployStop::refused && !hook_refusal_.empty()) record_.reason = hook_refusal_;
    if (verdict.stop == DeployStop::no_window && request_.calendar)
        record_.reason += "; " + window_words(*request_.calendar, now());
    if (verdict.stop == DeployStop::stopped) undo_earlier();
    for (DeployIndex host = 0; host < of_plan_.size(); ++host) {
        const auto& state = engine_->hosts()[host];
        if (!session(host).record().outcome && state.outcome) session(host).set_outcome(*state.outcome);
        if (state.outcome == HostOutcome::unhealthy && session(host).record().outcome != state.outcome)
            session(host).give_up();
    }
}

DeployRecord DeployRun::result() {
    if (ports_.show) ports_.show({});
    in_parallel(sessions_.size(), request_.probes, [&](std::size_t n) { sessions_[n]->close(); });
    bool person = false, failure = false, waits = false;
    for (std::size_t n = 0; n < record_.hosts.size(); ++n) {
        const auto& host = record_.hosts[n];
        if (!host.outcome) continue;
        person = person || needs_person(*host.outcome);
        waits = waits || *host.outcome == HostOutcome::not_started || *host.outcome == HostOutcome::deferred;
        failure = failure || has_failed(n);
    }
    if (record_.exit == ExitCode::internal) record_.exit = ExitCode::ok;
    // As the engine judges, with hosts that it does not know because an earlier process has settled them.
    if (waits && !failure && record_.exit == ExitCode::ok) record_.exit = ExitCode::approval_missing;
    if (failure && record_.exit == ExitCode::ok) record_.exit = ExitCode::deploy_rolled_back;
    if (person) record_.exit = ExitCode::deploy_unknown;
    record_.finished = true;
    dirty_ = true;
    write_status(true);
    std::sort(record_.hosts.begin(), record_.hosts.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    (void)ports_.store.write_file("deployment-report.md", deploy_markdown(record_));
    return record_;
}

DeployHost deploy_host_of(const DeployTarget& target) {
    DeployHost host;
    host.name = target.name;
    host.after = target.after;
    host.optional = target.optional;
    host.offline_ok = target.offline_ok;
    host.approval = target.approval;
    host.risk = target.risk;
    host.expected_copy = target.expected_copy;
    host.expected_activate = target.expected_activate;
    return host;
}

Result<DeployRecord> run_deploy(const DeployRequest& request, const DeployPorts& ports, const DeployBegun& begun) {
    DeployRun run(request, ports);
    LOCKSTEP_TRY_VOID(run.find_hands());
    run.take_up(begun);
    run.probe_all();
    LOCKSTEP_TRY_VOID(run.plan());
    // What was agreed to, or is not any more, keeps no host from going back.
    if (run.check_terms() || run.was_stopped()) run.carry_out();
    return run.result();
}

}  // namespace lockstep
