// SPDX-License-Identifier: MIT
// What a host says about itself, in one answer to one question that changes nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lockstep/adapters/deploy.hpp"
#include "lockstep/core/fleet_record.hpp"

namespace lockstep::deploy {

struct ProbeRequest {
    std::string nonce;
    std::string candidate;                  ///< a store path to look for, "" = none
    std::vector<std::string> busy_files;    ///< present = not now; names without white space
    std::string busy_command;               ///< for sh; exit code ≠ 0 = not now
    int busy_limit = 20;                    ///< seconds for busy_command, where the host has `timeout`
    ProfileType type = ProfileType::nixos;  ///< whose profile, and which link leads to what runs
};
[[nodiscard]] Command probe_command(const SshTarget& target, Connection connection, const ProbeRequest& request);

/// What a change of it needs a reboot for: name ("kernel", "initrd", "kernel-modules", "kernel-params", "systemd") →
/// store path or text.
using BootParts = std::map<std::string, std::string>;

struct Space {
    std::optional<std::uint64_t> total, free;  ///< bytes
    std::optional<std::uint64_t> free_inodes;  ///< nullopt also when the file system counts none
};

/// Texts are cleaned, one line, and bounded. Paths are "" unless they are store paths, so that none of them can be
/// anything else in a command line.
struct HostProbe {
    std::string boot_id, machine_id, hostname, user, kernel, os, machine;
    bool root = false;
    bool nixos = false;
    std::string running, booted, profile;  ///< store paths; "" = there is none
    std::string profile_link;              ///< "system-42-link"
    std::string profile_system;            ///< the system behind the profile, which may be a wrapper of it
    std::map<int, std::string> generations;
    BootParts booted_parts, running_parts, candidate_parts;

    bool systemd = false;
    std::string systemd_version;
    std::string system_state;                              ///< "running", "degraded", …; "" = not known
    std::optional<std::vector<std::string>> failed_units;  ///< nullopt: not known

    Space store, boot;
    std::string nix_version;  ///< "nix (Nix) 2.8.0"; "" = no Nix

    std::optional<bool> switch_locked;  ///< of switch-to-configuration itself
    std::string switch_lock_owner;      ///< process, and what it is
    std::string holder, holder_state;   ///< the run that has this host ("" = none), and how far it got
    bool holder_alive = false;          ///< someone on the host is in charge of it
    std::map<std::string, std::string> known_runs;
    std::vector<std::string> busy;  ///< why not now
    bool busy_known = false;

    std::optional<bool> candidate_present, candidate_valid, candidate_switchable;
    std::uint64_t uptime_seconds = 0;
    std::int64_t clock = 0;  ///< seconds since 1970, as the host sees it

    /// The profile is that system, or a wrapper whose links lead into it.
    [[nodiscard]] bool profile_holds(const std::string& path) const {
        return !path.empty() && (profile == path || profile_system == path);
    }
    /// The generation whose link points at the running system; nullopt when none does. Not the newest one.
    [[nodiscard]] std::optional<int> running_generation() const;
};

/// stdout of probe_command. nullopt: cut off, not our answer, or larger than any answer is (1 MiB).
[[nodiscard]] std::optional<HostProbe> parse_probe(std::string_view text, std::string_view nonce);

/// Names of the parts by which the candidate differs from what was booted; empty when a reboot is not needed. Parts
/// that one side does not name are left out.
[[nodiscard]] std::vector<std::string> reboot_reasons(const BootParts& booted, const BootParts& candidate);

/// The version in the store path of a system's kernel; "" when it names none.
[[nodiscard]] std::string kernel_version(const BootParts& parts);
/// "6.1.55 → 6.6.1", "another build" of the same version; "" = the same, or one of them is not known.
[[nodiscard]] std::string kernel_change(const BootParts& before, const BootParts& after);

// ── answers of scripts ─────────────────────────────────────────────────────────────────────────────────────────────

/// "key=percent-encoded" lines up to the line "end=NONCE", in order; `rest` is what follows it.
struct Answer {
    std::vector<std::pair<std::string, std::string>> fields;
    std::string_view rest;

    /// The first of that name; "" when absent.
    [[nodiscard]] std::string get(std::string_view key) const;
    [[nodiscard]] bool has(std::string_view key) const;
    [[nodiscard]] std::vector<std::string> all(std::string_view key) const;
    [[nodiscard]] std::optional<std::uint64_t> number(std::string_view key) const;
};
[[nodiscard]] std::optional<Answer> parse_answer(std::string_view text, std::string_view nonce);
/// "/nix/store/HASH-NAME" and nothing more: no other characters, no subdirectory.
[[nodiscard]] bool is_store_path(std::string_view text);

}  // namespace lockstep::deploy
