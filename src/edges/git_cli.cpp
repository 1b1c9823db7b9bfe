// SPDX-License-Identifier: MIT
// The environment of every git command, and its run.
#include "edges/git_cli.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

/// What hooks, `git -c` and debugging leave behind would send our commands to another repository or garble their
/// output.
const std::vector<std::string> k_unset = {"GIT_DIR",
                                          "GIT_WORK_TREE",
                                          "GIT_INDEX_FILE",
                                          "GIT_OBJECT_DIRECTORY",
                                          "GIT_ALTERNATE_OBJECT_DIRECTORIES",
                                          "GIT_COMMON_DIR",
                                          "GIT_NAMESPACE",
                                          "GIT_PREFIX",
                                          "GIT_SHALLOW_FILE",
                                          "GIT_GRAFT_FILE",
                                          "GIT_QUARANTINE_PATH",
                                          "GIT_CONFIG",
                                          "GIT_CONFIG_PARAMETERS",
                                          "GIT_IMPLICIT_WORK_TREE",
                                          "GIT_INTERNAL_SUPER_PREFIX",
                                          "GIT_REPLACE_REF_BASE",
                                          "GIT_LITERAL_PATHSPECS",
                                          "GIT_GLOB_PATHSPECS",
                                          "GIT_NOGLOB_PATHSPECS",
                                          "GIT_ICASE_PATHSPECS",
                                          "GIT_ATTR_SOURCE",
                                          "GIT_PUSH_OPTION_COUNT",
                                          "GIT_REFLOG_ACTION",
                                          "GIT_EXTERNAL_DIFF",
                                          "GIT_TEMPLATE_DIR",
                                          "GIT_TRACE",
                                          "GIT_TRACE_CURL",
                                          "GIT_TRACE_PACKET",
                                          "GIT_TRACE_PACK_ACCESS",
                                          "GIT_TRACE_SETUP",
                                          "GIT_TRACE2",
                                          "GIT_TRACE2_EVENT",
                                          "GIT_TRACE2_PERF",
                                          "GIT_CURL_VERBOSE",
                                          "GIT_REDIRECT_STDIN",
                                          "GIT_REDIRECT_STDOUT",
                                          "GIT_REDIRECT_STDERR",
                                          "GPG_TTY",
                                          "LANGUAGE"};

/// Rules of every command. transfer.fsckObjects stays as the user has it: old but harmless objects would otherwise make
/// a repository unusable here that works everywhere else, and hashes and connectivity are checked anyway.
GitEntries own_rules(const GitSettings& settings) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(settings.timeout).count();
    return {{"core.hooksPath", "/dev/null"},
            {"core.fsmonitor", "false"},
            {"gc.auto", "0"},
            {"maintenance.auto", "false"},
            {"protocol.ext.allow", "never"},
            {"http.lowSpeedLimit", "1"},
            {"http.lowSpeedTime", std::to_string(std::clamp<long long>(seconds / 2, 5, 300))},
            {"credential.interactive", "false"},
            {"fetch.prune", "false"},
            {"fetch.pruneTags", "false"},
            {"fetch.recurseSubmodules", "false"},
            {"fetch.writeCommitGraph", "false"},
            {"push.followTags", "false"},
            {"push.gpgSign", "false"},
            {"push.recurseSubmodules", "no"},
            {"push.useForceIfIncludes", "false"},
            {"submodule.recurse", "false"},
            {"i18n.commitEncoding", "UTF-8"},
            {"worktree.useRelativePaths", "false"}};  // libgit2 1.5 cannot open a repository that has it
}

}  // namespace

GitCli::GitCli(ProcessRunner& runner, GitSettings settings) : runner_(runner), settings_(std::move(settings)) {}

std::string GitCli::environment(const char* name) const {
    return settings_.getenv ? settings_.getenv(name) : std::string();
}

