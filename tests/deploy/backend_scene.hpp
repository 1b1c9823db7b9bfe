// SPDX-License-Identifier: MIT
// A host that some backend deploys to. Foreign programs are fakes that log how they are called, do the documented steps
// over real ssh, and lie where a test says so.
#pragma once

#include <string>

#include "deploy/deploy_scene.hpp"
#include "lockstep/adapters/deploy_backend.hpp"

namespace lockstep::test {

struct BackendScene : DeployScene {
    /// `answers`: the file of tests/data/backends that tells version and flags; "" = the newest one.
    explicit BackendScene(const std::string& backend, const std::string& new_mode = "ok", std::string answers = "",
                          LabHostOptions options = {});

    /// good, nothing, hangs, half, complains, lies, hangs-after, other: see support/backends.
    void behave(const std::string& how) const;
    /// What it says that it would activate, and what it then activates.
    void foresee(const std::string& path) const;
    void activates(const std::string& path) const;
    /// The lines that it was called by.
    [[nodiscard]] std::string calls() const;
    /// Deploys, and gives the host's outcome.
    HostOutcome outcome_of_deploy();
    /// Why there is no plan; fails the test when there is one.
    Error refusal();
    [[nodiscard]] std::string wrapper() const { return wrapper_of(new_system()); }
    /// What was installed and what is wanted, by name.
    [[nodiscard]] const std::string& old_system() const { return v1("web1"); }
    [[nodiscard]] const std::string& new_system() const { return v2("web1"); }
    /// The system that the profile holds, also in a wrapper.
    [[nodiscard]] std::string profile_system() const;
    /// Questions to a system (`check`, `dry-activate`) touch nothing.
    [[nodiscard]] bool untouched() const;
    void expect_on_host(const std::string& running, const std::string& profile) const;

    const deploy::BackendRow& row;
    LabHost& host;

private:
    /// What deploy-rs makes of a system.
    [[nodiscard]] std::string wrapper_of(const std::string& path) const;
    void say(const std::string& file, const std::string& text) const;
};

}  // namespace lockstep::test
