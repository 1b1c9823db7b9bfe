// SPDX-License-Identifier: MIT
// What somebody who watches a deploy is shown: who is at which stage since when, and how long it may take yet.
#include <algorithm>

#include <fmt/format.h>

#include "app/deploy_run.hpp"

namespace lockstep {

namespace {

Millis usual_time(const DeployTarget& target, const std::string& stage) {
    if (stage == "copy") return target.expected_copy;
    return stage == "activate" ? target.expected_activate : Millis{0};
}

}  // namespace

/// With the lock held.
void DeployRun::view_host(std::size_t target) {
    const auto& host = record_.hosts[target];
    const auto found = std::find_if(view_.busy.begin(), view_.busy.end(),
                                    [&](const DeployView::Host& busy) { return busy.name == host.name; });
    const bool busy = !host.stage.empty() && !host.outcome;
    if (found != view_.busy.end() && busy && found->stage == host.stage) return;
    if (found != view_.busy.end()) view_.busy.erase(found);
    if (busy)
        view_.busy.push_back(
            {host.name, host.stage, ports_.clock.steady(), usual_time(request_.targets[target], host.stage)});
    view_.hosts = record_.hosts.size();
    const auto count = [&](auto&& holds) {
        return static_cast<std::size_t>(std::count_if(record_.hosts.begin(), record_.hosts.end(), holds));
    };
    view_.ended = count([](const auto& each) { return each.outcome.has_value(); });
    view_.failed = count([](const auto& each) { return each.outcome && is_failure(*each.outcome); });
    if (ports_.show) ports_.show(view_);
}

/// With the lock held. A time is only told when something is known of earlier deploys.
void DeployRun::view_wave(std::uint32_t wave) {
    view_.wave = fmt::format("{} ({} of {})", plan_.waves[wave].name, wave + 1, plan_.waves.size());
    Millis left{0};
    bool known = false;
    for (auto at = wave; at < plan_.waves.size(); ++at) {
        left += plan_.waves[at].expected;
        for (const auto host : plan_.waves[at].hosts) known = known || plan_.hosts[host].expected_activate > Millis{0};
    }
    view_.end.reset();
    if (known) view_.end = ports_.clock.steady() + left;
    if (ports_.show) ports_.show(view_);
}

}  // namespace lockstep
