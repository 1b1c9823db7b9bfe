// SPDX-License-Identifier: MIT
// The host's side of a switch: a supervisor that activates, waits for the word that it was proved, then makes it
// permanent or goes back; a watchdog for when the supervisor dies; and short questions to both. Nothing depends on a
// connection that stays.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/adapters/deploy_probe.hpp"

namespace lockstep::deploy {

enum class SwitchAction {
    switch_to,  ///< activate, prove, make permanent
    test,       ///< activate, prove, keep until the next boot
    boot,       ///< boot entry and profile only: nothing to prove before the reboot
};
[[nodiscard]] std::string_view word(SwitchAction action);  ///< "switch", "test", "boot"

/// Seconds on the host; each is the most that a step may take.
struct SwitchLimits {
    int activate = 300;  ///< the activation
    int confirm = 60;    ///< from then until the ack
    int hold = 0;        ///< > 0: after the ack it waits so long for `commit`, else it goes back
    int commit = 120;    ///< each of the three steps
    int rollback = 300;  ///< the old system's activation
    int watchdog = 0;    ///< from the start; 0 = activate + confirm + hold + 5
    [[nodiscard]] int watchdog_after() const { return watchdog > 0 ? watchdog : activate + confirm + hold + 5; }
};

struct SwitchRequest {
    std::string run;    ///< [A-Za-z0-9._-], at most 64; also names units and folders on the host
    std::string token;  ///< from switch_token; orders must carry it
    std::string new_path, old_path;
    SwitchAction action = SwitchAction::switch_to;
    SwitchLimits limits;
    bool no_check = false;  ///< NIXOS_NO_CHECK=1: switch although inhibited
};
[[nodiscard]] bool is_run_name(std::string_view text);
/// Of a run on a host for a path; `secret` makes it one that others on the host cannot guess.
[[nodiscard]] std::string switch_token(std::string_view run, std::string_view host, std::string_view path,
                                       std::string_view secret);

/// Takes the host, arms the watchdog, starts the supervisor; returns at once.
[[nodiscard]] Command start_command(const SshTarget& target, const SwitchRequest& request, const std::string& nonce);

enum class StartResult {
    started,
    already,            ///< this run has the host: look at its state
    held,               ///< another run has it (`holder`)
    drifted,            ///< not the old path runs
    switch_locked,      ///< a switch-to-configuration of somebody else is under way
    candidate_missing,  ///< the new path is not there
    not_started,        ///< the host could not: `why`
};
struct Started {
    StartResult result = StartResult::not_started;
    std::string why, holder, holder_state;
    bool holder_alive = false;
};
[[nodiscard]] std::optional<Started> parse_started(std::string_view text, std::string_view nonce);

enum class SwitchPhase {
    none,      ///< the host knows nothing of this run (also after a reboot)
    starting,  ///< accepted, not begun
    activating,
    awaiting,  ///< active; waits for the ack
    held,      ///< proved; waits for commit or release
    committing,
    rolling_back,
    // Nothing happens any more in these:
    committed,        ///< permanent
    tested,           ///< kept until the next boot
    boot_set,         ///< the boot entry and profile are the new ones; the old system runs
    reboot_needed,    ///< refused live (exit code 100); nothing was changed
    rolled_back,      ///< the old path runs, and is the profile's and the boot loader's again
    rollback_failed,  ///< hands are needed
    unknown,          ///< a word that we do not know
};
[[nodiscard]] bool is_final(SwitchPhase phase);
[[nodiscard]] std::string_view name_of(SwitchPhase phase);

struct SwitchState {
    SwitchPhase phase = SwitchPhase::none;
    std::string run, action, reason, by;  ///< `by`: "supervisor" or "watchdog"
    std::optional<int> rc;                ///< of the new system's activation (4: units failed)
    std::optional<int> rollback_rc;
    std::uint64_t since = 0;                ///< seconds after the host's start, as `uptime` and `deadline`
    std::uint64_t uptime = 0;               ///< now
    std::optional<std::uint64_t> deadline;  ///< until when an order is awaited
    std::string new_path, old_path;         ///< as the run was told
    bool boot_written = false;              ///< a boot entry or profile may be the new one
    bool supervisor_alive = false, watchdog_armed = false;
    std::string holder;  ///< the run that has the host, "" = none
    // Read at the same moment:
    std::string boot_id, running, booted, profile;
    std::uint64_t log_size = 0;
    std::optional<bool> ordered;  ///< of an order that went along: whether it was written down
};

[[nodiscard]] Command state_command(const SshTarget& target, Connection connection, const std::string& run,
                                    const std::string& nonce);
enum class SwitchOrder {
    ack,      ///< it was proved
    commit,   ///< the end of `held`
    release,  ///< go back now
};
/// Writes the order down, then reads the state. Orders count only while they are awaited, and once.
[[nodiscard]] Command order_command(const SshTarget& target, Connection connection, const SwitchRequest& request,
                                    SwitchOrder order, const std::string& nonce);
[[nodiscard]] std::optional<SwitchState> parse_state(std::string_view text, std::string_view nonce);

struct LogChunk {
    std::string text;        ///< raw; may end in the middle of a line
    std::uint64_t next = 0;  ///< the offset to go on from
    std::uint64_t size = 0;  ///< of the whole log
};
[[nodiscard]] Command log_command(const SshTarget& target, const std::string& run, std::uint64_t offset,
                                  std::uint64_t most, const std::string& nonce);
[[nodiscard]] std::optional<LogChunk> parse_log(std::string_view text, std::string_view nonce, std::uint64_t offset);

/// For a run whose host is under way with nobody in charge (not `supervisor_alive`, not `watchdog_armed`): goes back
/// now. Answers before it is done.
[[nodiscard]] Command settle_command(const SshTarget& target, const std::string& run, const std::string& nonce);
enum class Settled {
    going_back,  ///< started; the state tells the end
    ended,       ///< nothing was under way any more
    nothing,     ///< the host knows nothing of this run
    in_charge,   ///< supervisor or watchdog live: give an order, or wait
    refused,     ///< the host could not
};
[[nodiscard]] std::optional<Settled> parse_settled(std::string_view text, std::string_view nonce);
/// Removes what the run left on the host; does nothing while it is under way.
[[nodiscard]] Command clean_command(const SshTarget& target, const std::string& run, const std::string& nonce);

/// True when it is gone, false when the run is under way.
[[nodiscard]] std::optional<bool> parse_cleaned(std::string_view text, std::string_view nonce);

// ── before and after ───────────────────────────────────────────────────────────────────────────────────────────────

/// Keeps both paths from the garbage collector until unpin or clean.
[[nodiscard]] Command pin_command(const SshTarget& target, const std::string& run, const std::string& new_path,
                                  const std::string& old_path, const std::string& nonce);
[[nodiscard]] Command unpin_command(const SshTarget& target, const std::string& run, const std::string& nonce);
/// True when every path that was given is pinned; nullopt as ever.
[[nodiscard]] std::optional<bool> parse_pinned(std::string_view text, std::string_view nonce);

/// A reboot a second later, which ends the boot `boot_id` and no other: asked again, it happens once. `boot_id` in the
/// answer is the one that must change.
[[nodiscard]] Command reboot_command(const SshTarget& target, const std::string& run, const std::string& boot_id,
                                     const std::string& nonce);
struct Rebooting {
    std::string boot_id;
    bool under_way = false;
};
[[nodiscard]] std::optional<Rebooting> parse_rebooting(std::string_view text, std::string_view nonce);

/// What the new system says that a switch would do. `limit`: seconds for each of the two questions.
[[nodiscard]] Command ask_command(const SshTarget& target, const std::string& new_path, bool no_check,
                                  const std::string& nonce);

/// Unit names by what happens to them, from the words of switch-to-configuration (Perl and Rust, "would stop the
/// following units: a, b" and "stopping the following units: …"). Reading only: nothing is decided on text.
struct UnitLists {
    std::vector<std::string> stop, start, restart, reload, not_restarted, failed, started;
    bool restart_systemd = false;
    std::vector<std::string> inhibitors;  ///< "dbus-implementation : dbus -> broker"
};
[[nodiscard]] UnitLists parse_unit_lists(std::string_view text);

struct Asked {
    bool check_known = false;  ///< the system knows the word `check`
    int check_rc = 0;
    std::string check_text;
    int dry_rc = -1;
    std::string dry_text;
    UnitLists units;         ///< of the dry activation
    bool inhibited = false;  ///< its checks refuse a live switch
};
[[nodiscard]] std::optional<Asked> parse_asked(std::string_view text, std::string_view nonce);

}  // namespace lockstep::deploy
