// SPDX-License-Identifier: MIT
// Complaints about flags: cxxopts would take `--repo --json` as a repository called "--json", and names no near words.
#include "cli/options_check.hpp"

#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/target.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::cli {

namespace {

std::string help_of(const CommandRow& command) {
    return "`lockstep help " + std::string(command.name) + "` lists its flags";
}

const OptionRow* find_option(const CommandRow& command, std::string_view name) {
    for (const auto& option : option_table())
        if (option.name == name && takes(command, option)) return &option;
    return nullptr;
}

/// The commands that know a flag of this name, in the order of the table.
std::string commands_with(std::string_view name) {
    std::vector<std::string> found;
    for (const auto& command : command_table())
        if (find_option(command, name) != nullptr) found.push_back("`lockstep " + std::string(command.name) + "`");
    return join(found, ", ");
}

Error unknown_flag(const CommandRow& command, const std::string& name) {
    const auto what = "`lockstep " + std::string(command.name) + "` has no flag `--" + clean_line(name, 60) + "`";
    if (name == "token")
        return usage_error(what, "give a file with the token: --token-file FILE",
                           "every process on the machine can read a command line");
    if (const auto others = commands_with(name); !others.empty())
        return usage_error(what, help_of(command), "it is a flag of " + others);
    std::vector<std::string> known;
    for (const auto& option : option_table())
        if (takes(command, option)) known.emplace_back(option.name);
    return usage_error(what, did_you_mean(name, known, help_of(command), "--"));
}

/// Checks args[at], which is a long flag, and steps over its value.
Result<void> check_long(const CommandRow& command, const std::vector<std::string>& args, std::size_t& at) {
    const auto& word = args[at];
    const auto equals = word.find('=');
    const bool has_value = equals != std::string::npos;
    const auto name = word.substr(2, has_value ? equals - 2 : std::string::npos);
    const auto* option = find_option(command, name);
    if (option == nullptr) return unknown_flag(command, name);
    if (option->argument.empty()) {
        if (has_value) return usage_error("--" + name + " takes no value", "write --" + name);
        return {};
    }
    const auto needs = "--" + name + " needs a value: --" + name + " " + std::string(option->argument);
    if (has_value) {
        if (equals + 1 == word.size()) return usage_error(needs, help_of(command));
        return {};
    }
    if (at + 1 == args.size()) return usage_error(needs, help_of(command));
    const auto& value = args[++at];
    if (value.empty()) return usage_error(needs, help_of(command), "it was given an empty one");
    if (value.size() > 1 && value.front() == '-')
        return usage_error(needs, "a value that starts with a dash is written --" + name + "=" + clean_line(value, 60),
                           "`" + clean_line(value, 60) + "` looks like a flag");
    return {};
}

}  // namespace

Error usage_error(std::string what, std::string hint, std::string why) {
    return {ErrorKind::usage, std::move(what), std::move(why), std::move(hint)};
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& known, const std::string& otherwise,
                         const std::string& prefix) {
    const auto near = nearest(word, known);
    return near.empty() ? otherwise : "did you mean `" + prefix + near + "`?";
}

Error unknown_command(const std::string& name) {
    std::vector<std::string> known{"help"};
    for (const auto& row : command_table()) known.emplace_back(row.name);
    if (name.starts_with("-"))
        return usage_error("the command comes first, not `" + clean_line(name, 60) + "`",
                           "such as `lockstep run --dry-run`; `lockstep help` lists the commands");
    return usage_error("there is no command `" + clean_line(name, 60) + "`",
                       did_you_mean(name, known, "`lockstep help` lists the commands"));
}

Result<void> check_flags(const CommandRow& command, const std::vector<std::string>& args) {
    for (std::size_t at = 0; at < args.size(); ++at) {
        const auto& word = args[at];
        if (word == "--") return {};
        if (word.starts_with("--")) {
            LOCKSTEP_TRY_VOID(check_long(command, args, at));
        } else if (word.size() > 1 && word.front() == '-' && word != "-h") {
            return usage_error("unknown flag `" + clean_line(word, 60) + "`", help_of(command),
                               "flags have long names, and -h");
        }
    }
    return {};
}

}  // namespace lockstep::cli
