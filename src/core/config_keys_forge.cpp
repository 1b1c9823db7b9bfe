// SPDX-License-Identifier: MIT
// Keys of landing, the forge, git and reports.
#include "core/config_keys_rows.hpp"

namespace lockstep::keys {

void add_forge(std::vector<ConfigKey>& table) {
    table.push_back(
        choice("land.mode", LOCKSTEP_FIELD(land.mode),
               choices<LandMode>(std::pair{"push", LandMode::push}, std::pair{"pull-request", LandMode::pull_request}),
               "`push`: a proved update is pushed to the base branch; `pull-request`: it becomes a pull request too."));
    table.push_back(
        choice("land.after", LOCKSTEP_FIELD(land.after),
               choices<LandAfter>(std::pair{"builds", LandAfter::builds}, std::pair{"canary", LandAfter::canary}),
               "`builds`: an update lands when every host builds; `canary`: when the canary hosts of a deploy run it "
               "and are well, too. They keep it for good only once it landed."));
    table.push_back(integer("land.tries", LOCKSTEP_FIELD(land.tries), 1, 20,
                            "How often an update is put on top of a base branch that moved meanwhile, and proved "
                            "again, before the run gives up."));
    table.push_back(
        with_pattern(text("forge.kind", LOCKSTEP_FIELD(forge.kind), forge_kind,
                          "`auto`, `github`, `gitea`, `forgejo`, `none`, or `directory:DIR` for pull requests as files "
                          "under DIR. `auto` asks the Actions environment and the remote's address. A remote that is a "
                          "plain path gets pull requests as files, in `forge/` of the repository's state directory."),
                     "^(auto|github|gitea|forgejo|none|directory:.+)$"));
    table.push_back(
        with_pattern(text("forge.url", LOCKSTEP_FIELD(forge.url), web_address,
                          "Web address of the forge, sub-path included; empty is derived from the remote's web "
                          "address, or from the Actions environment. Needed for remotes by ssh outside of Actions, "
                          "unless they are on github.com, ghe.com, codeberg.org or gitea.com."),
                     "^(https?://[^ ?#@]+)?$"));
    table.push_back(
        machine_only(text("forge.token_file", LOCKSTEP_FIELD(forge.token_file), path_or_empty,
                          "File that holds the forge token, mode 0600. Without it: the systemd credential or the "
                          "variable that the runner provides.")));
    table.push_back(list("forge.failure_labels", LOCKSTEP_FIELD(forge.failure_labels), labels,
                         "Labels of a pull request for an update with failed hosts."));
    table.push_back(list("forge.review_labels", LOCKSTEP_FIELD(forge.review_labels), labels,
                         "Labels of a pull request for an update that builds, but could not or should not be pushed."));
    table.push_back(boolean("forge.statuses", LOCKSTEP_FIELD(forge.statuses), "Write commit statuses."));
    table.push_back(integer("forge.status_hosts", LOCKSTEP_FIELD(forge.status_hosts), 0, 100,
                            "How many hosts get a commit status of their own, worst first."));
    table.push_back(boolean("forge.attach_logs", LOCKSTEP_FIELD(forge.attach_logs),
                            "Attach the full logs to the pull request where the forge can hold them."));
    table.push_back(duration("forge.timeout", LOCKSTEP_FIELD(forge.timeout), "Longest time for one request."));
    table.push_back(
        duration("forge.budget", LOCKSTEP_FIELD(forge.budget), "Longest time for one step with all its retries."));
    table.push_back(duration("git.timeout", LOCKSTEP_FIELD(git.timeout), "Longest time for one fetch or push."));
    table.push_back(
        integer("report.keep_runs", LOCKSTEP_FIELD(report.keep_runs), 1, 10000, "Runs kept on disk, newest first."));
    table.push_back(size("report.summary_limit", LOCKSTEP_FIELD(report.summary_limit), 1ULL << 10, 1ULL << 20,
                         "Longest step summary in Actions; forges cut at 1 MiB."));
}

}  // namespace lockstep::keys
