// SPDX-License-Identifier: MIT
// 10,000 random fleets (fewer under sanitizers) with random endings in random order: the rules hold at every step,
// every run ends, and telling a fresh engine the same events leads to the same end.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "deploy_watch.hpp"

namespace lockstep {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint32_t k_fleets = 1'000;
#else
constexpr std::uint32_t k_fleets = 10'000;
#endif

struct Run {
    std::vector<DeployEvent> events;
    std::vector<DeployAction> actions;
    std::size_t cut = 0;  ///< after so many events somebody looks at what is open
    std::vector<DeployAction> open_at_cut;
};

/// Plays the hosts and the people.
class Play {
public:
    Play(DeployDice& dice, const RandomDeploy& deploy, const DeployPlan& plan)
        : dice_(dice), deploy_(deploy), plan_(plan), engine_(plan), watch_(deploy, plan) {}

    std::string run() {
        const auto most = 100 + plan_.hosts.size() * 20;
        run_.cut = 1 + dice_.below(4 * plan_.hosts.size() + 4);
        const auto cancel_at = deploy_.cancels ? dice_.below(4 * plan_.hosts.size() + 4) : most;
        tell(DeployEvent::started(now_), {});
        while (!engine_.finished()) {
            if (!watch_.complaint().empty()) return watch_.complaint();
            if (run_.events.size() > most) return "it does not end";
            if (run_.events.size() == cancel_at)
                tell(DeployEvent::cancel(now_), {});
            else if (open_.empty())
                return "nothing is open and it has not ended";
            else
                answer_one();
        }
        return watch_.complaint();
    }

    const Run& record() const { return run_; }
    const DeployEngine& engine() const { return engine_; }
    const DeployWatch& watch() const { return watch_; }

private:
    template <class List>
    typename List::value_type one_of(const List& list) {
        return list[dice_.below(list.size())];
    }

