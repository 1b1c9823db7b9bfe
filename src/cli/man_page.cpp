// SPDX-License-Identifier: MIT
// The man page as roff source. No date and no version in it, so that the file changes only when the program does.
#include <fmt/format.h>

#include "cli/help.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::cli {

namespace {

/// Text that roff shows as it is: no escapes, ASCII dashes, no line that starts a request.
std::string roff(std::string_view raw) {
    auto text = replace_all(std::string(raw), "\\", "\\e");
    text = replace_all(std::move(text), "-", "\\-");
    text = replace_all(std::move(text), "…", "...");
    if (text.starts_with('.') || text.starts_with('\'')) text.insert(0, "\\&");
    return text;
}

std::string command_names(const OptionRow& option) {
    std::vector<std::string> names;
    for (const auto& command : command_table())
        if (takes(command, option)) names.emplace_back(command.name);
    return join(names, ", ");
}

std::string commands() {
    std::string text = ".SH COMMANDS\n";
    for (const auto& command : command_table()) {
        text += fmt::format(".TP\n\\fB{}\\fR", roff(command.name));
        if (!command.operands.empty()) text += fmt::format(" \\fI{}\\fR", roff(command.operands));
        text += fmt::format("\n{}\n", roff(command.doc));
    }
    return text + ".TP\n\\fBhelp\\fR \\fI[COMMAND]\\fR\nhelp for the program, or a command's flags\n";
}

std::string options() {
    std::string text = ".SH OPTIONS\n";
    for (const auto& option : option_table()) {
        text += fmt::format(".TP\n\\fB\\-\\-{}\\fR", roff(option.name));
        if (!option.argument.empty()) text += fmt::format(" \\fI{}\\fR", roff(option.argument));
        text += fmt::format("\n{}{}.", roff(option.doc), option.repeatable ? " (repeatable)" : "");
        if (!option.key.empty()) text += fmt::format(" Configuration key: \\fB{}\\fR.", roff(option.key));
        text += fmt::format(" Commands: {}.\n", command_names(option));
    }
    return text;
}

}  // namespace

std::string man_page() {
    std::string text =
        ".TH LOCKSTEP 1 \"\" \"lockstep\" \"User Commands\"\n"
        ".SH NAME\nlockstep \\- keep a NixOS fleet's flake.lock moving\n"
        ".SH SYNOPSIS\n\\fBlockstep\\fR \\fICOMMAND\\fR [\\fIFLAG\\fR...] [\\fIOPERAND\\fR...]\n"
        ".SH DESCRIPTION\n"
        "Updates flake.lock on a dated branch, builds every host, and moves the base branch to the very commit that "
        "was\n"
        "proved; or opens a labelled pull request with the root causes and the logs.\n"
        "Results go to standard output, talk to standard error.\n"
        ".SH EXAMPLES\n";
    for (const auto& example : example_table()) {
        if (example.command.empty()) continue;
        text +=
            fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(example.line), example.doc.empty() ? "\\&" : roff(example.doc));
    }
    text += commands() + options();
    text += ".SH EXIT STATUS\n";
    for (const auto& row : exit_table())
        text += fmt::format(".TP\n\\fB{}\\fR\n{}\n", static_cast<int>(row.code), roff(row.doc));
    text +=
        ".SH ENVIRONMENT\n"
        ".TP\n\\fBLOCKSTEP_\\fR\\fIKEY\\fR\na configuration key in capitals, dots as underscores, such as "
        "LOCKSTEP_UPDATE_INPUTS. Lists are separated by commas.\n"
        ".TP\n\\fBGITHUB_TOKEN\\fR, \\fBGITEA_TOKEN\\fR, \\fBFORGEJO_TOKEN\\fR\nthe forge's token as runners provide "
        "it; no other program gets to see it\n"
        ".TP\n\\fBCREDENTIALS_DIRECTORY\\fR\ndirectory of systemd's credentials; the forge's token is the file "
        "lockstep\\-token there\n"
        ".TP\n\\fBFLEET_NODES\\fR\nhosts of the fleet, as the JSON of pleme\\-io/fleet\n"
        ".TP\n\\fBNO_COLOR\\fR\nwhen set and not empty: no colours, unless \\-\\-color always is given\n"
        ".SH FILES\n"
        ".TP\n\\fIlockstep.yaml\\fR\nthe repository's configuration, read from the base commit\n"
        ".TP\n\\fI$STATE_DIRECTORY\\fR\nruns, with report.json, logs and journal; without that variable in "
        "\\fI$XDG_STATE_HOME/lockstep\\fR, else in \\fI\\(ti/.local/state/lockstep\\fR\n"
        ".SH SEE ALSO\n.BR nix (1),\n.BR git (1)\n";
    return text;
}

}  // namespace lockstep::cli
