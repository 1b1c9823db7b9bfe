// SPDX-License-Identifier: MIT
// Help: examples first, then the commands or flags, 80 columns at most.
#include "cli/help.hpp"

#include <fmt/format.h>

#include "lockstep/core/text.hpp"

namespace lockstep::cli {

namespace {

constexpr std::size_t k_width = 80;
constexpr std::size_t k_column = 28;

/// Characters, as far as our own texts go: continuation bytes of UTF-8 take no column.
std::size_t columns(std::string_view text) {
    std::size_t count = 0;
    for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
    return count;
}

/// `head` on the left, `doc` wrapped in the right column.
std::string entry(const std::string& head, std::string_view doc) {
    const std::string gap(k_column, ' ');
    std::string text = head;
    std::size_t at = columns(head);
    if (at + 2 > k_column) {
        text += "\n" + gap;
    } else {
        text += gap.substr(at);
    }
    at = k_column;
    bool first = true;
    for (const auto& word : words(doc)) {
        if (!first && at + 1 + columns(word) > k_width) {
            text += "\n" + gap;
            at = k_column;
            first = true;
        }
        text += (first ? "" : " ") + word;
        at += columns(word) + (first ? 0 : 1);
        first = false;
    }
    return text + "\n";
}

std::string examples_of(std::string_view command) {
    std::string text = "Examples:\n";
    for (const auto& example : example_table()) {
        if (example.command != command) continue;
        const auto head = fmt::format("  {}", example.line);
        text += example.doc.empty()
                    ? head + "\n"
                    : fmt::format("{}{:<{}}{}\n", head, "", 40 - std::min<std::size_t>(38, columns(head)), example.doc);
    }
    return text;
}

}  // namespace

const std::vector<Example>& example_table() {
    static const std::vector<Example> rows{
        {"", "lockstep init", "write a commented lockstep.yaml"},
        {"", "lockstep doctor", "check everything before it matters"},
        {"", "lockstep run --dry-run", "update and prove, change nothing"},
        {"", "lockstep run", "update, prove, land or propose"},
        {"", "lockstep build web1", "prove one host of this commit"},
        {"run", "lockstep run --dry-run", "prove an update, change nothing"},
        {"run", "lockstep run --input nixpkgs", "update one input only"},
        {"run", "lockstep run --exit-zero-on pr", "a pull request is no failed job"},
        {"plan", "lockstep plan", "what would a run do now?"},
        {"plan", "lockstep plan --host 'web-*'", "and only with these hosts?"},
        {"build", "lockstep build", "prove every host of this commit"},
        {"build", "lockstep build web1 'db*'", "prove some of them"},
        {"resume", "lockstep resume", "go on with the latest run"},
        {"resume", "lockstep resume 20261121T0200", "go on with this one"},
        {"status", "lockstep status", "how does the latest run stand?"},
        {"status", "lockstep status --json", "the same for a script"},
        {"why", "lockstep why", "what does it wait for?"},
        {"history", "lockstep history", "what happened so far?"},
        {"history", "lockstep history web1", "and to this host?"},
        {"report", "lockstep report", "the last report once more"},
        {"report", "lockstep report --markdown 20261121T0200", "of this run, for a page"},
        {"unlock", "lockstep unlock", "free the lock of a dead run"},
        {"deploy", "lockstep deploy --dry-run", "the waves, and what would change"},
        {"deploy", "lockstep deploy @web --canary web1", "one first, then the others"},
        {"deploy", "lockstep deploy --simulate --fail web3@health", "what the policy would do then"},
        {"deploy", "lockstep deploy --dry-run --output p.json", "the plan as a file"},
        {"deploy", "lockstep deploy --plan p.json", "exactly that, or nothing"},
        {"approve", "lockstep approve --plan p.json --key ~/.ssh/id_ed25519 > a.json", ""},
        {"approve", "lockstep deploy --plan p.json --approval a.json", "what it is good for"},
        {"fleet", "lockstep fleet info", "every host in one line"},
        {"fleet", "lockstep fleet info web1", "who says what about this one?"},
        {"fleet", "lockstep fleet info '@web & !web-9'", "an expression over names and tags"},
        {"notify", "lockstep notify --test", "does everybody hear of it?"},
        {"fleet", "lockstep fleet status", "what runs where, and how it is"},
        {"fleet", "lockstep fleet ping --json", "who answers, for a script"},
        {"fleet", "lockstep fleet diff changed", "which packages a deploy would change"},
        {"fleet", "lockstep fleet exec @web -- systemctl --failed", ""},
        {"fleet", "lockstep fleet ssh web1", "a shell, with the fleet's user and keys"},
        {"fleet", "lockstep fleet reboot --yes needs-reboot", "one host after another"},
        {"fleet", "lockstep fleet rollback web1", "to what ran before its last deploy"},
        {"doctor", "lockstep doctor", "check Nix, remote, token, flake"},
        {"doctor", "lockstep doctor --json", "the findings for a script"},
        {"doctor", "lockstep doctor --learn-host-keys new_keys", "for a new host, to compare"},
        {"init", "lockstep init --output -", "look at the proposal"},
        {"init", "lockstep init", "write it"},
        {"lockdiff", "git show HEAD~:flake.lock | lockstep lockdiff - flake.lock", ""},
        {"lockdiff", "lockstep lockdiff --markdown old.lock new.lock", ""},
        {"schema", "lockstep schema config > lockstep.schema.json", ""},
        {"schema", "lockstep schema report", "the schema of report.json"},
    };
    return rows;
}

std::string version_text() {
    return fmt::format("lockstep {}\n", LOCKSTEP_VERSION);
}

std::string program_help() {
    std::string text =
        "lockstep keeps a NixOS fleet's flake.lock moving, and never lets the base branch\n"
        "point at a commit whose hosts do not build.\n\n" +
        examples_of("") + "\nCommands:\n";
    for (const auto& command : command_table())
        text += entry(fmt::format("  {}{}{}", command.name, command.operands.empty() ? "" : " ", command.operands),
                      command.doc);
    text += entry("  help [COMMAND]", "this text, or a command's flags");
    text += "\nExit codes:\n";
    for (const auto& row : exit_table()) text += fmt::format("  {:>3}  {}\n", static_cast<int>(row.code), row.doc);
    text +=
        "\nResults go to standard output, talk to standard error. Secrets come from files\n"
        "or the runner's variables, never by flag. `lockstep help run` lists the flags,\n"
        "`lockstep --version` tells the version.\n";
    return text;
}

std::string command_help(const CommandRow& command) {
    auto text = fmt::format("lockstep {}: {}\n\n{}\n", command.name, command.doc, examples_of(command.name));
    text += fmt::format("Usage: lockstep {} [FLAG…]{}{}\n\nFlags:\n", command.name, command.operands.empty() ? "" : " ",
                        command.operands);
    for (const auto& option : option_table()) {
        if (!takes(command, option)) continue;
        const auto head = fmt::format("  --{}{}{}", option.name, option.argument.empty() ? "" : " ", option.argument);
        text += entry(head, std::string(option.doc) + (option.repeatable ? " (repeatable)" : ""));
    }
    return text;
}

std::string flags_markdown() {
    std::string text = "### Flags\n\n| flag | key | commands |\n| --- | --- | --- |\n";
    for (const auto& option : option_table()) {
        if (option.key.empty()) continue;
        std::vector<std::string> names;
        for (const auto& command : command_table())
            if (takes(command, option)) names.emplace_back(command.name);
        text += fmt::format("| `--{} {}`{} | `{}` | {} |\n", option.name, option.argument,
                            option.repeatable ? " (repeatable)" : "", option.key, join(names, ", "));
    }
    return text;
}

}  // namespace lockstep::cli
