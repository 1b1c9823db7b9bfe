// SPDX-License-Identifier: MIT
// Evaluation by expressions over `builtins.getFlake`: unlike `nix eval FLAKE#attr` they put no "packages.<system>"
// before a name, need no quoting of attribute paths, answer null for a missing set, and can never write a lock file
// (pure mode refuses a flake whose lock is incomplete). The derivations are those that `nix build FLAKE#attr` would
// build.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "adapters/nix/call.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::nix {

namespace {

using nlohmann::json;

Command eval_call(const Setup& setup, std::string expression) {
    auto command = start_call(setup, "nix", {"eval"});
    command.argv.insert(command.argv.end(), {"--json", "--no-eval-cache", "--no-update-lock-file",
                                             "--no-write-lock-file", "--log-format", "raw"});
    if (setup.impure) command.argv.emplace_back("--impure");
    add_options(command, setup);
    command.argv.insert(command.argv.end(), {"--expr", std::move(expression)});
    forbid_prompts(command);
    // An evaluation that is busy does not listen to SIGTERM (seen on 2.8, 2.26 and 2.34), and has nothing to tidy up.
    command.stop.grace = std::chrono::seconds(2);
    return command;
}

std::string list_literal(const std::vector<std::string>& texts) {
    std::string list = "[ ";
    for (const auto& text : texts) list += string_literal(text) + " ";
    return list + "]";
}

/// "checks.x86_64-linux" → {"checks", "x86_64-linux"}.
std::vector<std::string> set_path(std::string_view set) {
    const auto dot = set.find('.');
    if (dot == std::string_view::npos) return {std::string(set)};
    return {std::string(set.substr(0, dot)), std::string(set.substr(dot + 1))};
}

Error unreadable(std::string what) {
    return Error{ErrorKind::infrastructure, std::move(what), "the output of nix is not the JSON that was asked for",
                 "see run.log for the command and its output"};
}

}  // namespace

Command names_command(const Setup& setup, const std::string& flake, const std::vector<std::string>& sets) {
    std::string expression = fmt::format(R"(let
  flake = builtins.getFlake {};
  member = value: name: if builtins.isAttrs value then value.${{name}} or null else null;
  names = path: let set = builtins.foldl' member flake path; in
    if builtins.isAttrs set then builtins.attrNames set else null;
in {{
)",
                                         string_literal(flake));
    for (const auto& set : sets)
        expression += fmt::format("  ${{{}}} = names {};\n", string_literal(set), list_literal(set_path(set)));
    auto command = eval_call(setup, expression + "}");
    command.label = "nix eval (names)";
    return command;
}

Result<std::map<std::string, std::optional<std::vector<std::string>>>> parse_names(std::string_view text) {
    const auto all = json::parse(text, nullptr, false);
    if (!all.is_object()) return unreadable("cannot read the names of the flake's hosts");
    std::map<std::string, std::optional<std::vector<std::string>>> result;
    for (const auto& [set, names] : all.items()) {
        auto& entry = result[set];
        if (names.is_null()) continue;
        if (!names.is_array()) return unreadable("cannot read the names of the flake's hosts");
        entry.emplace();
        for (const auto& name : names) {
            if (!name.is_string()) return unreadable("cannot read the names of the flake's hosts");
            entry->push_back(name.get<std::string>());
        }
    }
    return result;
}

Command flake_config_command(const Setup& setup, const std::string& flake) {
    auto command = eval_call(setup, fmt::format(R"(let
  flake = builtins.getFlake {};
  text = value:
    if builtins.isBool value then (if value then "true" else "false")
    else if builtins.isList value then builtins.concatStringsSep " " (map text value)
    else toString value;
in builtins.mapAttrs (name: text) ((import (flake + "/flake.nix")).nixConfig or {{ }}))",
                                                string_literal(flake)));
    command.label = "nix eval (nixConfig)";
    return command;
}

Result<std::map<std::string, std::string>> parse_flake_config(std::string_view text) {
    const auto all = json::parse(text, nullptr, false);
    if (!all.is_object()) return unreadable("cannot read the flake's nixConfig");
    std::map<std::string, std::string> options;
    for (const auto& [name, value] : all.items()) {
        if (!value.is_string()) return unreadable("cannot read the flake's nixConfig");
        if (!name.starts_with("bash-prompt")) options[name] = value.get<std::string>();
    }
    return options;
}

Command evaluate_command(const Setup& setup, const std::string& flake, const std::vector<Target>& slice,
                         const std::string& nonce) {
    // Nix quotes lines of this expression in its errors: the nonce stands here in two pieces, so that only a trace has
    // it whole.
    const auto half = nonce.size() / 2;
    std::string expression =
        fmt::format(R"(let
  flake = builtins.getFlake {};
  mark = text: builtins.trace ("lockstep-" + {} + {} + text);

  prove = index: path: let
    drv = builtins.unsafeDiscardStringContext (builtins.foldl' (value: name: value.${{name}}) flake path).drvPath;
  in mark " begin ${{index}}" (builtins.seq drv (mark " end ${{index}} ${{drv}}" drv));

  targets = [
)",
                    string_literal(flake), string_literal(nonce.substr(0, half)), string_literal(nonce.substr(half)));
    std::vector<std::string> names;
    for (std::size_t index = 0; index < slice.size(); ++index) {
        auto path = set_path(slice[index].set);
        path.push_back(slice[index].attr);
        for (auto& name : derivation_suffix(slice[index].kind)) path.push_back(std::move(name));
        expression += fmt::format("    {{ name = {}; drv = prove \"{}\" {}; }}\n", string_literal(slice[index].name),
                                  index, list_literal(path));
        names.push_back(slice[index].name);
    }
    expression += R"(  ];

  add = done: target: builtins.seq target.drv (done // { ${target.name} = target.drv; });

in builtins.seq flake (builtins.foldl' add { } targets))";  // what breaks all targets breaks before the first "begin"
    auto command = eval_call(setup, std::move(expression));
    command.label = "nix eval " + join(names, " ");
    return command;
}

Result<std::map<std::string, std::string>> parse_evaluation(std::string_view text) {
    const auto all = json::parse(text, nullptr, false);
    if (!all.is_object()) return unreadable("cannot read the result of an evaluation");
    std::map<std::string, std::string> drvs;
    for (const auto& [name, drv] : all.items()) {
        if (!drv.is_string()) return unreadable("cannot read the result of an evaluation");
        drvs[name] = drv.get<std::string>();
    }
    return drvs;
}

}  // namespace lockstep::nix
