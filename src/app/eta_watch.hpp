// SPDX-License-Identifier: MIT
// Listens to the events of a proof and tells how much longer it will take.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lockstep/app/prove.hpp"

namespace lockstep {

/// Passes every event on to `next`, and adds EtaChanged every few seconds at the most. Thread-safe. Does nothing of its
/// own without anything remembered. What is referred to must outlive it.
class EtaWatch final : public EventSink {
public:
    EtaWatch(const ProveRequest& request, const Clock& clock, EventSink& next);
    void on(const Event& event) noexcept override;
    /// These derivations are to be built.
    void planned(const std::vector<std::string>& drvs);

private:
    using Time = std::chrono::steady_clock::time_point;
    void take(const Event& event);
    std::optional<EtaChanged> due();

    const ProveRequest& request_;
    const Clock& clock_;
    EventSink& next_;
    std::mutex mutex_;
    std::set<std::string> hosts_;                        ///< not evaluated
    std::map<std::string, std::string> builds_;          ///< drv → name, not built
    std::map<std::string, Time> evaluating_, building_;  ///< since when; by host, by drv
    std::optional<Time> told_;
    bool silent_;
};

}  // namespace lockstep
