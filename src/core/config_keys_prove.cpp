// SPDX-License-Identifier: MIT
// Keys of the proof, of Nix, and of what is kept afterwards.
#include "core/config_keys_rows.hpp"

namespace lockstep::keys {

namespace {

ConfigKey nix_options_key() {
    ConfigKey key{.path = "nix.options", .type = KeyType::text_map};
    key.doc =
        "Options of nix.conf, given to every Nix command as `--option NAME VALUE`. Entries of a later source are added "
        "to those "
        "of an earlier one. The repository's own file may not set options that run programs, carry secrets or move "
        "trust.";
    key.set = [](Config& config, const RawValue& raw) -> Complaint {
        std::vector<std::pair<std::string, std::string>> entries;
        if (auto complaint = read(raw, entries)) return complaint;
        if (auto complaint = nix_options(entries)) return complaint;
        for (auto& [name, value] : entries) config.nix.options[name] = value;
        return std::nullopt;
    };
    key.show = [](const Config& config) { return show(config.nix.options); };
    return key;
}

}  // namespace

void add_prove(std::vector<ConfigKey>& table) {
    table.push_back(integer("prove.slots", LOCKSTEP_FIELD(prove.slots), 0, 1024,
                            "Builds at once; 0 is as many as there are cores."));
    table.push_back(integer("prove.evaluators", LOCKSTEP_FIELD(prove.evaluators), 0, 256,
                            "Evaluation processes at once; 0 is what cores and memory allow."));
    table.push_back(
        duration("prove.build_timeout", LOCKSTEP_FIELD(prove.build_timeout), "Longest time for one derivation."));
    table.push_back(duration("prove.silent_timeout", LOCKSTEP_FIELD(prove.silent_timeout),
                             "Longest time that one derivation may build without writing to its log."));
    table.push_back(
        duration("prove.eval_timeout", LOCKSTEP_FIELD(prove.eval_timeout), "Longest time to evaluate one target."));
    table.push_back(
        size("prove.log_limit", LOCKSTEP_FIELD(prove.log_limit), 4ULL << 10, 16ULL << 30,
             "Bytes kept of one derivation's log, from its head and its tail. A longer log fails nothing."));
    table.push_back(size(
        "prove.evaluation_memory", LOCKSTEP_FIELD(prove.evaluation_memory), 0, 1ULL << 50,
        "Memory for all evaluation processes together; 0 is three quarters of what is free. A host that outgrows it "
        "is tried once more, alone."));
    table.push_back(
        duration_or_zero("prove.failure_memory", LOCKSTEP_FIELD(prove.failure_memory),
                         "How long a derivation whose builder failed is not built again; `0s` tries again at once."));
    table.push_back(list("prove.flaky", LOCKSTEP_FIELD(prove.flaky), globs,
                         "Derivations that deserve a second try when their builder fails. Globs over names without "
                         "the hash."));
    table.push_back(integer("prove.retries", LOCKSTEP_FIELD(prove.retries), 0, 10,
                            "Further tries after trouble of the network, a cache, memory, disk or the Nix daemon."));
    table.push_back(duration("prove.retry_pause", LOCKSTEP_FIELD(prove.retry_pause),
                             "Wait before the first of these tries; doubled each time."));
    table.push_back(integer("prove.tail_lines", LOCKSTEP_FIELD(prove.tail_lines), 0, 1000,
                            "Last lines of the log that are shown for each cause of failure."));
    table.push_back(size("prove.min_free", LOCKSTEP_FIELD(prove.min_free), 0, 1ULL << 50,
                         "Space that must stay free where the store, Nix's build directory and the run's own files "
                         "are: below it a run does not start to build, or stops building. `0B` switches the check "
                         "off."));
    table.push_back(integer("prove.min_free_inodes", LOCKSTEP_FIELD(prove.min_free_inodes), 0, 1'000'000'000,
                            "Inodes that must stay free there; 0 switches the check off."));
}

void add_keep(std::vector<ConfigKey>& table) {
    table.push_back(boolean("lock.remote", LOCKSTEP_FIELD(lock.remote),
                            "Keep runs of other machines off while a run proves and lands, by a ref "
                            "`refs/lockstep/lock/…` on the remote. Without it, the base branch is still only moved "
                            "from where the run started."));
    table.push_back(duration("lock.expires", LOCKSTEP_FIELD(lock.expires),
                             "When another machine may take the lock of a run that never gave it back. Longer than "
                             "any run takes."));
    table.push_back(integer("keep.generations", LOCKSTEP_FIELD(keep.generations), 0, 1000,
                            "Landed generations of each host that garbage collections on this machine spare; 0 is "
                            "none."));
    table.push_back(
        machine_only(with_pattern(text("cache.to", LOCKSTEP_FIELD(cache.to), store_address,
                                       "Nix store that proved hosts are copied to while others still build, such as "
                                       "`file:///srv/cache`, `s3://bucket` or `ssh-ng://host`; empty is none."),
                                  "^((file|s3|https?|ssh|ssh-ng|local|unix)://[^ @#]*(@[^ @#]*)?)?$")));
    table.push_back(
        machine_only(text("cache.signing_key_file", LOCKSTEP_FIELD(cache.signing_key_file), path_or_empty,
                          "File with the secret key that signs what is copied, mode 0600; empty is unsigned.")));
    table.push_back(boolean("cache.passing_hosts_of_red_runs", LOCKSTEP_FIELD(cache.passing_hosts_of_red_runs),
                            "Copy the hosts that build even when others fail and the update does not land."));
    table.push_back(duration("cache.timeout", LOCKSTEP_FIELD(cache.timeout), "Longest time for one copy."));
}

void add_nix(std::vector<ConfigKey>& table) {
    table.push_back(machine_only(text("nix.bin_dir", LOCKSTEP_FIELD(nix.bin_dir), path_or_empty,
                                      "Directory with the `nix` programs to use; empty is whatever `PATH` finds.")));
    table.push_back(boolean("nix.impure", LOCKSTEP_FIELD(nix.impure), "Evaluate with `--impure`."));
    table.push_back(boolean("nix.accept_flake_config", LOCKSTEP_FIELD(nix.accept_flake_config),
                            "Use the settings in the flake's `nixConfig`, such as its binary caches."));
    table.push_back(nix_options_key());
}

}  // namespace lockstep::keys
