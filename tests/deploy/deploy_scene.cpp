// SPDX-License-Identifier: MIT
#include "deploy/deploy_scene.hpp"

#include <gtest/gtest.h>

#include "support/deploy_site.hpp"
#include "support/run_program.hpp"

namespace lockstep::test {

ChildId OnController::submit(Command command, OnOutput on_output, OnExit on_exit) {
    {
        const std::lock_guard lock(mutex_);
        labels_.push_back(command.label);
    }
    if (refuses && refuses()) command.argv = {"false"};
    command.argv = lab_.on_controller(command.argv, command.cwd.empty() ? "/" : command.cwd);
    command.cwd.clear();
    auto env = lab_.environment();
    env.insert(env.end(), extra.begin(), extra.end());
    env.insert(env.end(), command.env_set.begin(), command.env_set.end());
    command.env_set = std::move(env);
    return inner_.submit(std::move(command), std::move(on_output), std::move(on_exit));
}

std::vector<std::string> OnController::labels() const {
    const std::lock_guard lock(mutex_);
    return labels_;
}

DeployScene::DeployScene() : supervisor(environment_with({})), children(lab, supervisor), store("run-1") {
    request.run = "run-1";
    request.commit = "c0ffee";
    request.secret = "secret";
    request.setup.version = nix::parse_version(lab.run({"nix", "--version"}).out).value();
    request.policy.strategy = DeployStrategy::parallel;
    request.poll = Millis(50);
}

DeployScene::~DeployScene() = default;

LabHost& DeployScene::add(const std::string& name, const std::string& new_mode, const std::string& old_mode,
                          LabHostOptions options) {
    return add(name, LabSystem{.name = "v2", .mode = new_mode}, old_mode, options);
}

LabHost& DeployScene::add(const std::string& name, LabSystem new_system, const std::string& old_mode,
                          LabHostOptions options) {
    auto& host = lab.host(name, options);
    old_[name] = lab.system({.name = "v1", .mode = old_mode});
    new_[name] = lab.system(new_system);
    host.install(old_[name]);
    DeployTarget target;
    target.name = name;
    target.path = new_[name];
    target.addresses = {target_of(lab, host)};
    target.limits = {.activate = 10, .confirm = 10, .hold = 0, .commit = 10, .rollback = 10, .watchdog = 0};
    target.check_signatures = false;
    target.reach_within = Millis(0);
    target.health.patience = Millis(4'000);
    target.health.interval = Millis(100);
    request.targets.push_back(std::move(target));
    return host;
}

DeployTarget& DeployScene::target(const std::string& name) {
    for (auto& target : request.targets)
        if (target.name == name) return target;
    ADD_FAILURE() << "no target " << name;
    return request.targets.front();
}

DeployRecord DeployScene::deploy(const std::vector<OpenSwitch>& open, const std::vector<DeployHostRecord>& past) {
    DeployBegun begun;
    begun.open = open;
    begun.ended = past;
    return deploy(begun);
}

DeployRecord DeployScene::deploy(const DeployBegun& begun) {
    DeployPorts ports{children, store, clock, *this, {}, {}, interrupted, failpoint, ask, {}, with_hooks, {}, land};
    auto done = run_deploy(request, ports, begun);
    EXPECT_TRUE(done.ok()) << done.error().what;
    record = done.ok() ? std::move(done).value() : DeployRecord{};
    return record;
}

const DeployHostRecord& DeployScene::host(const std::string& name) const {
    static const DeployHostRecord k_nobody;
    for (const auto& host : record.hosts)
        if (host.name == name) return host;
    ADD_FAILURE() << "no record of " << name;
    return k_nobody;
}

HostOutcome DeployScene::outcome(const std::string& name) const {
    const auto& found = host(name).outcome;
    EXPECT_TRUE(found) << name << " has no outcome";
    return found.value_or(HostOutcome::unknown);
}

void DeployScene::expect_new(const std::string& name, HostOutcome wanted) const {
    auto& there = const_cast<DeployLab&>(lab).host(name);
    EXPECT_EQ(there.running(), v2(name)) << name;
    EXPECT_EQ(there.profile(), v2(name)) << name;
    EXPECT_EQ(word(outcome(name)), word(wanted)) << host(name).detail;
}

void DeployScene::expect_old(const std::string& name, HostOutcome wanted) const {
    auto& there = const_cast<DeployLab&>(lab).host(name);
    EXPECT_EQ(there.running(), v1(name)) << name;
    EXPECT_EQ(there.profile(), v1(name)) << name;
    EXPECT_EQ(word(outcome(name)), word(wanted)) << host(name).detail;
}

void DeployScene::on(const Event&) noexcept {}

}  // namespace lockstep::test
