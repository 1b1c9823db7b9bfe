// SPDX-License-Identifier: MIT
// The validated wish of a run. Defaults stand here, beside each field; the table of keys (config_keys.hpp) names them
// for the file, the environment, the schema and the documentation.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lockstep/core/deploy_policy.hpp"
#include "lockstep/core/fleet_record.hpp"

namespace lockstep {

enum class ForeignPolicy { require, evaluate, ignore };
enum class SignPolicy { automatic, always, never };  ///< automatic: as git's commit.gpgsign says
enum class LandMode { push, pull_request };          ///< pull_request: green updates become a pull request too
enum class LandAfter { builds, canary };             ///< canary: the update is proved on hosts before base moves
enum class HookFailure { stop, warn };               ///< stop: what a failed hook comes before is not begun
enum class NotifyWhen { always, change, trouble };   ///< change: another verdict than that of the run before
enum class Toggle { automatic, on, off };

struct Config {
    // Repository
    std::string remote = "origin";
    std::string base;                              ///< "" = the remote's default branch
    std::string flake;                             ///< sub-directory of the flake, "" = root
    std::string branch = "flake-update/%Y-%m-%d";  ///< strftime template
    std::string time_zone = "UTC";
    Toggle submodules = Toggle::automatic;  ///< automatic: when the base commit has .gitmodules

    struct Run {
        std::chrono::milliseconds deadline{0};                                ///< for the whole run; 0 = none
        std::chrono::milliseconds publish_reserve = std::chrono::minutes(2);  ///< of it, for what comes after the proof

        bool operator==(const Run&) const = default;
    } run;

    // Update
    struct Update {
        std::vector<std::string> inputs;             ///< only these direct inputs; empty = all
        std::vector<std::string> exclude;            ///< direct inputs to leave alone (globs)
        std::string subject = "flake.lock: Update";  ///< {inputs}, {count}, {date}, {flake} are replaced
        std::chrono::milliseconds timeout = std::chrono::minutes(10);
        int attempts = 3;  ///< tries when a fetch fails

        bool operator==(const Update&) const = default;
    } update;

    struct Alarms {
        std::vector<std::string> stop = {"same-rev-other-hash", "moved", "hash-missing", "backwards",
                                         "plain-http"};  ///< globs of codes that keep an update from landing
        std::vector<std::string> ignore;                 ///< globs of codes that are not raised

        bool operator==(const Alarms&) const = default;
    } alarms;

    struct Commit {
        std::string name, email;  ///< "" = git's own identity
        SignPolicy sign = SignPolicy::automatic;

        bool operator==(const Commit&) const = default;
    } commit;

    // Targets
    struct Targets {
        std::vector<std::string> attributes = {"nixosConfigurations"};
        std::vector<std::string> include, exclude;  ///< globs
        std::vector<std::string> optional;          ///< globs: built and reported, but never decide
        ForeignPolicy foreign = ForeignPolicy::require;

        bool operator==(const Targets&) const = default;
    } targets;

    // Proof
    struct Prove {
        int slots = 0;       ///< builds at once; 0 = from cores
        int evaluators = 0;  ///< evaluation processes at once; 0 = from cores and memory
        std::chrono::milliseconds build_timeout = std::chrono::hours(6);      ///< per derivation
        std::chrono::milliseconds silent_timeout = std::chrono::minutes(60);  ///< per derivation
        std::chrono::milliseconds eval_timeout = std::chrono::minutes(20);    ///< per host
        std::uint64_t log_limit = 64ULL << 20;  ///< bytes kept per derivation log (head and tail); nothing fails
        std::uint64_t evaluation_memory = 0;  ///< bytes for all evaluators together; 0 = three quarters of what is free
        std::chrono::milliseconds failure_memory =
            std::chrono::hours(24);      ///< how long a builder's failure is believed
        std::vector<std::string> flaky;  ///< globs of derivation names that deserve a second try
        std::chrono::milliseconds retry_pause = std::chrono::seconds(5);  ///< before the first, doubled each time
        int retries = 2;                      ///< further tries after trouble of the infrastructure
        int tail_lines = 40;                  ///< last lines shown per cause
        std::uint64_t min_free = 2ULL << 30;  ///< bytes that stay free where Nix and the run write; 0 = off
        int min_free_inodes = 10'000;         ///< inodes likewise; 0 = off

        bool operator==(const Prove&) const = default;
    } prove;

    struct Lock {
        bool remote = true;                                          ///< also between machines, by a ref on the remote
        std::chrono::milliseconds expires = std::chrono::hours(12);  ///< when another machine may take it over

        bool operator==(const Lock&) const = default;
    } lock;

    struct Keep {
        int generations = 3;  ///< landed ones per host that garbage collections spare; 0 = none

        bool operator==(const Keep&) const = default;
    } keep;

    struct Cache {
        std::string to;                ///< Nix store URL that gets proved hosts; "" = none
        std::string signing_key_file;  ///< mode 0600; "" = none
        bool passing_hosts_of_red_runs = true;
        std::chrono::milliseconds timeout = std::chrono::hours(1);  ///< per copy

        bool operator==(const Cache&) const = default;
    } cache;

    struct Nix {
        std::string bin_dir;  ///< "" = PATH
        bool impure = false;
        bool accept_flake_config = false;
        std::map<std::string, std::string> options;  ///< passed as --option name value

