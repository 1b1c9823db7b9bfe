// SPDX-License-Identifier: MIT
// A deploy as a story for people, one line for each thing that happens.
#pragma once

#include <string>
#include <vector>

#include "lockstep/core/deploy_engine.hpp"

namespace lockstep {

class DeployStory {
public:
    /// The plan has to outlive the story. Times are told from `start` on.
    DeployStory(const DeployPlan& plan, Millis start) : plan_(plan), start_(start) {}

    /// What an event, that the engine knows already, means.
    void tell(const DeployEvent& event, const DeployEngine& engine);
    void begin(const DeployAction& action, Millis now);
    void stopped(Millis now, const DeployVerdict& verdict);
    /// Hosts that were not started, and the sum.
    void end(const DeployVerdict& verdict, const DeployEngine& engine, Millis now);

    [[nodiscard]] std::vector<std::string> lines() && { return std::move(lines_); }

private:
    void line(Millis now, const std::string& text);

    const DeployPlan& plan_;
    Millis start_;
    std::vector<std::string> lines_;
};

}  // namespace lockstep
