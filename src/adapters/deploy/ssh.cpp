// SPDX-License-Identifier: MIT
// ssh command lines. The user's configuration is not read, hosts prove who they are by pinned keys, and a connection
// that hangs ends by itself.
#include <algorithm>

#include "adapters/deploy/scripts.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::deploy {

namespace {

std::string seconds(Millis time) {
    return std::to_string(std::max<std::int64_t>(1, (time.count() + 999) / 1000));
}

void add(std::vector<std::string>& into, const std::string& option) {
    into.emplace_back("-o");
    into.push_back(option);
}

/// A path as one word of ssh's configuration.
std::string config_word(const std::string& path) {
    return path.find_first_of(" \t") == std::string::npos ? path : "\"" + path + "\"";
}

/// What holds for each connection, to jump hosts too.
std::vector<std::string> common_options(const SshTarget& target) {
    std::vector<std::string> result{"-F", target.config_file.empty() ? "/dev/null" : target.config_file};
    for (const auto& option : target.options) add(result, option);
    for (const char* option : {"BatchMode=yes", "StrictHostKeyChecking=yes", "UpdateHostKeys=no", "ForwardAgent=no",
                               "ForwardX11=no", "PermitLocalCommand=no", "LogLevel=ERROR", "ConnectionAttempts=1"})
        add(result, option);
    if (!target.known_hosts_file.empty()) {
        add(result, "UserKnownHostsFile=" + config_word(target.known_hosts_file));
        add(result, "GlobalKnownHostsFile=/dev/null");
    }
    if (!target.identity_file.empty()) {
        add(result, "IdentityFile=" + config_word(target.identity_file));
        add(result, "IdentitiesOnly=yes");
        add(result, "IdentityAgent=none");
    }
    add(result, "ConnectTimeout=" + seconds(target.connect_timeout));
    add(result, "ServerAliveInterval=" + seconds(target.alive_limit / 3));
    add(result, "ServerAliveCountMax=3");
    return result;
}

/// "[user@]host[:port]" as arguments of ssh.
std::vector<std::string> jump_arguments(std::string_view jump) {
    std::vector<std::string> result;
    if (const auto at = jump.find('@'); at != std::string_view::npos) {
        result = {"-l", std::string(jump.substr(0, at))};
        jump.remove_prefix(at + 1);
    }
    const auto bracket = jump.find(']');
    const auto colon = jump.rfind(':');
    if (colon != std::string_view::npos &&
        (bracket == std::string_view::npos ? jump.find(':') == colon : colon > bracket)) {
        result.insert(result.end(), {"-p", std::string(jump.substr(colon + 1))});
        jump = jump.substr(0, colon);
    }
    if (jump.size() > 2 && jump.front() == '[' && jump.back() == ']') jump = jump.substr(1, jump.size() - 2);
    result.insert(result.end(), {"--", std::string(jump)});
    return result;
}

/// ssh's own ProxyJump would forget our keys and pins on the way: the hops are spelled out, with a "%" for each that is
/// not ours to expand.
std::string proxy_command(const SshTarget& target, std::vector<std::string> jumps) {
    const auto last = jumps.back();
    jumps.pop_back();
    std::vector<std::string> words{"ssh"};
    for (const auto& word : common_options(target)) words.push_back(replace_all(word, "%", "%%"));
    if (!jumps.empty()) add(words, "ProxyCommand=" + replace_all(proxy_command(target, jumps), "%", "%%"));
    words.insert(words.end(), {"-W", "[%h]:%p"});
    for (const auto& word : jump_arguments(last)) words.push_back(word);
    std::string result;
    for (const auto& word : words) result += (result.empty() ? "" : " ") + shell_word(word);
    return result;
}

std::vector<std::string> call(const SshTarget& target, Connection connection) {
    std::vector<std::string> argv{"ssh", "-T"};
    for (auto& option : ssh_options(target, connection)) argv.push_back(std::move(option));
    if (!target.user.empty()) argv.insert(argv.end(), {"-l", target.user});
    argv.insert(argv.end(), {"--", target.host});
    return argv;
}

/// Words for the login shell of a host.
std::string shell_line(const std::vector<std::string>& argv) {
    std::string line;
    for (const auto& word : argv) line += (line.empty() ? "" : " ") + shell_word(word);
    return line;
}

}  // namespace

std::string shell_word(std::string_view text) {
    constexpr std::string_view k_plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,[]";
    if (!text.empty() && text.find_first_not_of(k_plain) == std::string_view::npos &&
        text.find_first_of("[]") == std::string_view::npos)
        return std::string(text);
    return "'" + replace_all(std::string(text), "'", "'\\''") + "'";
}

