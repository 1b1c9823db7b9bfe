// SPDX-License-Identifier: MIT
// Where runs live, what they are called, and which of them are kept.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "lockstep/core/result.hpp"

namespace lockstep {

/// The directory of everything that lockstep remembers: $STATE_DIRECTORY (systemd's StateDirectory=, first entry),
/// which is the service's own and wins; else $XDG_STATE_HOME/lockstep, else ~/.local/state/lockstep. Errors (config):
/// none of them is set.
[[nodiscard]] Result<std::filesystem::path> state_root(const std::function<std::string(const char*)>& getenv);

/// The name of a repository's directory: readable, and unique for host and path of the address. User, password, scheme,
/// case of the host and a ".git" at the end make no difference: it is the same repository by https and by ssh, and with
/// a new token.
[[nodiscard]] std::string repository_key(std::string_view remote_url);

/// "20261121T020000Z-1a2b3c": sorts by time, also within a second (the first two digits after the dash count in 4 ms).
[[nodiscard]] std::string new_run_id(std::chrono::system_clock::time_point now);
[[nodiscard]] bool is_run_id(std::string_view name);

/// 128 random bits in hex.
[[nodiscard]] std::string random_hex();

/// Whether the process that writes the run in this directory is alive: its journal is locked.
[[nodiscard]] bool run_is_alive(const std::filesystem::path& run);

/// What `resume` calls a journal that it set aside because it is damaged.
inline constexpr const char* k_damaged_journal = "journal.damaged.jsonl";

/// Whether there was such a process and it is gone: its journal, set aside or not, is there, and nobody locks it.
[[nodiscard]] bool run_is_dead(const std::filesystem::path& run);

/// Deletes all but the `keep` newest runs below `runs`; never `current`, a run that is still alive (its journal is
/// locked), a symbolic link, or anything that is not named like a run. What cannot be deleted stays.
void prune_runs(const std::filesystem::path& runs, int keep, const std::string& current);

}  // namespace lockstep