    void answer_one() {
        auto at = dice_.below(open_.size());
        if (open_[at].kind == DeployAction::Kind::wait && open_.size() > 1 && dice_.chance(0.9))
            at = (at + 1) % open_.size();
        const auto action = open_[at];
        open_[at] = open_.back();
        open_.pop_back();
        now_ += Millis{dice_.below(10'000)};
        tell(answer(action), action);
    }

    DeployEvent answer(const DeployAction& action) {
        const auto wrong = dice_.chance(deploy_.failing);
        switch (action.kind) {
            case DeployAction::Kind::copy:
                return wrong ? DeployEvent::ended(now_, action.host, one_of(k_untouched))
                             : DeployEvent::copied(now_, action.host);
            case DeployAction::Kind::activate:
                return DeployEvent::ended(now_, action.host,
                                          wrong ? one_of(k_all_host_outcomes) : HostOutcome::confirmed);
            case DeployAction::Kind::roll_back:
                return DeployEvent::ended(now_, action.host,
                                          wrong && dice_.chance(0.2) ? one_of(k_lost) : HostOutcome::rolled_back);
            case DeployAction::Kind::check:
                return DeployEvent::checked(now_, action.host,
                                            wrong && dice_.chance(0.5) ? one_of(k_unwell) : DeployHealth::pass);
            case DeployAction::Kind::ask:
                return DeployEvent::answered(now_, action.gate,
                                             dice_.chance(0.03) ? one_of(k_no) : GateAnswer::approved);
            default:
                now_ = std::max(now_, action.until);
                return DeployEvent::time(now_);
        }
    }

    void tell(const DeployEvent& event, const DeployAction& answered) {
        run_.events.push_back(event);
        watch_.before(event, answered);
        const auto actions = engine_.apply(event);
        watch_.after(actions, now_);
        run_.actions.insert(run_.actions.end(), actions.begin(), actions.end());
        if (event.kind == DeployEvent::Kind::cancel)  // nobody is asked or waited for any more
            open_.erase(
                std::remove_if(open_.begin(), open_.end(), [](const auto& action) { return action.host == k_no_host; }),
                open_.end());
        for (const auto& action : actions)
            if (action.host != k_no_host || action.kind == DeployAction::Kind::ask ||
                action.kind == DeployAction::Kind::wait)
                open_.push_back(action);
        if (run_.events.size() == run_.cut) run_.open_at_cut = engine_.open();
    }

    static constexpr std::array k_untouched = {HostOutcome::unreachable, HostOutcome::failed,   HostOutcome::refused,
                                               HostOutcome::drifted,     HostOutcome::deferred, HostOutcome::unchanged};
    static constexpr std::array k_lost = {HostOutcome::rollback_failed, HostOutcome::unknown, HostOutcome::unreachable};
    static constexpr std::array k_unwell = {DeployHealth::fail, DeployHealth::fail, DeployHealth::inconclusive};
    static constexpr std::array k_no = {GateAnswer::refused, GateAnswer::unanswered};

    DeployDice& dice_;
    const RandomDeploy& deploy_;
    const DeployPlan& plan_;
    DeployEngine engine_;
    DeployWatch watch_;
    Run run_;
    std::vector<DeployAction> open_;
    Millis now_{0};
};

std::string check_partition(const DeployPlan& plan) {
    std::vector<int> seen(plan.hosts.size());
    for (std::size_t wave = 0; wave < plan.waves.size(); ++wave) {
        if (plan.waves[wave].hosts.empty()) return "a wave is empty";
        for (const auto at : plan.waves[wave].hosts) {
            ++seen[at];
            if (plan.wave_of[at] != wave) return "wave_of is wrong";
            if (plan.hosts[at].unchanged) return "an unchanged host is in a wave";
        }
    }
    for (const auto at : plan.skipped) seen[at] += plan.hosts[at].unchanged ? 1 : 100;
    return std::all_of(seen.begin(), seen.end(), [](int count) { return count == 1; })
               ? ""
               : "a host is not in exactly one wave";
}

/// Which ending follows from what went wrong.
std::string check_stop(const DeployWatch& watch, const DeployVerdict& verdict) {
    const auto stop = verdict.stop;
    if (watch.froze()) return stop == DeployStop::frozen ? "" : "a failed rollback did not freeze";
    if (stop == DeployStop::frozen) return "frozen without a failed rollback";
    if (watch.ended_early()) return stop == DeployStop::none ? "somebody ended it and it did not stop" : "";
    const auto must_stop = watch.exceeded() || watch.refused_pause();
    if (must_stop != (stop == DeployStop::stopped)) return "stopped although not exceeded, or the other way round";
    return stop <= DeployStop::no_window || must_stop ? "" : "stopped for no reason";
}

std::string check_end(const DeployPlan& plan, const DeployEngine& engine, const DeployWatch& watch) {
    const auto verdict = engine.verdict();
    std::size_t sum = 0;
    for (const auto count : verdict.counts) sum += count;
    if (sum != plan.hosts.size()) return "the outcomes are not a closed set";
    if (!engine.open().empty()) return "something is open at the end";
    for (DeployIndex at = 0; at < plan.hosts.size(); ++at) {
        const auto& state = engine.hosts()[at];
        if (state.stage != DeployStage::ended || !state.outcome) return "a host has no outcome";
        if (verdict.stop == DeployStop::none && state.outcome == HostOutcome::not_started &&
            state.because == k_no_host && !watch.said_not_started(at))
            return "a host was not started for no reason";
        const auto in_scope = plan.policy.on_stop == OnStop::rollback_run ||
                              (plan.policy.on_stop == OnStop::rollback_wave && plan.wave_of[at] == watch.stop_wave());
        if (verdict.stop == DeployStop::stopped && in_scope && runs_candidate(*state.outcome))
            return "a host was not taken back";
    }
    return check_stop(watch, verdict);
}

std::string check_resume(const DeployPlan& plan, const Play& play) {
    const auto& run = play.record();
    DeployEngine again(plan);
    std::vector<DeployAction> actions;
    for (std::size_t at = 0; at < run.events.size(); ++at) {
        if (at == run.cut && again.open() != run.open_at_cut) return "after a restart other things are open";
        const auto said = again.apply(run.events[at]);
        actions.insert(actions.end(), said.begin(), said.end());
    }
    if (actions != run.actions) return "a fresh engine wants other things";
    if (again.hosts() != play.engine().hosts()) return "a fresh engine ends differently";
    return again.verdict() == play.engine().verdict() ? "" : "a fresh engine judges differently";
}

std::string check_one(std::uint32_t seed, std::size_t& hosts, std::size_t& events, std::array<std::size_t, 7>& stops) {
    DeployDice dice(seed);
    auto deploy = dice.deploy();
    const auto plan = plan_waves(std::move(deploy.fleet), deploy.policy);
    if (!plan.ok()) return "no plan: " + plan.error().what;
    hosts += plan->hosts.size();
    if (auto wrong = check_partition(*plan); !wrong.empty()) return wrong;
    Play play(dice, deploy, *plan);
    if (auto wrong = play.run(); !wrong.empty()) return wrong;
    events += play.record().events.size();
    ++stops[static_cast<std::size_t>(play.engine().verdict().stop)];
    if (auto wrong = check_end(*plan, play.engine(), play.watch()); !wrong.empty()) return wrong;
    return check_resume(*plan, play);
}

TEST(DeployProperties, HoldForTenThousandRandomFleets) {
    const auto* only = std::getenv("LOCKSTEP_TEST_SEED");
    const auto first = only == nullptr ? 0U : static_cast<std::uint32_t>(std::atol(only));
    const auto last = only == nullptr ? k_fleets : first + 1;
    std::size_t hosts = 0;
    std::size_t events = 0;
    std::array<std::size_t, 7> stops{};
    const auto start = std::clock();  // of the processor: other work on the machine is not ours
    for (auto seed = first; seed < last; ++seed)
        ASSERT_EQ(check_one(seed, hosts, events, stops), "") << "LOCKSTEP_TEST_SEED=" << seed << " repeats it";
    const auto took = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    std::printf("%u fleets, %zu hosts, %zu events in %.1f s of the processor; endings:", last - first, hosts, events,
                took);
    for (std::size_t stop = 0; stop < stops.size(); ++stop) {
        const auto name = word(static_cast<DeployStop>(stop));
        std::printf(" %.*s %zu", static_cast<int>(name.size()), name.data(), stops[stop]);
        EXPECT_TRUE(only != nullptr || stops[stop] > k_fleets / 500) << name << ": the fleets are not random enough";
    }
    std::printf("\n");
}

}  // namespace
}  // namespace lockstep