        bool operator==(const Nix&) const = default;
    } nix;

    struct Land {
        LandMode mode = LandMode::push;
        LandAfter after = LandAfter::builds;
        int tries = 3;  ///< times that an update is proved when the base branch moves meanwhile

        bool operator==(const Land&) const = default;
    } land;

    struct Forge {
        std::string kind = "auto";  ///< auto, github, gitea, forgejo, directory:DIR, none
        std::string url;            ///< web root, sub-path included
        std::string token_file;     ///< mode 0600
        std::vector<std::string> failure_labels = {"build-failure", "needs-review"};
        std::vector<std::string> review_labels = {"needs-review"};  ///< green, but could not or should not be pushed
        bool statuses = true;
        int status_hosts = 5;  ///< commit statuses for the worst hosts
        bool attach_logs = true;
        std::chrono::milliseconds timeout = std::chrono::seconds(30);  ///< per request
        std::chrono::milliseconds budget = std::chrono::minutes(2);    ///< retries of one step

        bool operator==(const Forge&) const = default;
    } forge;

    struct Git {
        std::chrono::milliseconds timeout = std::chrono::minutes(10);  ///< per fetch or push

        bool operator==(const Git&) const = default;
    } git;

    struct Fleet {
        bool implicit = false;               ///< hosts that only the flake knows are deployed to as well
        Toggle colmena = Toggle::automatic;  ///< read the Colmena hive; automatic: when the flake has one
        Toggle deploy_rs = Toggle::automatic;
        FleetRecord defaults;
        std::map<std::string, FleetRecord> hosts;  ///< with an origin ("lockstep.yaml:12") for every field
        std::map<std::string, FleetTag> tags;

        bool operator==(const Fleet&) const = default;
    } fleet;

    struct Deploy {
        DeployStrategy strategy = DeployStrategy::smart;
        std::vector<std::string> batches;  ///< "3", "25%": sizes of the batches, the last one repeats
        std::vector<std::string> canary;   ///< names of hosts, or one size
        std::chrono::milliseconds soak{0};
        int soak_checks = 3;
        std::string tolerate = "0";
        std::string tolerate_total;  ///< "" = what tolerate says, of the run
        OnStop on_stop = OnStop::keep;
        std::vector<std::string> gates;  ///< "start", "after-canary", "every"
        int copies = 10, activations = 10;
        std::string known_hosts;  ///< file with the keys of the hosts
        std::string become;       ///< "sudo -n"
        bool substitute = true, check_signatures = true;
        std::chrono::milliseconds reach_within = std::chrono::seconds(30);
        std::chrono::milliseconds copy_timeout = std::chrono::hours(1);
        std::chrono::milliseconds activate_timeout = std::chrono::minutes(5);
        std::chrono::milliseconds confirm_timeout = std::chrono::minutes(1);  ///< then the host goes back by itself
        std::chrono::milliseconds hold_timeout = std::chrono::minutes(15);
        std::chrono::milliseconds commit_timeout = std::chrono::minutes(2);
        std::chrono::milliseconds rollback_timeout = std::chrono::minutes(5);
        std::chrono::milliseconds reboot_within = std::chrono::minutes(10);
        std::vector<std::string> health;  ///< checks, see host_health.hpp
        int health_passes = 2;
        std::chrono::milliseconds health_interval = std::chrono::seconds(2);
        std::chrono::milliseconds health_within = std::chrono::seconds(30);
        std::vector<std::string> degraded_ok;  ///< units whose failure is accepted; globs
        std::vector<std::string> busy_files;   ///< on the host: present = not now
        std::string busy_command;              ///< for sh there: exit code ≠ 0 = not now
        std::string backend = "embedded";      ///< one of deploy_backend_words()
        std::vector<std::string> windows;      ///< "mon-fri 02:00-05:00 Europe/Berlin"; none = always
        std::string approvers;                 ///< file of allowed signers; "" = approvals are not signed
        std::chrono::milliseconds approval_valid = std::chrono::hours(24);

        bool operator==(const Deploy&) const = default;
    } deploy;

    struct Hooks {
        std::vector<std::string> before_run, after_run, before_wave, after_wave, before_host, after_host;
        std::chrono::milliseconds timeout = std::chrono::minutes(5);  ///< each
        HookFailure on_failure = HookFailure::stop;

        bool operator==(const Hooks&) const = default;
    } hooks;

    struct Notify {
        NotifyWhen on = NotifyWhen::change;
        std::chrono::milliseconds timeout = std::chrono::seconds(5);  ///< each sink
        std::string pushgateway;                                      ///< web address
        std::string textfile;                                         ///< for node_exporter
        std::string slack_file;                                       ///< holds the address of a webhook; mode 0600
        std::string smtp;                                             ///< smtp://host[:port], smtps://…
        std::string mail_from;
        std::vector<std::string> mail_to;
        std::string nats;  ///< nats://host[:port]

        bool operator==(const Notify&) const = default;
    } notify;

    struct Report {
        int keep_runs = 20;
        std::uint64_t summary_limit = 900ULL << 10;

        bool operator==(const Report&) const = default;
    } report;

    bool operator==(const Config&) const = default;
};

}  // namespace lockstep
