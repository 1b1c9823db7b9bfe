// SPDX-License-Identifier: MIT
// Questions to foreign programs, and refusals.
#include "app/deploy_hands.hpp"

#include <fmt/format.h>

#include "lockstep/core/sanitize.hpp"

namespace lockstep {

namespace {

constexpr Millis k_question_limit{60'000};
constexpr std::size_t k_answer_bytes = 1U << 20U;

Result<deploy::Tool> ask_tool(const deploy::BackendRow& row, const DeployPorts& ports) {
    std::string answers;
    for (const auto& argv : row.questions) {
        Command command;
        command.argv = argv;
        // Help that is a manual page is not to wait in a pager.
        command.env_set = {{"NO_COLOR", "1"}, {"PAGER", "cat"}, {"MANPAGER", "cat"}};
        command.deadline = k_question_limit;
        command.label = argv.front() + " " + argv.back();
        const auto done = run_to_end(ports.processes, command, k_answer_bytes);
        // A shell in between says 127.
        if (done.status.kind == ExitStatus::Kind::not_started ||
            (done.status.kind == ExitStatus::Kind::exited && done.status.code == 127))
            return Error{ErrorKind::config, fmt::format("{} cannot be started", row.program),
                         clean_line(done.err.empty() ? describe(done.status) : done.err, 300),
                         fmt::format("put it on PATH, or choose another deploy.backend than {}", row.name)};
        if (done.status.ok()) answers += done.out + "\n" + done.err + "\n";
    }
    return deploy::parse_tool(answers);
}

std::vector<deploy::BackendWish> wishes_for(const DeployRequest& request, std::string_view backend) {
    std::vector<deploy::BackendWish> wishes;
    for (const auto& target : request.targets)
        if (target.backend == backend)
            wishes.push_back({.host = target.name,
                              .action = target.action,
                              .type = target.type,
                              .prove_first = target.until_landed,
                              .own_machine = false,
                              .become = target.addresses.front().become});
    return wishes;
}

}  // namespace

Result<DeployHandsByName> find_hands(const DeployRequest& request, const DeployPorts& ports) {
    DeployHandsByName hands;
    std::map<std::string, bool> checked;
    for (const auto& target : request.targets) {
        if (!checked.emplace(target.backend, true).second) continue;
        const auto* row = deploy::find_backend(target.backend);
        if (row == nullptr)
            return Error{ErrorKind::config, "there is no backend " + clean_line(target.backend, 80), "",
                         "deploy.backend is embedded, colmena, deploy-rs or nixos-rebuild"};
        deploy::Tool tool;
        if (row->foreign()) {
            LOCKSTEP_TRY(tool, ask_tool(*row, ports));
            LOCKSTEP_TRY_VOID(deploy::check_tool(*row, tool));
            hands.emplace(target.backend, DeployHands{*row, tool});
        }
        LOCKSTEP_TRY_VOID(deploy::check_abilities(*row, tool, wishes_for(request, row->name)));
    }
    return hands;
}

Result<void> check_own_machine(const DeployHandsByName& hands, const DeployTarget& target) {
    const auto found = hands.find(target.backend);
    if (found == hands.end()) return {};
    return deploy::check_abilities(found->second.row, found->second.tool,
                                   {{.host = target.name, .type = ProfileType::custom, .own_machine = true}});
}

std::vector<std::string> hands_notices(const DeployHandsByName& hands, const DeployRequest& request) {
    std::vector<std::string> notices;
    for (const auto& [name, each] : hands)
        for (auto& notice : deploy::backend_notices(each.row, each.tool)) notices.push_back(std::move(notice));
    for (const auto& target : request.targets)
        if (target.type == ProfileType::darwin || target.type == ProfileType::home_manager)
            notices.push_back(
                fmt::format("{}: {} has no watchdog: when this process dies or the network is cut before "
                            "the proof, nothing brings it back",
                            clean_line(target.name, 100), word(target.type)));
    return notices;
}

}  // namespace lockstep
