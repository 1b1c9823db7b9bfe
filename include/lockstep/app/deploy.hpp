// SPDX-License-Identifier: MIT
// Bringing proved systems onto hosts: from a request and ports to a record. Nothing is built or evaluated here.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/adapters/deploy_switch.hpp"
#include "lockstep/app/deploy_terms.hpp"
#include "lockstep/app/hooks.hpp"
#include "lockstep/core/deploy_past.hpp"
#include "lockstep/core/deploy_policy.hpp"
#include "lockstep/core/deploy_record.hpp"
#include "lockstep/core/deploy_view.hpp"
#include "lockstep/core/deploy_waves.hpp"
#include "lockstep/core/fleet_record.hpp"
#include "lockstep/core/host_health.hpp"
#include "lockstep/ports/clock.hpp"
#include "lockstep/ports/events.hpp"
#include "lockstep/ports/process.hpp"
#include "lockstep/ports/run_store.hpp"

namespace lockstep {

enum class RebootWish { never, if_needed, always };

/// A host, and how its switch is to go.
struct DeployTarget {
    std::string name;
    std::string path;                          ///< the system that was proved for it
    deploy::BootParts parts;                   ///< of that system, as this machine's store has it; may be empty
    std::vector<deploy::SshTarget> addresses;  ///< tried in this order; never empty
    std::vector<std::string> after;            ///< names of hosts that come first
    bool optional = false, offline_ok = false;
    std::string approval;
    DeployRisk risk = DeployRisk::by_change;
    Millis expected_copy{0}, expected_activate{0};  ///< from earlier deploys; 0: not known
    deploy::SwitchAction action = deploy::SwitchAction::switch_to;
    RebootWish reboot = RebootWish::never;
    Millis reboot_within{600'000};
    deploy::SwitchLimits limits;
    std::vector<std::string> degraded_ok;  ///< globs of units whose failure is accepted
    bool accept_drift = false;             ///< whatever runs there now is what it goes back to
    bool substitute = true, check_signatures = true, ssh_ng = true;
    Millis copy_timeout{3'600'000};
    bool until_landed = false;    ///< once proved it waits at DeployPorts::land before anything is permanent
    DeploySoak soak;              ///< and is looked at before that
    Millis reach_within{30'000};  ///< how long a host that does not answer is asked again
    std::vector<std::string> busy_files;
    std::string busy_command;
    HealthPolicy health;
    ProfileType type = ProfileType::nixos;
    std::string backend = "embedded";      ///< a name of deploy::backends()
    std::string node, attribute;           ///< what a foreign program calls it; its attribute of nixosConfigurations
    std::vector<std::string> ssh_configs;  ///< for a foreign program: a file for each of `addresses`
};

struct DeployRequest {
    std::string run, commit;
    /// go_back: paths of targets are on the hosts, or it is refused. restart: they are what the next boot starts.
    DeployPurpose purpose = DeployPurpose::deploy;
    std::string secret;  ///< orders to hosts carry a hash of it
    nix::Setup setup;
    DeployPolicy policy;
    std::vector<DeployTarget> targets;
    /// Hosts that an earlier process of the run had touched, and that are no targets any more: they are part of the
    /// record, and count.
    std::vector<DeployHostRecord> lost;
    /// What ran on a host when an earlier run left it there; another system is drift. Hosts that are not named here
    /// have no past.
    std::map<std::string, std::string> expected;
    std::map<std::string, std::string> expected_after_boot;  ///< what the run left to the next boot: no drift either
    std::size_t probes = 16;                                 ///< at the same time
    Millis poll{500};                                        ///< between two looks at a switch that is under way
    std::string machine_id;                                  ///< of the machine that this runs on: it goes last
    bool dry_run = false;                                    ///< plan only: hosts are probed, nothing is changed
    bool stage = false;       ///< of a dry run: copies the systems, so that they can be asked about units
    std::string proof, tool;  ///< the run that proved the systems, and our version: for the plan's file
    std::map<std::string, std::string> policy_words;  ///< keys of the configuration that the plan depends on
    DeployTerms terms;
    /// When waves may be begun, of the two weeks from now on; none: at any time. Nobody waits for a window that is not
    /// open when the deploy begins.
    std::optional<std::vector<DeployWindow>> calendar;
    std::string flake;    ///< of the proved commit, for foreign programs that evaluate again
    bool landed = false;  ///< hosts with `until_landed` need not wait: an earlier process landed the update
};

struct DeployPorts {
    ProcessRunner& processes;
    RunStore& store;
    Clock& clock;
    EventSink& events;
    /// Checks from the runner, called from several threads. Empty: they cannot be answered.
    std::function<bool(const std::string& host, int port, Millis limit)> connects;
    std::function<std::optional<int>(const std::string& url, Millis limit)> http_status;
    std::function<int()> interrupted;
    std::function<Result<void>(std::string_view step)> failpoint;
    /// Asked at gates. Empty: nobody answers.
    std::function<GateAnswer(const std::string& question)> ask;
    /// Called before the machine that this runs on is switched, perhaps more than once: somebody who goes on when the
    /// switch ends this process is there when it returns without an error. Empty: nobody is needed.
    std::function<Result<void>()> stand_in = {};
    /// Before and after waves and hosts; those of the run are its caller's. nullptr: there are none.
    Hooks* hooks = nullptr;
    /// Shown to whoever watches, on every change; must return quickly. May be empty.
    std::function<void(const DeployView&)> show = {};
    /// Asked once, when every host with `until_landed` was proved and waits. Not asked when one failed.
    std::function<LandingAnswer()> land = {};
};

/// What the wave plan is made from, as far as nobody was asked yet.
[[nodiscard]] DeployHost deploy_host_of(const DeployTarget& target);

/// Deploys. `begun`: what an earlier process of the run has left; hosts whose switch it had begun are looked at first
/// and brought to an end without a second try. Always returns a record.
/// Errors (config): a plan that cannot be made; nothing was touched.
[[nodiscard]] Result<DeployRecord> run_deploy(const DeployRequest& request, const DeployPorts& ports,
                                              const DeployBegun& begun = {});

}  // namespace lockstep
