// SPDX-License-Identifier: MIT
// land.after: canary, by the whole program and by its coordinator alone.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "deploy/deploy_aside.hpp"
#include "deploy/deploy_program.hpp"

namespace lockstep::test {

/// A fleet that runs v1, whose update v2 waits in its input.
struct WaitingUpdate {
    explicit WaitingUpdate(const std::string& settings, const std::map<std::string, std::string>& modes = {},
                           const std::vector<std::string>& hosts = {"canary1", "web1"})
        : program(hosts, settings, modes) {
        program.follow_input("v1");
        before = program.base();
        program.publish("v2");
        v1 = program.lab.system({.name = "v1"});
    }
    ProgramEnd run(const std::vector<std::string>& more = {}, const std::string& failpoint = "") {
        std::vector<std::string> arguments{"run", "--forge", "directory:" + (program.lab.dir() / "forge").string()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return program.run(arguments, failpoint);
    }
    /// Base does not move, whoever pushes.
    std::filesystem::path forbid_base() {
        auto hook = program.lab.dir() / "fleet.git/hooks/update";
        write_file(hook, "#!/bin/sh\n[ \"$1\" != refs/heads/main ] || { echo not tonight >&2; exit 1; }\n");
        std::filesystem::permissions(hook, std::filesystem::perms::owner_all);
        return hook;
    }
    LabHost& host(const std::string& name) { return program.lab.host(name); }
    LabHost& canary() { return host("canary1"); }
    void expect_old(const std::string& name) {
        EXPECT_EQ(host(name).running(), v1) << name;
        EXPECT_EQ(host(name).profile(), v1) << name;
        EXPECT_EQ(host(name).boot_default(), v1) << name;
    }
    /// What the forge shows beside the commit and the pull request.
    nlohmann::json status(const std::string& commit) {
        return nlohmann::json::parse(read_file(program.lab.dir() / "forge/statuses" / (commit + ".json")), nullptr,
                                     false);
    }
    nlohmann::json pull() {
        return nlohmann::json::parse(read_file(program.lab.dir() / "forge/pulls/1/pull.json"), nullptr, false);
    }
    /// The old system of a host does not start any more.
    void break_old(const std::string& name) {
        const auto mode = v1 + "/lab-mode";
        host(name).sh("mount -o remount,rw /nix/store 2>/dev/null; chmod u+w " + mode + "; echo fail2 >" + mode);
    }
    std::string pull_body() { return read_file(program.lab.dir() / "forge/pulls/1/body.md"); }

    DeployProgram program;
    std::string before, v1;
};

/// Hosts that wait for a landing.
struct WaitingHosts : DeployScene {
    LabHost& wait(const std::string& name, const std::string& mode = "ok", int hold = 30) {
        auto& host = add(name, mode);
        target(name).until_landed = true;
        target(name).limits.hold = hold;
        return host;
    }
};

}  // namespace lockstep::test
