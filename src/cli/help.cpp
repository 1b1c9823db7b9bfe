// SPDX-License-Identifier: MIT
// Help: examples first, then the commands or flags, 80 columns at most.
#include "cli/help.hpp"

#include <fmt/format.h>

#include <map>

#include "lockstep/core/text.hpp"

namespace lockstep::cli {

namespace {

constexpr std::size_t k_width = 80;

std::string wrapped(const std::string& text, std::size_t indent) {
    std::string result, line;
    for (const auto& word : words(text)) {
        if (!line.empty() && indent + line.size() + 1 + word.size() > k_width) {
            result += line + "\n" + std::string(indent, ' ');
            line.clear();
        }
        line += (line.empty() ? "" : " ") + word;
    }
    return result + line + "\n";
}

std::string examples_of(std::string_view command) {
    static const std::map<std::string_view, std::string_view> texts{
        {"run", "  lockstep run --dry-run              prove tonight's update, change nothing\n"
                "  lockstep run --input nixpkgs        update one input only\n"
                "  lockstep run --exit-zero-on pr      a pull request is no failure of the job\n"},
        {"plan", "  lockstep plan                       what would a run do now?\n"},
        {"build", "  lockstep build                      prove every host of the checked-out commit\n"
                  "  lockstep build web1 'db*'           prove some of them\n"},
        {"doctor", "  lockstep doctor                     check Nix, remote, token, flake\n"},
        {"init", "  lockstep init --output -            look at the proposal\n"
                 "  lockstep init                       write it\n"},
        {"lockdiff", "  git show HEAD~:flake.lock | lockstep lockdiff - flake.lock\n"
                     "  lockstep lockdiff --markdown old.lock new.lock\n"},
        {"schema", "  lockstep schema config > lockstep.schema.json\n"},
    };
    const auto found = texts.find(command);
    return found == texts.end() ? "" : std::string(found->second);
}

}  // namespace

std::string version_text() { return fmt::format("lockstep {}\n", LOCKSTEP_VERSION); }

std::string program_help() {
    std::string text =
        "lockstep keeps a NixOS fleet's flake.lock moving, and never lets the base branch\n"
        "point at a commit whose hosts do not build.\n\n"
        "Examples:\n"
        "  lockstep init                       write a commented lockstep.yaml\n"
        "  lockstep doctor                     check everything before it matters\n"
        "  lockstep run --dry-run              update and prove, change nothing\n"
        "  lockstep run                        update, prove, land or propose\n"
        "  lockstep build web1                 prove a host of the checked-out commit\n\n"
        "Commands:\n";
    for (const auto& command : command_table()) {
        const std::string head = fmt::format("{} {}", command.name, command.operands);
        text += fmt::format("  {:<26}", head) + wrapped(std::string(command.doc), 28);
    }
    text += "\n`lockstep help COMMAND` tells a command's flags. Results go to stdout, talk to stderr.\n"
            "Exit codes: 0 landed or nothing to do · 20 hosts failed, pull request · 21 the same,\n"
            "no pull request · 30/31 base moved/refused · 40/41 infrastructure/credentials ·\n"
            "64 usage · 78 configuration · 75 locked · 70 bug · 130/143 interrupted.\n";
    return text;
}

std::string command_help(const CommandRow& command) {
    std::string text = fmt::format("lockstep {}: {}\n\nExamples:\n{}\nUsage: lockstep {} [FLAG…]{}{}\n\nFlags:\n", command.name, command.doc, examples_of(command.name), command.name,
                                   command.operands.empty() ? "" : " ", command.operands);
    for (const auto& option : option_table()) {
        if (!takes(command, option)) continue;
        const std::string head = fmt::format("  --{}{}{}", option.name, option.argument.empty() ? "" : " ", option.argument);
        const std::string doc = std::string(option.doc) + (option.repeatable ? " (repeatable)" : "");
        text += fmt::format("{:<28}", head) + wrapped(doc, 28);
    }
    return text;
}

std::string man_page() {
    std::string text = ".TH LOCKSTEP 1 \"\" \"lockstep\" \"User Commands\"\n.SH NAME\nlockstep \\- keep a NixOS fleet's flake.lock moving\n"
                       ".SH SYNOPSIS\n.B lockstep\n\\fICOMMAND\\fR [\\fIFLAG\\fR...] [\\fIOPERAND\\fR...]\n.SH DESCRIPTION\n"
                       "Updates flake.lock on a dated branch, builds every host, and moves the base branch to the very commit that was proved, or opens a labelled pull request "
                       "with the root causes and logs.\n.SH COMMANDS\n";
    const auto roff = [](std::string_view raw) { return replace_all(replace_all(std::string(raw), "\\", "\\\\"), "-", "\\-"); };
    for (const auto& command : command_table()) text += fmt::format(".TP\n.B {} {}\n{}\n", roff(command.name), roff(command.operands), roff(command.doc));
    text += ".SH OPTIONS\n";
    for (const auto& option : option_table()) {
        std::vector<std::string> names;
        for (const auto& command : command_table())
            if (takes(command, option)) names.emplace_back(command.name);
        text += fmt::format(".TP\n\\fB\\-\\-{}\\fR \\fI{}\\fR\n{}. Commands: {}.\n", roff(option.name), roff(option.argument), roff(option.doc), join(names, ", "));
    }
    text += ".SH EXIT STATUS\n";
    static const std::vector<std::pair<int, std::string_view>> codes{
        {0, "landed, nothing to do, or a dry run that would have landed"}, {10, "nothing to do, with --detailed-exit-code"},
        {20, "hosts failed; pull request opened or updated"}, {21, "hosts failed; the pull request could not be written"},
        {30, "the base branch moved"}, {31, "the base branch is protected, rewritten or gone"}, {40, "infrastructure: network, forge, Nix daemon, disk"},
        {41, "credentials"}, {64, "usage"}, {70, "a bug"}, {75, "another run holds the lock"}, {78, "configuration"}, {130, "interrupted"}, {143, "terminated"}};
    for (const auto& [code, doc] : codes) text += fmt::format(".TP\n.B {}\n{}\n", code, roff(doc));
    text += ".SH FILES\n.TP\n.I lockstep.yaml\nthe repository's configuration, read from the base commit\n.TP\n.I $XDG_STATE_HOME/lockstep\nruns, with report.json, logs and journal\n";
    return text;
}

}  // namespace lockstep::cli