std::string assignments(const Parameters& parameters) {
    std::string result;
    for (const auto& [name, value] : parameters) result += name + "=" + shell_word(value) + "\n";
    return result;
}

std::vector<std::string> ssh_options(const SshTarget& target, Connection connection) {
    auto result = common_options(target);
    if (!target.host_key_alias.empty()) add(result, "HostKeyAlias=" + target.host_key_alias);
    if (target.port != 0) result.insert(result.end(), {"-p", std::to_string(target.port)});
    if (!target.jump.empty()) add(result, "ProxyCommand=" + proxy_command(target, split(target.jump, ',')));
    if (connection == Connection::shared && !target.control_path.empty()) {
        add(result, "ControlMaster=auto");
        add(result, "ControlPath=" + config_word(replace_all(target.control_path, "%", "%%")));
        add(result, "ControlPersist=60");
    } else {
        add(result, "ControlMaster=no");
        add(result, "ControlPath=none");
    }
    return result;
}

std::string ssh_config_text(const SshTarget& target) {
    const auto options = ssh_options(target, Connection::shared);
    std::string result = "Host *\n";
    for (std::size_t i = 0; i + 1 < options.size(); i += 2) {
        if (options[i] == "-p") result += "  Port " + options[i + 1] + "\n";
        if (options[i] != "-o") continue;
        const auto equals = options[i + 1].find('=');
        const auto name = options[i + 1].substr(0, equals);
        const auto value = equals == std::string::npos ? "" : options[i + 1].substr(equals + 1);
        result += "  " + name + " " + value + "\n";
    }
    return result;
}

Command ssh_command(const SshTarget& target, Connection connection, const std::vector<std::string>& argv) {
    Command command;
    const auto line = shell_line(argv);
    command.argv = target.local ? std::vector<std::string>{"sh", "-c"} : call(target, connection);
    command.argv.push_back(line);
    command.env_unset = {"SSH_ASKPASS", "DISPLAY"};
    command.label = "ssh " + target.host;
    return command;
}

std::vector<std::string> ssh_session_argv(const SshTarget& target, const std::vector<std::string>& words,
                                          bool terminal) {
    // The first value counts: a passphrase may be asked for. Whose key it is may not.
    std::vector<std::string> argv{"ssh", "-o", "BatchMode=no"};
    for (auto& option : ssh_options(target, Connection::fresh)) argv.push_back(std::move(option));
    if (terminal && !words.empty()) argv.emplace_back("-t");
    if (!target.user.empty()) argv.insert(argv.end(), {"-l", target.user});
    argv.insert(argv.end(), {"--", target.host});
    if (!words.empty()) argv.push_back(shell_line(words));
    return argv;
}

Command ssh_script(const SshTarget& target, Connection connection, const Parameters& parameters,
                   std::string_view script) {
    auto command = ssh_command(target, connection, {"sh", "-s"});
    command.stdin_text = assignments(parameters) + std::string(script);
    return command;
}

Command ssh_close_command(const SshTarget& target) {
    Command command;
    const auto path = "ControlPath=" + config_word(replace_all(target.control_path, "%", "%%"));
    command.argv = {"ssh", "-F", "/dev/null", "-o", path, "-O", "exit", "--", target.host};
    command.deadline = Millis(5'000);
    command.label = "ssh " + target.host + ": end of the shared connection";
    return command;
}

Command script_command(const SshTarget& target, Connection connection, std::string_view name, Parameters parameters,
                       std::string label) {
    parameters.emplace_back("lockstep_become", target.become);
    auto command =
        ssh_script(target, connection, parameters, std::string(host_script("common")) + std::string(host_script(name)));
    command.label = std::move(label) + " on " + target.host;
    return command;
}

ReachTrouble judge_ssh(const ExitStatus& status, std::string_view stderr_text) {
    const auto says = [&](std::string_view words) { return stderr_text.find(words) != std::string_view::npos; };
    if (status.kind == ExitStatus::Kind::timed_out || status.kind == ExitStatus::Kind::silent)
        return ReachTrouble::lost;
    if (status.kind != ExitStatus::Kind::exited || status.code != 255) return ReachTrouble::none;
    if (says("Host key verification failed") || says("REMOTE HOST IDENTIFICATION HAS CHANGED"))
        return ReachTrouble::host_key;
    if (says("Permission denied") || says("Too many authentication failures")) return ReachTrouble::refused;
    for (const char* words : {"connect to host", "Could not resolve hostname", "kex_exchange_identification",
                              "banner exchange", "UNKNOWN port", "No route to host", "no matching host key"})
        if (says(words)) return ReachTrouble::unreachable;
    // Whatever else it was, often without a word: the command may have run.
    return ReachTrouble::lost;
}

}  // namespace lockstep::deploy
