// SPDX-License-Identifier: MIT
// Records of runs and the local store, put together.
#include "cli/deploy_outlook.hpp"

#include <map>
#include <optional>
#include <vector>

#include "cli/deploy_request.hpp"
#include "lockstep/adapters/deploy_closure.hpp"
#include "lockstep/app/read_closure.hpp"
#include "lockstep/core/closure_diff.hpp"
#include "lockstep/core/deploy_outlook.hpp"

namespace lockstep::cli {

namespace {

/// Closures of this machine's store; what is not valid here any more has none.
class Closures {
public:
    explicit Closures(ProcessRunner& processes) : processes_(processes) {}

    const std::optional<std::vector<ClosurePath>>& of(const std::string& path) {
        const auto found = known_.find(path);
        if (found != known_.end()) return found->second;
        deploy::SshTarget here;
        here.local = true;
        const std::string mark = "outlook";
        auto command = deploy::closure_command(here, deploy::Connection::shared, path, mark);
        command.deadline = std::chrono::seconds(60);
        return known_[path] = read_closure(processes_, command, mark);
    }

private:
    ProcessRunner& processes_;
    std::map<std::string, std::optional<std::vector<ClosurePath>>> known_;
};

}  // namespace

std::string deploy_outlook(Machine& machine) {
    constexpr std::size_t k_compared = 50;
    const auto past = read_deploy_past(machine.runs(), machine.store().run_id());
    if (past.running.empty()) return deploy_outlook_text({}, "");
    const auto proof = proved_run(machine.runs(), "");
    auto ports = machine.ports();
    Closures closures(ports.processes);
    std::map<std::string, HostOutlook> hosts;
    for (const auto& [name, path] : past.running) {
        hosts[name].name = name;
        hosts[name].running = path;
        hosts[name].unsure = path.empty();
    }
    if (proof.ok())
        for (const auto& host : proof->hosts)
            if (is_proved(host.state) && !host.out.empty()) hosts[host.name].proved = host.out;
    std::vector<HostOutlook> all;
    for (auto& [name, host] : hosts) {
        host.name = name;
        const auto back = past.went_back.find(name);
        host.went_back = back != past.went_back.end() && back->second.count(host.proved) > 0;
        const bool differs =
            deploy::is_store_path(host.running) && deploy::is_store_path(host.proved) && host.running != host.proved;
        if (differs && all.size() < k_compared) {
            const auto& before = closures.of(host.running);
            const auto& after = closures.of(host.proved);
            if (before && after) host.packages = closure_diff_summary(diff_closures(*before, *after));
        }
        all.push_back(std::move(host));
    }
    return deploy_outlook_text(all, proof.ok() ? proof->run.id : "");
}

}  // namespace lockstep::cli
