// SPDX-License-Identifier: MIT
// Parsing by cxxopts, from the option table. The only file that knows cxxopts.
#include "cli/options.hpp"

#include <algorithm>
#include <cxxopts.hpp>
#include <map>

#include "cli/help.hpp"
#include "cli/options_check.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/exit_code.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep::cli {

namespace {

using Given = std::map<std::string, std::vector<std::string>>;  ///< name → its values as they were written, in order

constexpr const char* k_operands = "operands";

/// The values of every flag, and the operands. Precondition: check_flags accepted `args`.
Result<Given> parse_flags(const CommandRow& command, const std::vector<std::string>& args) {
    cxxopts::Options parser("lockstep " + std::string(command.name));
    for (const auto& option : option_table()) {
        if (!takes(command, option)) continue;
        const auto name = std::string(option.name == "help" ? "h," : "") + std::string(option.name);
        if (option.argument.empty()) {
            parser.add_options()(name, "");
        } else {
            parser.add_options()(name, "", cxxopts::value<std::string>());
        }
    }
    parser.add_options()(k_operands, "", cxxopts::value<std::string>());
    parser.parse_positional({k_operands});
    std::vector<const char*> argv{"lockstep"};
    for (const auto& arg : args) argv.push_back(arg.c_str());
    Given given;
    try {
        const auto parsed = parser.parse(static_cast<int>(argv.size()), argv.data());
        // arguments() has the raw words: list values would be split at commas, which names may hold.
        for (const auto& pair : parsed.arguments()) given[pair.key()].push_back(pair.value());
        for (const auto& word : parsed.unmatched()) given[k_operands].push_back(word);
    } catch (const std::exception& error) {
        return usage_error("the command line cannot be read", "`lockstep help " + std::string(command.name) + "`",
                           clean_line(error.what()));
    }
    return given;
}

std::vector<std::string> comma_separated(const std::vector<std::string>& given) {
    std::vector<std::string> found;
    for (const auto& list : given)
        for (const auto& word : split(list, ',')) found.emplace_back(trim(word));
    return found;
}

RawValue raw_value(const ConfigKey& key, const std::vector<std::string>& given) {
    if (key.type == KeyType::text_map) return raw_from_text(key.type, join(given, "\n"));
    RawValue value;
    if (key.type == KeyType::text_list) {
        value.shape = RawValue::Shape::list;
        // Names of hosts and inputs may hold commas; names of attribute sets do not.
        value.list = key.path == "targets.attributes" ? comma_separated(given) : given;
    } else {
        value.scalar = given.back();
    }
    return value;
}

Result<void> take_override(Options& options, const OptionRow& option, const std::vector<std::string>& given) {
    const auto* key = find_key(option.key);
    LOCKSTEP_CHECK(key != nullptr);
    auto value = raw_value(*key, given);
    Config scratch;
    if (const auto wrong = set_key(scratch, *key, "--" + std::string(option.name), value))
        return usage_error(*wrong, "`lockstep help " + options.command + "` lists its flags");
    options.overrides.emplace_back(std::string(option.key), std::move(value));
    if (option.key == "targets.include" || option.key == "targets.exclude") options.hosts_from_flags = true;
    return {};
}

void take_own(Options& options, std::string_view name, const std::vector<std::string>& given) {
    const std::pair<std::string_view, bool*> switches[] = {{"json", &options.json},
                                                           {"markdown", &options.markdown},
                                                           {"plain", &options.plain},
                                                           {"quiet", &options.quiet},
                                                           {"force", &options.force},
                                                           {"all", &options.all},
                                                           {"simulate", &options.simulate},
                                                           {"stage", &options.stage},
                                                           {"test", &options.test},
                                                           {"yes", &options.yes},
                                                           {"wait", &options.wait},
                                                           {"deploy", &options.deploy},
                                                           {"accept-drift", &options.accept_drift},
                                                           {"dry-run", &options.dry_run},
                                                           {"detailed-exit-code", &options.detailed_exit_code},
                                                           {"retry-failed", &options.retry_failed}};
    for (const auto& [known, field] : switches)
        if (name == known) *field = true;
    const std::pair<std::string_view, std::optional<std::string>*> values[] = {
        {"config", &options.config_file},
        {"run-dir", &options.run_dir},
        {"now", &options.now},
        {"output", &options.output},
        {"plan", &options.plan_file},
        {"valid", &options.valid},
        {"learn-host-keys", &options.learn_host_keys}};
    for (const auto& [known, field] : values)
        if (name == known) *field = given.back();
    if (name == "repo") options.repo = given.back();
    if (name == "color") options.color = given.back();
    if (name == "from") options.from = given.back();
    if (name == "fail") options.faults = given;
    if (name == "approval") options.approvals = given;
    if (name == "key") options.key_file = given.back();
    if (name == "signer") options.signer = given.back();
    if (name == "exit-zero-on") options.exit_zero_on = comma_separated(given);
}

Result<void> check_exit_words(const std::vector<std::string>& given) {
    std::vector<std::string> known;
    for (const auto code :
         {ExitCode::nothing_to_do, ExitCode::hosts_failed, ExitCode::hosts_failed_no_pr, ExitCode::base_moved,
          ExitCode::base_refused, ExitCode::infrastructure, ExitCode::credentials, ExitCode::alarm, ExitCode::locked,
          ExitCode::deploy_rolled_back, ExitCode::approval_missing})
        known.emplace_back(exit_code_word(code));
    for (const auto& word : given) {
        if (word == exit_code_word(ExitCode::deploy_unknown))
            return usage_error("--exit-zero-on does not take `" + word + "`",
                               "a host that needs a person is never a success");
        if (std::find(known.begin(), known.end(), word) == known.end())
            return usage_error("--exit-zero-on does not know `" + clean_line(word, 60) + "`",
                               did_you_mean(word, known, "it knows " + join(known, ", ")));
    }
    return {};
}

Result<void> check_values(const Options& options) {
    if (options.color != "auto" && options.color != "always" && options.color != "never")
        return usage_error("--color does not know `" + clean_line(options.color, 60) + "`",
                           "it knows auto, always and never");
    if (options.now && !parse_utc(*options.now))
        return usage_error("--now does not know `" + clean_line(*options.now, 60) + "`",
                           "it knows times such as 2026-11-21, 2026-11-21T02:00:00Z or @1795226400");
    if (options.json && options.markdown)
        return usage_error("--json and --markdown contradict each other", "give one of them");
    if (options.command == "schema" && !options.operands.empty() && options.operands[0] != "config" &&
        options.operands[0] != "report")
        return usage_error("there is no schema `" + clean_line(options.operands[0], 60) + "`",
                           "`lockstep schema config` or `lockstep schema report`");
    return check_exit_words(options.exit_zero_on);
}

Result<void> check_operands(const CommandRow& command, const Options& options) {
    if (options.operands.size() >= command.least && options.operands.size() <= command.most) return {};
    const auto name = "`lockstep " + std::string(command.name) + "`";
    const auto count = options.operands.size();
    return usage_error(name + " takes " + (command.most == 0 ? "no operands" : std::string(command.operands)),
                       command.name == "run" || command.name == "plan"
                           ? "hosts are chosen by --host"
                           : "`lockstep help " + std::string(command.name) + "`",
                       count == 0 ? "" : "it was given: " + clean_line(join(options.operands, " "), 200));
}

/// `build web1 db1` is `build --host web1 --host db1`.
void hosts_from_operands(Given& given) {
    auto& hosts = given["host"];
    const auto& operands = given[k_operands];
    hosts.insert(hosts.end(), operands.begin(), operands.end());
    if (hosts.empty()) given.erase("host");
}

/// Takes what stands behind `--` for hosts: a command line of theirs, not of ours.
std::vector<std::string> take_words(const CommandRow& command, std::vector<std::string>& args) {
    const auto dashes = std::find(args.begin(), args.end(), "--");
    if (command.name != "fleet" || dashes == args.end()) return {};
    std::vector<std::string> found(dashes + 1, args.end());
    args.erase(dashes, args.end());
    return found;
}

Result<Options> parse_command(const CommandRow& command, std::vector<std::string> args) {
    Options options;
    options.command = command.name;
    options.command_words = take_words(command, args);
    LOCKSTEP_TRY_VOID(check_flags(command, args));
    LOCKSTEP_TRY(auto given, parse_flags(command, args));
    if (given.count("help") > 0) {
        options.text = command_help(command);
        return options;
    }
    options.operands = given[k_operands];
    LOCKSTEP_TRY_VOID(check_operands(command, options));
    if (command.name == "build") hosts_from_operands(given);
    for (const auto& option : option_table()) {
        const auto values = given.find(std::string(option.name));
        if (!takes(command, option) || values == given.end()) continue;
        if (option.key.empty()) {
            take_own(options, option.name, values->second);
        } else {
            LOCKSTEP_TRY_VOID(take_override(options, option, values->second));
        }
    }
    LOCKSTEP_TRY_VOID(check_values(options));
    return options;
}

Result<Options> parse_help(const std::vector<std::string>& rest) {
    Options options;
    options.command = "help";
    if (rest.empty()) {
        options.text = program_help();
    } else if (rest.size() > 1) {
        return usage_error("`lockstep help` takes one command", "`lockstep help` lists the commands");
    } else if (rest.front() == "--man") {
        options.text = man_page();
    } else if (const auto* command = find_command(rest.front())) {
        options.text = command_help(*command);
    } else {
        return unknown_command(rest.front());
    }
    return options;
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& args) {
    if (args.empty()) return usage_error("no command was given", "`lockstep help` lists the commands");
    const auto& first = args.front();
    const std::vector<std::string> rest(args.begin() + 1, args.end());
    if (first == "help" || first == "--help" || first == "-h") return parse_help(rest);
    if (first == "--version" || first == "version") {
        Options options;
        options.command = "version";
        options.text = version_text();
        return options;
    }
    const auto* command = find_command(first);
    if (command == nullptr) return unknown_command(first);
    auto options = parse_command(*command, rest);
    if (options.ok()) options->args = args;
    return options;
}

}  // namespace lockstep::cli
