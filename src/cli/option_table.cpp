// SPDX-License-Identifier: MIT
// The commands and their options, once.
#include "cli/options.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::cli {

const std::vector<CommandRow>& command_table() {
    static const std::vector<CommandRow> rows{
        {"run", "", "update, prove, and land or propose"},
        {"plan", "", "what a run would update and prove; changes nothing"},
        {"build", "[HOST…]", "prove the checked-out commit, without updating or landing", 0, 10'000},
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
        {"config", "FILE", "the machine's own configuration, beats the repository's lockstep.yaml", "all", ""},
        {"remote", "NAME", "git remote to update (default: origin)", "run plan doctor", "remote"},
        {"base", "BRANCH", "branch to move (default: the remote's default branch)", "run plan doctor", "base"},
        {"branch", "TEMPLATE", "name of the update branch (default: flake-update/%Y-%m-%d)", "run plan", "branch"},
        {"host", "SELECTOR", "only these hosts: names or globs", "run plan build", "targets.include", true},
        {"exclude", "SELECTOR", "leave these hosts out", "run plan build", "targets.exclude", true},
        {"attributes", "SET", "attribute sets to prove (default: nixosConfigurations)", "run plan build", "targets.attributes", true},
        {"foreign", "POLICY", "hosts that nobody here can build: require, evaluate or ignore", "run plan build", "targets.foreign"},
        {"input", "NAME", "update only these flake inputs", "run plan", "update.inputs", true},
        {"exclude-input", "NAME", "leave these flake inputs alone", "run plan", "update.exclude", true},
        {"dry-run", "", "do everything up to the decision; change nothing", "run", ""},
        {"detailed-exit-code", "", "exit with 10 when there is nothing to do", "run", ""},
        {"exit-zero-on", "WORDS", "turn results into exit code 0: pr, infrastructure, base-moved, …", "run build", "", true},
        {"forge", "KIND", "auto, github, gitea, forgejo, directory:DIR or none", "run plan doctor", "forge.kind"},
        {"forge-url", "URL", "web root of the forge", "run plan doctor", "forge.url"},
        {"token-file", "FILE", "file that holds the forge's token (mode 0600)", "run plan doctor", "forge.token_file"},
        {"slots", "N", "builds at once (default: cores)", "run plan build", "prove.slots"},
        {"evaluators", "N", "evaluation processes at once (default: cores and memory)", "run plan build", "prove.evaluators"},
        {"nix-bin", "DIR", "directory of the Nix programs (default: PATH)", "all", "nix.bin_dir"},
        {"run-dir", "DIR", "directory of this run (default: below the state directory)", "run plan build", ""},
        {"now", "TIME", "the date of the run, for tests", "run plan build", ""},
        {"json", "", "the result as JSON on stdout, nothing else there", "run plan build doctor lockdiff", ""},
        {"markdown", "", "the result as Markdown", "lockdiff", ""},
        {"output", "FILE", "where to write (default: lockstep.yaml beside the flake; - for stdout)", "init", ""},
        {"force", "", "replace an existing file", "init", ""},
        {"plain", "", "no live display", "all", ""},
        {"quiet", "", "only warnings, failures and the last line", "all", ""},
        {"color", "WHEN", "auto, always or never", "all", ""},
        {"help", "", "help for the command", "all lockdiff schema", ""},
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