void GitCli::hide(const std::vector<std::string>& secrets) {
    for (const auto& secret : secrets)
        if (secret.size() >= 4) secrets_.push_back(secret);  // shorter ones would garble every message
    std::sort(secrets_.begin(), secrets_.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

/// GIT_CONFIG_COUNT and its twins as they were set for lockstep itself; no other child ever sees them.
GitEntries GitCli::users_rules() const {
    const std::string count = environment("GIT_CONFIG_COUNT");
    if (count.empty() || count.size() > 4 ||
        !std::all_of(count.begin(), count.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return {};
    GitEntries rules;
    for (int i = 0; i < std::stoi(count); ++i)
        if (std::string key = environment(fmt::format("GIT_CONFIG_KEY_{}", i).c_str()); !key.empty())
            rules.emplace_back(std::move(key), environment(fmt::format("GIT_CONFIG_VALUE_{}", i).c_str()));
    return rules;
}

Command GitCli::command_for(const GitCall& call) const {
    Command command;
    command.argv = {"git"};
    command.argv.insert(command.argv.end(), call.args.begin(), call.args.end());
    command.cwd = call.cwd.string();
    command.stdin_text = call.stdin_text;
    command.deadline = call.deadline.count() > 0 ? call.deadline : settings_.timeout;
    command.stop = StopPolicy{std::chrono::seconds(2)};
    command.label = "git " + (call.args.empty() ? std::string() : call.args.front());

    auto& env = command.env_set;
    env = {{"LC_ALL", "C"},
           {"GIT_TERMINAL_PROMPT", "0"},
           {"GIT_OPTIONAL_LOCKS", "0"},
           {"GIT_NO_REPLACE_OBJECTS", "1"},
           {"GIT_DEFAULT_HASH", "sha1"},
           {"GIT_DEFAULT_REF_FORMAT", "files"},
           {"GIT_ADVICE", "0"}};
    // Children start without GIT_CONFIG_*, which may hold secrets; these only say where the user's files are.
    for (const char* name : {"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"})
        if (auto value = environment(name); !value.empty()) env.emplace_back(name, std::move(value));
    env.insert(env.end(), call.env.begin(), call.env.end());
    if (!call.repository.empty()) env.emplace_back("GIT_DIR", call.repository.string());
    const bool users = call.rules == GitCall::Rules::users;
    if (const auto parameters = environment("GIT_CONFIG_PARAMETERS"); users && !parameters.empty())
        env.emplace_back("GIT_CONFIG_PARAMETERS", parameters);
    GitEntries config = users ? users_rules() : own_rules(settings_);
    config.insert(config.end(), call.config.begin(), call.config.end());
    env.emplace_back("GIT_CONFIG_COUNT", std::to_string(config.size()));
    for (std::size_t i = 0; i < config.size(); ++i) {
        env.emplace_back(fmt::format("GIT_CONFIG_KEY_{}", i), config[i].first);
        env.emplace_back(fmt::format("GIT_CONFIG_VALUE_{}", i), config[i].second);
    }

    std::vector<std::string> unset = k_unset;
    unset.insert(unset.end(), call.env_unset.begin(), call.env_unset.end());
    // A passphrase program is only for people at a desktop, unless it was asked for in so many words.
    if (environment("SSH_ASKPASS_REQUIRE") != "force") unset.emplace_back("SSH_ASKPASS");
    for (auto& name : unset)
        if (std::none_of(env.begin(), env.end(), [&](const auto& entry) { return entry.first == name; }))
            command.env_unset.push_back(std::move(name));
    return command;
}

GitAnswer GitCli::run(const GitCall& call) const {
    Completed completed = run_to_end(runner_, command_for(call));
    GitAnswer answer{std::move(completed.status), std::move(completed.out), std::move(completed.err),
                     completed.truncated};
    for (const auto& secret : secrets_) answer.err = replace_all(std::move(answer.err), secret, "***");
    return answer;
}

}  // namespace lockstep
