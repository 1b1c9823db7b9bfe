// SPDX-License-Identifier: MIT
// The earlier system is the last generation that this machine keeps for the host: no host is asked.
#include "app/host_changes.hpp"

#include <algorithm>

#include "app/in_parallel.hpp"
#include "app/keep_generations.hpp"
#include "lockstep/adapters/deploy_closure.hpp"
#include "lockstep/adapters/deploy_probe.hpp"
#include "lockstep/adapters/deploy_switch.hpp"
#include "lockstep/app/read_closure.hpp"
#include "lockstep/core/closure_diff.hpp"

namespace lockstep {

namespace {

constexpr Millis k_question_limit{60'000};
constexpr Millis k_limit{120'000};  ///< of all: a table keeps nobody waiting

std::optional<std::vector<ClosurePath>> closure_here(const RunState& state, const std::string& path) {
    deploy::SshTarget here;
    here.local = true;
    const auto nonce =
        deploy::switch_token(state.ports.store.run_id(), "closure", path, state.settings.secret_nonce).substr(0, 24);
    auto command = deploy::closure_command(here, deploy::Connection::fresh, path, nonce, state.setup.bin_dir);
    command.deadline = k_question_limit;
    return read_closure(state.ports.processes, command, nonce);
}

void compare(const RunState& state, const std::string& now, HostChange& change) {
    const auto before = closure_here(state, change.from);
    const auto after = before ? closure_here(state, now) : std::nullopt;
    if (before && after) {
        const auto diff = diff_closures(*before, *after);
        auto told = tell_packages(diff);
        change.packages = std::move(told.summary);
        change.package_lines = std::move(told.lines);
        change.copy_bytes = diff.bytes_added;
    }
    if (!state.ports.boot_parts) return;
    const auto had = state.ports.boot_parts(change.from), has = state.ports.boot_parts(now);
    change.kernel = deploy::kernel_change(had, has);
    change.reboot = deploy::reboot_reasons(had, has);
}

}  // namespace

void find_host_changes(RunState& state) {
    auto& hosts = state.report.hosts;
    if (state.ports.roots == nullptr || state.settings.state_dir.empty()) return;
    const auto folder = keep_folder(state.settings.state_dir.string(), state.base, state.config.flake);
    std::vector<HostResult*> changed;
    for (auto& host : hosts) {
        if (!is_proved(host.state) || host.out.empty() || state.interrupted() || state.time_is_short) continue;
        const auto before = last_landed(folder, host.name, *state.ports.roots);
        if (before.empty() || before == host.out || !deploy::is_store_path(before)) continue;
        host.change = HostChange{.from = before};
        changed.push_back(&host);
    }
    const auto limit = static_cast<std::size_t>(std::max(1, state.settings.cores));
    const auto began = state.ports.clock.steady();
    in_parallel(changed.size(), limit, [&](std::size_t n) {
        const bool late = state.interrupted() || state.time_is_short || state.ports.clock.steady() - began > k_limit;
        if (!late) compare(state, changed[n]->out, *changed[n]->change);
    });
}

}  // namespace lockstep
