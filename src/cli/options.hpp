// SPDX-License-Identifier: MIT
// The command line as data. One table of options; parser, help and man page come from it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lockstep/core/config_keys.hpp"
#include "lockstep/core/exit_code.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep::cli {

struct OptionRow {
    std::string_view name;      ///< without dashes
    std::string_view argument;  ///< "" for switches
    std::string_view doc;
    std::string_view commands;  ///< words; "all" = every command that has a repository
    std::string_view key;       ///< configuration key that it overrides, or ""
    bool repeatable = false;
};
[[nodiscard]] const std::vector<OptionRow>& option_table();

/// The exit codes that the commands of this version can end with.
struct ExitRow {
    ExitCode code;
    std::string_view doc;
};
[[nodiscard]] const std::vector<ExitRow>& exit_table();

struct CommandRow {
    std::string_view name, operands, doc;
    std::size_t least = 0, most = 0;  ///< operands
};
[[nodiscard]] const std::vector<CommandRow>& command_table();
[[nodiscard]] const CommandRow* find_command(std::string_view name);
[[nodiscard]] bool takes(const CommandRow& command, const OptionRow& option);

struct Options {
    std::string command;
    std::vector<std::string> args;           ///< as given
    std::vector<std::string> operands;       ///< those of `build` are in `overrides` too, as targets.include
    std::vector<std::string> command_words;  ///< fleet: behind `--`, for hosts
    std::optional<std::string> text;         ///< help, man page or version: print this and end
    std::string repo = ".";
    std::optional<std::string> config_file, run_dir, now, output;
    bool json = false, markdown = false, plain = false, quiet = false, force = false, all = false;
    bool test = false, simulate = false, stage = false, yes = false, deploy = false, accept_drift = false, wait = false;
    std::string from;                            ///< deploy: the run whose results are meant
    std::optional<std::string> plan_file;        ///< deploy: carry out this plan
    std::vector<std::string> approvals;          ///< deploy: files
    std::string key_file, signer;                ///< approve
    std::optional<std::string> valid;            ///< approve: a duration
    std::vector<std::string> faults;             ///< deploy --simulate: HOST@STAGE
    std::optional<std::string> learn_host_keys;  ///< doctor: the file to write
    bool dry_run = false, detailed_exit_code = false, hosts_from_flags = false, retry_failed = false;
    std::string color = "auto";
    std::vector<std::string> exit_zero_on;
    std::vector<std::pair<std::string, RawValue>> overrides;  ///< configuration key → value, validated
};

/// Errors (usage): unknown command or flag (with the nearest known one), missing or superfluous operands, values that
/// the configuration key refuses.
[[nodiscard]] Result<Options> parse_options(const std::vector<std::string>& args);

}  // namespace lockstep::cli
