// SPDX-License-Identifier: MIT
// The fleet as the command line asks for it.
#include "cli/fleet_gather.hpp"

#include <iostream>

#include "lockstep/core/selector.hpp"

namespace lockstep::cli {

namespace {

std::string read_standard_input() {
    constexpr std::size_t k_most = (1U << 20U) + 1;  // one more than selectors take
    std::string text(k_most, '\0');
    std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(std::cin.gcount()));
    return text;
}

}  // namespace

Result<GatheredFleet> gather_fleet(Machine& machine) {
    auto gathered = gather_fleet(machine.settings("fleet"), machine.ports(), machine.environment().get("FLEET_NODES"));
    if (gathered.ok()) gathered->home = machine.environment().get("HOME");
    return gathered;
}

Result<std::vector<std::string>> chosen_hosts(
    const Fleet& fleet, const Options& options, std::vector<std::string> expressions,
    std::function<Result<std::set<std::string>>(std::string_view)> predicate) {
    if (options.all || expressions.empty()) expressions = {"*"};
    const auto input = reads_standard_input(expressions) ? read_standard_input() : std::string();
    return select_hosts(expressions, {fleet, std::move(predicate), input});
}

}  // namespace lockstep::cli
