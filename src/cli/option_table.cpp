// SPDX-License-Identifier: MIT
// The commands, their options and the exit codes, once.
#include "cli/options.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::cli {

const std::vector<CommandRow>& command_table() {
    static const std::vector<CommandRow> rows{
        {"run", "", "update, prove, and land or propose"},
        {"plan", "", "what a run would update and prove; changes nothing"},
        {"build", "[HOST…]", "prove the checked-out commit, without updating or landing", 0, 10'000},
        {"resume", "[RUN]", "go on with a run that was cut off", 0, 1},
        {"status", "[RUN]", "how the latest run stands", 0, 1},
        {"why", "[RUN]", "what a run waits for, since when, and what comes then", 0, 1},
        {"history", "[HOST]", "earlier runs of this repository, or deploys of one host", 0, 1},
        {"report", "[RUN]", "the report of a run once more: text, --markdown or --json", 0, 1},
        {"unlock", "", "free the lock that a dead run left on the remote"},
        {"deploy", "[SELECTOR…]", "bring what was proved onto hosts, and prove it there", 0, 10'000},
        {"approve", "[RUN]", "sign that a plan may be deployed", 0, 1},
        {"fleet", "COMMAND [SELECTOR…] [-- WORD…]", "status, ping, diff, exec, ssh, reboot, rollback, info", 1, 10'000},
        {"notify", "", "send a test message to everybody who is told about runs"},
        {"doctor", "", "check everything before it matters"},
        {"init", "", "write a commented lockstep.yaml from what is found"},
        {"lockdiff", "OLD NEW", "what changed between two lock files (- for standard input)", 2, 2},
        {"schema", "[config|report]", "print a JSON Schema", 0, 1},
    };
    return rows;
}

const std::vector<OptionRow>& option_table() {
    static const std::vector<OptionRow> rows{
        {"repo", "DIR", "the checkout (default: the current directory)", "all", ""},
        {"flake", "SUBDIR", "directory of the flake below the repository's root", "all", "flake"},
        {"config", "FILE", "the machine's own configuration; beats the repository's lockstep.yaml", "all", ""},
        {"remote", "NAME", "git remote to update (default: origin)",
         "run plan build doctor init resume status why history report unlock fleet deploy notify", "remote"},
        {"base", "BRANCH", "branch to move (default: the remote's default branch)",
         "run plan build doctor init unlock fleet deploy", "base"},
        {"branch", "TEMPLATE", "name of the update branch (default: flake-update/%Y-%m-%d)", "run plan doctor",
         "branch"},
        {"host", "SELECTOR", "only these hosts: a name or a glob", "run plan build doctor", "targets.include", true},
        {"exclude", "SELECTOR", "leave these hosts out: a name or a glob", "run plan build doctor", "targets.exclude",
         true},
        {"attributes", "LIST", "attribute sets to prove (default: nixosConfigurations)", "run plan build doctor",
         "targets.attributes", true},
        {"foreign", "POLICY", "hosts that nobody here can build: require, evaluate or ignore", "run plan build doctor",
         "targets.foreign"},
        {"input", "NAME", "update only this flake input", "run plan", "update.inputs", true},
        {"exclude-input", "NAME", "leave these flake inputs alone: a name or a glob", "run plan", "update.exclude",
         true},
        {"ignore-alarm", "CODE", "do not raise this alarm on the lock change: a code or a glob", "run plan",
         "alarms.ignore", true},
        {"all", "", "every host", "fleet deploy", ""},
        {"from", "RUN", "the run whose results are deployed (default: the newest that landed)", "deploy", ""},
        {"strategy", "NAME", "smart, parallel, rolling, canary or blue-green", "deploy run fleet", "deploy.strategy"},
        {"canary", "HOST", "hosts that go first, or how many", "deploy run", "deploy.canary", true},
        {"tolerate", "N", "failed hosts of a wave that do not stop a deploy: a number or a percentage",
         "deploy run fleet", "deploy.tolerate"},
        {"stage", "", "with --dry-run: copy the systems, so that they can be asked what they would restart", "deploy",
         ""},
        {"key", "FILE", "the ssh key that signs; a public one when an agent holds it", "approve", ""},
        {"signer", "NAME", "who signs, as the file of approvers says it (default: git's user.email)", "approve", ""},
        {"valid", "DURATION", "how long the approval counts (default: 24h; deploy.approval_valid at most)", "approve",
         ""},
        {"simulate", "", "show what the policy would do, without a look at any host", "deploy", ""},
        {"fail", "HOST@STAGE", "with --simulate: let this host fail there", "deploy", "", true},
        {"plan", "FILE", "deploy exactly this plan, or nothing; approve: sign this one", "deploy approve", ""},
        {"approval", "FILE", "a signed approval of the plan", "deploy", "", true},
        {"backend", "NAME", "who activates: embedded, colmena, deploy-rs or nixos-rebuild", "deploy run",
         "deploy.backend"},
        {"land-after", "WHAT", "when an update may land: builds or canary", "run", "land.after"},
        {"accept-drift", "", "deploy also to hosts that somebody else has switched since", "deploy run", ""},
        {"yes", "", "agree at every gate; reboot or roll back hosts that were not named one by one", "deploy run fleet",
         ""},
        {"wait", "", "wait until the process of the run has ended; nothing to do when the run is over then", "resume",
         ""},
        {"deploy", "", "deploy what landed", "run", ""},
        {"dry-run", "", "do everything up to the decision; change nothing", "run deploy fleet", ""},
        {"detailed-exit-code", "", "exit with 10 when there is nothing to do", "run", ""},
        {"exit-zero-on", "LIST",
         "results that exit with 0: nothing, pr, no-pr, base-moved, base-refused, infrastructure, credentials, alarm, "
         "locked, rolled-back, approval",
         "run build deploy", "", true},
        {"forge", "KIND", "auto, github, gitea, forgejo, directory:DIR or none", "run plan doctor init", "forge.kind"},
        {"forge-url", "URL", "web address of the forge", "run plan doctor init", "forge.url"},
        {"token-file", "FILE", "file that holds the forge's token (mode 0600)", "run plan doctor init",
         "forge.token_file"},
        {"slots", "N", "builds at once (default: as many as cores)", "run plan build doctor", "prove.slots"},
        {"evaluators", "N", "evaluation processes at once (default: by cores and memory)", "run plan build doctor",
         "prove.evaluators"},
        {"evaluation-memory", "SIZE", "memory for all evaluation processes together (default: 3/4 of what is free)",
         "run plan build doctor", "prove.evaluation_memory"},
        {"deadline", "DURATION", "longest time for the whole run (default: none); what is known by then is published",
         "run build", "run.deadline"},
        {"retry-failed", "", "try also what an earlier run found to fail", "run build deploy", ""},
        {"nix-bin", "DIR", "directory of the Nix programs (default: PATH)", "all", "nix.bin_dir"},
        {"nix-option", "NAME=VALUE", "option of nix.conf for every Nix command", "run plan build doctor", "nix.options",
         true},
        {"run-dir", "DIR", "directory of this run (default: below the state directory)",
         "run plan build resume status why report deploy", ""},
        {"now", "TIME", "the moment of the run, for tests: 2026-11-21T02:00:00Z", "run plan build deploy", ""},
        {"json", "", "the result as JSON on standard output, nothing else there",
         "run plan build doctor lockdiff resume status history report fleet deploy", ""},
        {"markdown", "", "the result as Markdown", "lockdiff report", ""},
        {"output", "FILE",
         "where to write what init, deploy --dry-run (the plan) and approve make (default: init lockstep.yaml beside "
         "the "
         "flake, approve standard output); - for standard output",
         "init deploy approve", ""},
        {"test", "", "send a message that says that it is a test", "notify", ""},
        {"learn-host-keys", "FILE", "write the keys that hosts show into a new file, to be compared and pinned",
         "doctor", ""},
        {"force", "", "replace an existing file; free a lock whose run may be alive", "init unlock", ""},
        {"plain", "", "no live display", "all", ""},
        {"quiet", "", "only warnings, failures and the last line", "all", ""},
        {"color", "WHEN", "auto, always or never", "all", ""},
        {"help", "", "help for the command; also -h", "all lockdiff schema", ""},
    };
    return rows;
}

const std::vector<ExitRow>& exit_table() {
    static const std::vector<ExitRow> rows{
        {ExitCode::ok, "landed (dry run: would land), nothing to do, or proposed by land.mode"},
        {ExitCode::nothing_to_do, "nothing to do, with --detailed-exit-code"},
        {ExitCode::hosts_failed, "hosts failed; pull request opened or updated (no forge: branch pushed)"},
        {ExitCode::hosts_failed_no_pr, "hosts failed; the pull request could not be written"},
        {ExitCode::base_moved, "the base branch kept moving; nothing landed"},
        {ExitCode::base_refused, "the base branch is protected, rewritten or gone"},
        {ExitCode::infrastructure, "network, forge, Nix daemon or disk"},
        {ExitCode::credentials, "a token, key or permission was refused"},
        {ExitCode::deploy_rolled_back, "deploy: hosts failed and run what they ran before"},
        {ExitCode::deploy_unknown, "deploy: a host needs a person; the report names the command"},
        {ExitCode::approval_missing, "deploy: nobody agreed, it was not the time, a hook said no, or hosts wait"},
        {ExitCode::alarm, "the lock change raised an alarm; pull request instead of landing"},
        {ExitCode::usage, "the command line is wrong"},
        {ExitCode::internal, "a bug in lockstep"},
        {ExitCode::locked, "another run holds the lock"},
        {ExitCode::config, "the configuration, flake or repository is wrong"},
        {ExitCode::interrupted, "interrupted (Ctrl-C)"},
        {ExitCode::terminated, "terminated (SIGTERM)"},
    };
    return rows;
}

const CommandRow* find_command(std::string_view name) {
    for (const auto& row : command_table())
        if (row.name == name) return &row;
    return nullptr;
}

bool takes(const CommandRow& command, const OptionRow& option) {
    const bool has_repository = command.name != "lockdiff" && command.name != "schema";
    for (const auto& word : words(option.commands))
        if (word == command.name || (word == "all" && has_repository)) return true;
    return false;
}

}  // namespace lockstep::cli
