// SPDX-License-Identifier: MIT
// The only list of backends. A new one is one file and one row here.
#include <algorithm>

#include <fmt/format.h>

#include "adapters/deploy/backends.hpp"
#include "adapters/deploy/scripts.hpp"
#include "adapters/nix/call.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::deploy {

namespace {

BackendRow embedded_backend() {
    BackendRow row;
    row.name = "embedded";
    for (const auto ability : all_abilities()) row.abilities.push_back({ability});
    return row;
}

/// "colmena 0.4.0", "deploy-rs 1.0": the first number with a dot. {0, 0}: there is none.
std::pair<int, int> number_of(std::string_view version) {
    for (std::size_t at = 0; at < version.size(); ++at) {
        int numbers[2] = {0, 0};
        auto here = at;
        bool good = true;
        for (int part = 0; part < 2 && good; ++part) {
            const auto begin = here;
            while (here < version.size() && here - begin < 6 && version[here] >= '0' && version[here] <= '9')
                numbers[part] = numbers[part] * 10 + (version[here++] - '0');
            good = here > begin && (part == 1 || (here < version.size() && version[here++] == '.'));
        }
        if (good) return {numbers[0], numbers[1]};
    }
    return {0, 0};
}

}  // namespace

const std::vector<Ability>& all_abilities() {
    static const std::vector<Ability> k_all{
        Ability::switch_live, Ability::test,          Ability::boot,        Ability::reboot, Ability::proved_path,
        Ability::prove_first, Ability::returns_alone, Ability::own_machine, Ability::darwin, Ability::home_manager};
    return k_all;
}

bool BackendRow::can(Ability ability, const Tool& tool) const {
    return std::any_of(abilities.begin(), abilities.end(), [&](const Can& each) {
        return each.ability == ability && (each.flag.empty() || tool.knows(each.flag));
    });
}

const std::vector<BackendRow>& backends() {
    static const std::vector<BackendRow> k_rows{embedded_backend(), colmena_backend(), deploy_rs_backend(),
                                                nixos_rebuild_backend()};
    return k_rows;
}

const BackendRow* find_backend(std::string_view name) {
    for (const auto& row : backends())
        if (row.name == name) return &row;
    return nullptr;
}

Tool parse_tool(std::string_view answers) {
    Tool tool;
    const auto lines = lines_of(answers);
    if (!lines.empty()) tool.version = clean_line(lines.front(), 80);
    for (std::size_t at = answers.find("--"); at != std::string_view::npos; at = answers.find("--", at)) {
        auto end = at + 2;
        while (end < answers.size() && (answers[end] == '-' || (answers[end] >= 'a' && answers[end] <= 'z'))) ++end;
        const bool begins = at == 0 || std::string_view(" \t\n,[|(").find(answers[at - 1]) != std::string_view::npos;
        if (begins && end > at + 3 && tool.flags.size() < 500) tool.flags.emplace(answers.substr(at, end - at));
        at = end;
    }
    return tool;
}

std::optional<std::string> parse_foreseen(std::string_view text) {
    auto path = trim(text);
    if (path.size() >= 2 && path.front() == '"' && path.back() == '"') path = path.substr(1, path.size() - 2);
    if (!is_store_path(path)) return std::nullopt;
    return std::string(path);
}

Result<void> check_tool(const BackendRow& backend, const Tool& tool) {
    const auto number = number_of(tool.version);
    const auto oldest = std::pair{backend.oldest_major, backend.oldest_minor};
    if (oldest != std::pair{0, 0} && number < oldest)
        return Error{ErrorKind::config, fmt::format("this {} is too old: {}", backend.program, tool.version),
                     fmt::format("version {}.{} or newer is needed", oldest.first, oldest.second),
                     "install a newer one, or choose another deploy.backend"};
    for (const auto& flag : backend.needed_flags)
        if (!tool.flags.empty() && !tool.knows(flag))
            return Error{ErrorKind::config, fmt::format("this {} does not know {}", backend.program, flag),
                         "its help does not name that option: it is too old, or another program of the same name",
                         "install a newer one, or choose another deploy.backend"};
    return {};
}

Command foreign_call(std::vector<std::string> argv, const ForeignSwitch& wish) {
    Command command;
    command.label = argv.front() + " for " + wish.node;
    command.argv = std::move(argv);
    command.env_set = {{"NO_COLOR", "1"}};
    nix::forbid_prompts(command);
    command.env_unset = {"DISPLAY", "NIX_SSHOPTS", "SSH_CONFIG_FILE"};
    return command;
}

Command evaluate_path(const nix::Setup& setup, const ForeignSwitch& wish, const std::string& attribute) {
    auto command = nix::start_call(setup, "nix", {"eval"});
    command.argv.insert(command.argv.end(), {"--raw", "--no-update-lock-file", "--no-write-lock-file"});
    if (setup.impure) command.argv.emplace_back("--impure");
    nix::add_options(command, setup);
    command.argv.push_back(wish.flake + "#" + attribute);
    nix::forbid_prompts(command);
    command.stop.grace = std::chrono::seconds(2);
    command.label = "nix eval (what would be activated on " + wish.node + ")";
    return command;
}

std::string user_at_host(const SshTarget& target) {
    return target.user.empty() ? target.host : target.user + "@" + target.host;
}

std::string foreign_ssh_config(SshTarget target) {
    target.control_path.clear();
    return ssh_config_text(target) + "  HostName " + target.host + "\n";
}

std::string room_of(const std::string& run) {
    return "/run/lockstep/" + run;
}

Command room_command(const SshTarget& target, const std::string& run, const std::string& nonce) {
    return script_command(target, Connection::shared, "room", {{"lockstep_run", run}, {"lockstep_nonce", nonce}},
                          "a folder for temporary files");
}

}  // namespace lockstep::deploy
