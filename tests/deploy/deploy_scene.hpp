// SPDX-License-Identifier: MIT
// Whole deploys over namespace hosts: the real sequence with the real supervisor of children, over real ssh, to hosts
// whose switch-to-configuration does what a test says.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "edges/supervisor.hpp"
#include "edges/system_clock.hpp"
#include "fakes/memory_store.hpp"
#include "lockstep/app/deploy.hpp"
#include "support/deploy_lab.hpp"

namespace lockstep::test {

/// Runs every child on the controller of a lab.
class OnController final : public ProcessRunner {
public:
    OnController(const DeployLab& lab, ProcessRunner& inner) : lab_(lab), inner_(inner) {}
    ChildId submit(Command command, OnOutput on_output, OnExit on_exit) override;
    void stop(ChildId id) override { inner_.stop(id); }
    void stop_all(bool hard) override { inner_.stop_all(hard); }
    /// Labels of what was run so far.
    [[nodiscard]] std::vector<std::string> labels() const;

    Env extra;  ///< of every child, after the lab's
    /// Asked before each child; true: it fails at once. Set before anything is run.
    std::function<bool()> refuses;

private:
    const DeployLab& lab_;
    ProcessRunner& inner_;
    mutable std::mutex mutex_;
    std::vector<std::string> labels_;
};

struct DeployScene : EventSink {
    DeployScene();
    ~DeployScene() override;

    /// A host that runs system "v1" and is to get "v2", whose activation goes as the mode says.
    LabHost& add(const std::string& name, const std::string& new_mode = "ok", const std::string& old_mode = "ok",
                 LabHostOptions options = {});
    /// The same with the new system described.
    LabHost& add(const std::string& name, LabSystem new_system, const std::string& old_mode = "ok",
                 LabHostOptions options = {});
    [[nodiscard]] DeployTarget& target(const std::string& name);
    [[nodiscard]] const std::string& v1(const std::string& name) const { return old_.at(name); }
    [[nodiscard]] const std::string& v2(const std::string& name) const { return new_.at(name); }

    /// What became of it. `step` of the named failpoint is called before the deploy goes on.
    DeployRecord deploy(const std::vector<OpenSwitch>& open = {}, const std::vector<DeployHostRecord>& past = {});
    DeployRecord deploy(const DeployBegun& begun);
    /// The host's entry; fails the test when there is none.
    [[nodiscard]] const DeployHostRecord& host(const std::string& name) const;
    [[nodiscard]] HostOutcome outcome(const std::string& name) const;
    /// What runs, what the profile says, and what the report says, in three assertions.
    void expect_new(const std::string& name, HostOutcome outcome = HostOutcome::confirmed) const;
    void expect_old(const std::string& name, HostOutcome outcome = HostOutcome::rolled_back) const;

    void on(const Event& event) noexcept override;

    DeployLab lab;
    SystemClock clock;
    Supervisor supervisor;
    OnController children;
    fakes::MemoryStore store;
    DeployRequest request;
    std::function<Result<void>(std::string_view)> failpoint;
    std::function<GateAnswer(const std::string&)> ask;
    std::function<int()> interrupted;
    Hooks* with_hooks = nullptr;
    std::function<LandingAnswer()> land;
    DeployRecord record;

private:
    std::map<std::string, std::string> old_, new_;
};

}  // namespace lockstep::test
