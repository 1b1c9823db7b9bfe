// SPDX-License-Identifier: MIT
// Parsing by cxxopts, from the option table.
#include "cli/options.hpp"

#include <algorithm>
#include <cxxopts.hpp>
#include <map>

#include "cli/help.hpp"
#include "lockstep/core/exit_code.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/target.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::cli {

namespace {

Error usage(const std::string& what, const std::string& hint, const std::string& why = "") { return {ErrorKind::usage, what, why, hint}; }

std::string did_you_mean(const std::string& word, const std::vector<std::string>& known, const std::string& otherwise, const std::string& prefix = "") {
    const auto near = nearest(word, known);
    return near.empty() ? otherwise : "did you mean `" + prefix + near + "`?";
}

Error unknown_command(const std::string& name) {
    std::vector<std::string> known;
    for (const auto& row : command_table()) known.emplace_back(row.name);
    return usage("there is no command `" + clean_line(name, 60) + "`", did_you_mean(name, known, "`lockstep help` lists the commands"));
}

/// What cxxopts is asked for is checked first, so that its own messages never reach anybody.
Result<void> check_flags(const CommandRow& command, const std::vector<std::string>& args) {
    for (std::size_t i = 0; i < args.size(); ++i) {
        const auto& word = args[i];
        if (word == "--") return {};
        if (word.rfind("--", 0) != 0) {
            if (word.size() > 1 && word.front() == '-') return usage("unknown flag `" + clean_line(word, 60) + "`", "flags have long names: `lockstep help " + std::string(command.name) + "` lists them");
            continue;
        }
        const auto name = word.substr(2, word.find('=') == std::string::npos ? std::string::npos : word.find('=') - 2);
        if (name == "token") return usage("there is no flag --token", "give the token as a file: --token-file FILE", "secrets on a command line are seen by every process");
        const OptionRow* row = nullptr;
        std::vector<std::string> known;
        for (const auto& option : option_table())
            if (takes(command, option)) {
                known.emplace_back(option.name);
                if (option.name == name) row = &option;
            }
        if (row == nullptr)
            return usage("`lockstep " + std::string(command.name) + "` has no flag `--" + clean_line(name, 60) + "`",
                         did_you_mean(name, known, "`lockstep help " + std::string(command.name) + "` lists its flags", "--"));
        const bool has_value = word.find('=') != std::string::npos;
        if (row->argument.empty() && has_value) return usage("--" + name + " takes no value", "write --" + name);
        if (!row->argument.empty() && !has_value) {
            if (i + 1 >= args.size()) return usage("--" + name + " needs a value: " + std::string(row->argument), "`lockstep help " + std::string(command.name) + "`");
            ++i;
        }
    }
    return {};
}

RawValue raw_value(const ConfigKey& key, const std::vector<std::string>& given) {
    RawValue value;
    value.quoted = key.type == KeyType::text;
    if (key.type == KeyType::text_list) {
        value.shape = RawValue::Shape::list;
        value.list = given;
    } else {
        value.scalar = given.back();
    }
    return value;
}

Result<void> take_override(Options& options, const OptionRow& row, const std::vector<std::string>& given) {
    const auto* key = find_key(row.key);
    if (key == nullptr) return Error{ErrorKind::internal, "no such key: " + std::string(row.key), "", ""};
    const auto value = raw_value(*key, given);
    Config scratch;
    if (const auto wrong = key->set(scratch, value)) return usage("--" + std::string(row.name) + " " + *wrong, "", "it was given: " + clean_line(join(given, ", "), 200));
    options.overrides.emplace_back(std::string(row.key), value);
    if (row.name == "host" || row.name == "exclude") options.hosts_from_flags = true;
    return {};
}

Result<void> take(Options& options, const OptionRow& row, const std::vector<std::string>& given) {
    const auto name = row.name;
    if (!row.key.empty()) return take_override(options, row, given);
    if (name == "repo") options.repo = given.back();
    if (name == "config") options.config_file = given.back();
    if (name == "run-dir") options.run_dir = given.back();
    if (name == "now") options.now = given.back();
    if (name == "output") options.output = given.back();
    if (name == "json") options.json = true;
    if (name == "markdown") options.markdown = true;
    if (name == "plain") options.plain = true;
    if (name == "quiet") options.quiet = true;
    if (name == "force") options.force = true;
    if (name == "dry-run") options.dry_run = true;
    if (name == "detailed-exit-code") options.detailed_exit_code = true;
    if (name == "color") options.color = given.back();
    if (name == "exit-zero-on")
        for (const auto& list : given)
            for (const auto& word : split(list, ','))
                if (!trim(word).empty()) options.exit_zero_on.emplace_back(trim(word));
    return {};
}

Result<void> check_values(const Options& options) {
    if (options.color != "auto" && options.color != "always" && options.color != "never")
        return usage("--color does not take `" + clean_line(options.color, 60) + "`", "use auto, always or never");
    for (const auto& word : options.exit_zero_on) {
        std::vector<std::string> known;
        for (const auto code : {ExitCode::nothing_to_do, ExitCode::hosts_failed, ExitCode::hosts_failed_no_pr, ExitCode::base_moved, ExitCode::base_refused,
                                ExitCode::infrastructure, ExitCode::credentials, ExitCode::alarm, ExitCode::locked})
            known.emplace_back(exit_code_word(code));
        if (std::find(known.begin(), known.end(), word) == known.end())
            return usage("--exit-zero-on does not know `" + clean_line(word, 60) + "`", did_you_mean(word, known, "it knows " + join(known, ", ")));
    }
    return {};
}

Result<Options> parse_command(const CommandRow& command, const std::vector<std::string>& args) {
    LOCKSTEP_TRY_VOID(check_flags(command, args));
    cxxopts::Options parser("lockstep " + std::string(command.name));
    for (const auto& option : option_table()) {
        if (!takes(command, option)) continue;
        const std::string name(option.name);
        if (option.argument.empty())
            parser.add_options()(name, "");
        else
            parser.add_options()(name, "", cxxopts::value<std::string>());
    }
    parser.add_options()("operands", "", cxxopts::value<std::string>());
    parser.parse_positional({"operands"});
    Options options;
    options.command = command.name;
    std::vector<const char*> argv{"lockstep"};
    for (const auto& arg : args) argv.push_back(arg.c_str());
    std::map<std::string, std::vector<std::string>> given;
    try {
        const auto parsed = parser.parse(static_cast<int>(argv.size()), argv.data());
        // The values as they were written, in order: cxxopts splits lists at commas, which names may hold.
        for (const auto& pair : parsed.arguments()) given[pair.key()].push_back(pair.value());
        for (const auto& word : parsed.unmatched()) given["operands"].push_back(word);
    } catch (const std::exception& error) {
        return usage("the command line cannot be read", "`lockstep help " + std::string(command.name) + "`", clean_line(error.what()));
    }
    if (given.count("help") > 0) {
        options.text = command_help(command);
        return options;
    }
    for (const auto& option : option_table())
        if (const auto values = given.find(std::string(option.name)); takes(command, option) && values != given.end()) LOCKSTEP_TRY_VOID(take(options, option, values->second));
    options.operands = given["operands"];
    LOCKSTEP_TRY_VOID(check_values(options));
    if (options.operands.size() < command.least || options.operands.size() > command.most)
        return usage("`lockstep " + std::string(command.name) + "` takes " + (command.most == 0 ? "no operands" : std::string(command.operands)),
                     "`lockstep help " + std::string(command.name) + "`", options.operands.empty() ? "" : "it was given: " + clean_line(join(options.operands, " "), 200));
    if (command.name == "build" && !options.operands.empty()) {
        for (const auto& option : option_table())
            if (option.name == "host") {
                auto hosts = given["host"];
                hosts.insert(hosts.end(), options.operands.begin(), options.operands.end());
                LOCKSTEP_TRY_VOID(take_override(options, option, hosts));
            }
    }
    return options;
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& args) {
    Options options;
    if (args.empty()) return usage("no command was given", "`lockstep help` lists the commands");
    const auto& first = args.front();
    const std::vector<std::string> rest(args.begin() + 1, args.end());
    if (first == "--version" || first == "version") {
        options.text = version_text();
        return options;
    }
    if (first == "help" || first == "--help" || first == "-h") {
        if (rest.empty()) {
            options.text = program_help();
        } else if (rest.front() == "--man") {
            options.text = man_page();
        } else if (const auto* command = find_command(rest.front())) {
            options.text = command_help(*command);
        } else {
            return unknown_command(rest.front());
        }
        return options;
    }
    const auto* command = find_command(first);
    if (command == nullptr) return unknown_command(first);
    return parse_command(*command, rest);
}

}  // namespace lockstep::cli
