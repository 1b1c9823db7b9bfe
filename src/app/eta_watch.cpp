// SPDX-License-Identifier: MIT
// What waits and what runs, from events.
#include "app/eta_watch.hpp"

#include "lockstep/core/derivation.hpp"
#include "lockstep/core/eta.hpp"

namespace lockstep {

namespace {
constexpr auto k_period = std::chrono::seconds(2);
}

EtaWatch::EtaWatch(const ProveRequest& request, const Clock& clock, EventSink& next)
    : request_(request), clock_(clock), next_(next), silent_(request.memory == nullptr) {
    for (const auto& target : request.targets) hosts_.insert(target.name);
}

void EtaWatch::planned(const std::vector<std::string>& drvs) {
    const std::lock_guard lock(mutex_);
    for (const auto& drv : drvs) builds_.emplace(drv, derivation_name(drv));
    told_.reset();
}

void EtaWatch::take(const Event& event) {
    if (const auto* eval = std::get_if<EvalStarted>(&event)) {
        evaluating_[eval->host] = clock_.steady();
        hosts_.erase(eval->host);
    } else if (const auto* evaluated = std::get_if<EvalEnded>(&event)) {
        evaluating_.erase(evaluated->host);
        hosts_.erase(evaluated->host);
    } else if (const auto* build = std::get_if<BuildStarted>(&event)) {
        building_[build->drv] = clock_.steady();
    } else if (const auto* built = std::get_if<BuildEnded>(&event)) {
        building_.erase(built->drv);
        builds_.erase(built->drv);
    }
}

std::optional<EtaChanged> EtaWatch::due() {
    const auto now = clock_.steady();
    if (silent_ || (told_ && now - *told_ < k_period)) return std::nullopt;
    told_ = now;
    const auto since = [&](Time time) { return std::chrono::duration_cast<Millis>(now - time); };
    RemainingWork work{.slots = request_.slots, .evaluators = request_.evaluators};
    work.evaluations.assign(hosts_.begin(), hosts_.end());
    for (const auto& [host, time] : evaluating_) work.evaluating.push_back({host, since(time)});
    for (const auto& [drv, name] : builds_)
        if (building_.count(drv) == 0) work.builds.push_back(name);
    for (const auto& [drv, time] : building_) work.building.push_back({std::string(derivation_name(drv)), since(time)});
    return EtaChanged{remaining_time(*request_.memory, work)};
}

void EtaWatch::on(const Event& event) noexcept {
    next_.on(event);
    std::optional<EtaChanged> eta;
    try {
        const std::lock_guard lock(mutex_);
        take(event);
        if (std::holds_alternative<BuildStarted>(event) || std::holds_alternative<BuildEnded>(event) ||
            std::holds_alternative<EvalEnded>(event))
            eta = due();
    } catch (...) {  // NOLINT(bugprone-empty-catch): an estimate is not worth a run
    }
    if (eta) next_.on(*eta);
}

}  // namespace lockstep
