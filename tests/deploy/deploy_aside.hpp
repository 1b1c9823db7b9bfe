// SPDX-License-Identifier: MIT
// A deploy on a thread of its own, held at a named step while the test does something to the hosts: machines of the lab
// belong to the thread that starts them, so the test's own thread has to be free.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "deploy/deploy_scene.hpp"

namespace lockstep::test {

/// Deploys; when `step` is reached for the first time, `there` is called on this thread, and then the deploy goes on.
inline void deploy_with(DeployScene& scene, const std::string& step, const std::function<void()>& there,
                        const std::vector<OpenSwitch>& open = {}) {
    std::promise<void> reached, go_on;
    std::atomic<bool> first{true};
    auto released = go_on.get_future().share();
    scene.failpoint = [&](std::string_view at) -> Result<void> {
        if (at != step || !first.exchange(false)) return {};
        reached.set_value();
        released.wait();
        return {};
    };
    auto arrived = reached.get_future();
    std::atomic<bool> over{false};
    std::thread deploying([&] {
        scene.deploy(open);
        over = true;
    });
    using namespace std::chrono_literals;
    while (!over && arrived.wait_for(10ms) != std::future_status::ready) {
    }
    if (first)
        ADD_FAILURE() << step << " was never reached";
    else
        there();
    go_on.set_value();
    deploying.join();
    scene.failpoint = nullptr;
}

/// Deploys, while `meanwhile` is called on this thread from the moment that `when` holds.
inline void deploy_while(DeployScene& scene, const std::function<bool()>& when, const std::function<void()>& meanwhile,
                         const std::vector<OpenSwitch>& open = {}) {
    std::thread deploying([&] { scene.deploy(open); });
    if (eventually(when))
        meanwhile();
    else
        ADD_FAILURE() << "the moment never came";
    deploying.join();
}

/// What the journal so far says to another process of the run.
inline DeployBegun begun_so_far(const DeployScene& scene) {
    std::vector<JournalRecord> records;
    for (const auto& line : scene.store.lines()) {
        auto& record = records.emplace_back();
        record.kind = line.kind;
        record.step = line.step;
        record.data_json = line.data;
    }
    return deploy_begun(records);
}

/// How often a step stands in a host's trace.
inline int times(const LabHost& host, const std::string& step) {
    int found = 0;
    for (const auto& each : host.steps()) found += each == step ? 1 : 0;
    return found;
}

}  // namespace lockstep::test
