// SPDX-License-Identifier: MIT
// Deploying as a translator: data → Command, text → data. It never runs anything. A host needs OpenSSH, Nix and a POSIX
// shell; with systemd the work is done in units, without in sessions. Every script ends its answer with a line that
// carries the nonce of the question: without it the answer is nothing (nullopt), never a part taken for the whole.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lockstep/adapters/nix.hpp"
#include "lockstep/ports/process.hpp"

namespace lockstep::deploy {

// ── reaching a host ────────────────────────────────────────────────────────────────────────────────────────────────

/// One address of one host, and how to get in. Nothing of the user's ssh configuration is read unless `config_file`
/// says so.
struct SshTarget {
    bool local =
        false;         ///< this very machine: a shell instead of ssh, and nothing below but `host` and `become` counts
    std::string host;  ///< name or address; of several addresses the one in use
    int port = 0;      ///< 0 = ssh's own default
    std::string user;  ///< "" = ours
    std::string identity_file;
    std::string known_hosts_file;      ///< keys pinned for the fleet; never written to
    std::string host_key_alias;        ///< the name it has in there, when not `host`
    std::string jump;                  ///< user@host:port[,…]
    std::vector<std::string> options;  ///< "Name=value", before ours: the first value counts in ssh
    std::string config_file;           ///< "" = none
    std::string control_path;          ///< "" = no multiplexing; a path of at most 90 bytes
    std::string become;                ///< what runs a command as root: "" (we are root), "sudo -n"
    Millis connect_timeout{10'000};
    /// A connection that says nothing for about this long is taken for dead.
    Millis alive_limit{30'000};

    bool operator==(const SshTarget&) const = default;
};

enum class Connection {
    shared,  ///< over the control path, opened when there is none
    fresh,   ///< a TCP connection of its own: an old one still works when new ones are dropped (proofs)
};

/// ssh with a command for the host's login shell: words are quoted for it. No terminal, no questions.
[[nodiscard]] Command ssh_command(const SshTarget& target, Connection connection, const std::vector<std::string>& argv);
/// ssh with `sh -s`, the script on its standard input: assignments of the parameters, then the text.
[[nodiscard]] Command ssh_script(const SshTarget& target, Connection connection,
                                 const std::vector<std::pair<std::string, std::string>>& parameters,
                                 std::string_view script);
/// argv of ssh for a person who sits in front of it: what it asks is asked, and nothing is shared. `words`: a command
/// instead of a shell, quoted for the host's; `terminal`: it gets one there.
[[nodiscard]] std::vector<std::string> ssh_session_argv(const SshTarget& target, const std::vector<std::string>& words,
                                                        bool terminal);
/// Ends the shared connection, if there is one.
[[nodiscard]] Command ssh_close_command(const SshTarget& target);
/// The options of a connection, as ssh takes them ("-F", "/dev/null", "-o", …): for NIX_SSHOPTS and for people.
[[nodiscard]] std::vector<std::string> ssh_options(const SshTarget& target, Connection connection);
/// The same of a shared connection as a configuration file, for programs that cannot be given such options.
[[nodiscard]] std::string ssh_config_text(const SshTarget& target);

/// Why ssh itself failed (exit code 255, or our own limits), by its error text.
enum class ReachTrouble {
    none,         ///< the command ran; its exit code is the command's
    unreachable,  ///< no route, refused, timed out, no such name: the command did not run
    host_key,     ///< the key is not the pinned one, or none is pinned
    refused,      ///< the host does not let us in: key, user
    lost,         ///< the connection ended: the command may have run
};
[[nodiscard]] ReachTrouble judge_ssh(const ExitStatus& status, std::string_view stderr_text);

// ── bringing a system ──────────────────────────────────────────────────────────────────────────────────────────────

struct HostCopy {
    std::vector<std::string> paths;  ///< never empty
    bool substitute = true;          ///< the host fetches from its own caches what they have
    bool ssh_ng = true;              ///< false: the older ssh:// protocol
    /// Only a root or trusted user may leave the check out; say so in the report.
    bool check_signatures = true;
    /// A file with ssh_config_text: needed behind a jump host, and when a path in the target holds white space, because
    /// Nix cuts NIX_SSHOPTS at white space. "" = options.
    std::string config_file;
    bool progress = false;       ///< records on stderr (nix::parse_log_line): bytes done, and no silence while it works
    std::string remote_program;  ///< of the protocol, when not on the host's PATH
    Millis timeout{0};           ///< 0 = none
    Millis silence{0};           ///< 0 = none; only with `progress`
};
[[nodiscard]] Command host_copy_command(const nix::Setup& setup, const SshTarget& target, const HostCopy& request);
/// "ssh-ng://root@web1:2222" has no port in Nix 2.8: the port travels by NIX_SSHOPTS.
[[nodiscard]] std::string host_store_url(const SshTarget& target, bool ssh_ng);
/// Asked on the host: exit code 0 when each path is valid there.
[[nodiscard]] Command host_validity_command(const SshTarget& target, const std::vector<std::string>& paths);

// ── commands that need root, for `doctor` and for the rules of a deploy user ──────────────────────────────────────

/// argv shapes behind `become`; a `*` stands for a store path or the name of a run. They are kept from version to
/// version: fleets pin them.
[[nodiscard]] std::vector<std::vector<std::string>> privileged_shapes();
/// `sudo -n -l -- ARGV` for each shape, with an example of a run and of a path in place of the stars.
[[nodiscard]] std::vector<std::vector<std::string>> privilege_questions(const std::string& path);

}  // namespace lockstep::deploy
