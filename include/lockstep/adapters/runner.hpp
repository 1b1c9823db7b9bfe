// SPDX-License-Identifier: MIT
// The Actions runners (GitHub, Gitea, Forgejo) as a translator: what their environment says, and the text that speaks
// to them. Foreign text can never become a command: see foreign_block.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lockstep/core/report.hpp"

namespace lockstep::runner {

enum class Kind { none, github, gitea, forgejo, other_ci };

struct Environment {
    Kind kind = Kind::none;
    std::string output_file, summary_file;  ///< GITHUB_OUTPUT, GITHUB_STEP_SUMMARY, or FORGEJO_* names
    std::string server_url, api_url;        ///< without trailing slash
    std::string repository;                 ///< "owner/name"
    std::string run_url;                    ///< page of this run, or ""
    std::string actor, trigger;
    [[nodiscard]] bool actions() const { return kind == Kind::github || kind == Kind::gitea || kind == Kind::forgejo; }
};
using GetEnv = std::function<std::string(const char* name)>;  ///< "" when unset
[[nodiscard]] Environment detect(const GetEnv& get);
[[nodiscard]] std::string_view kind_word(Kind kind);

/// Names of variables that hold secrets or speak to the runner and are taken out of every child's environment:
/// *_TOKEN, *_PASSWORD, *_SECRET, ACTIONS_*, GITHUB_{OUTPUT,ENV,PATH,STATE,STEP_SUMMARY} and their twins, GIT_CONFIG_*,
/// credential variables.
[[nodiscard]] bool is_private_variable(std::string_view name);

/// "::error title=…::…": data and property values escaped; text cleaned to one line.
[[nodiscard]] std::string command(std::string_view name,
                                  const std::vector<std::pair<std::string, std::string>>& properties,
                                  std::string_view data);
[[nodiscard]] std::string group_start(std::string_view title);
[[nodiscard]] std::string group_end();
[[nodiscard]] std::string add_mask(std::string_view secret);

/// Foreign text made harmless for a runner's log: cleaned, and wrapped between stop-commands with `token` (32 hex
/// digits, fresh per block); lines that hold the token are dropped, and "##[" is split on every line because GitHub
/// reads it anywhere.
[[nodiscard]] std::string foreign_block(std::string_view raw, std::string_view token);

/// Foreign text that may stand in any line of talk, also first: cleaned, "##[" and "::" split. Idempotent.
[[nodiscard]] std::string harmless(std::string_view foreign);
/// The same without cleaning, for text that is clean already and may hold colour codes of our own.
[[nodiscard]] std::string split_commands(std::string_view clean);

/// Lines for GITHUB_OUTPUT: multi-line safe with a random delimiter that is no line of any value; NUL and CR removed.
[[nodiscard]] std::string outputs(const std::vector<std::pair<std::string, std::string>>& values,
                                  std::string_view random_hex);
/// result, exit_code, base_before, base_after, branch, commit, pull_request, pull_request_url, changed, failed_hosts
/// (JSON array; names beyond 30 kB are left out), failed_count, report (path), run_dir (its directory): the step
/// outputs of a run.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> output_values(const RunReport& report,
                                                                             std::string_view report_path);

/// At most 8 annotations: root causes first, each with the hosts it breaks; the last says how many more there are.
[[nodiscard]] std::vector<std::string> annotations(const RunReport& report);

}  // namespace lockstep::runner
