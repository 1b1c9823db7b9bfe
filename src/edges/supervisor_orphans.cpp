// SPDX-License-Identifier: MIT
// Finding, ending and reaping orphans.
#include "edges/supervisor_orphans.hpp"

#include <signal.h>  // NOLINT(modernize-deprecated-headers)
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <thread>

namespace lockstep {

namespace {

std::string shown(const ProcessFacts& process) {
    return std::to_string(process.pid) + " (" + process.name + ")";
}

}  // namespace

std::vector<ProcessFacts> Orphans::sweep(const std::set<pid_t>& own) {
    const pid_t session = getsid(0);
    std::vector<ProcessFacts> living;
    std::set<pid_t> seen;
    for (const pid_t pid : children_of(getpid())) {
        if (own.count(pid) != 0) continue;
        auto facts = process_facts(pid);
        if (!facts) continue;
        const bool stranger = facts->session != session;
        if (!stranger && own.count(facts->group) == 0) continue;
        // A first thread that has ended looks like a dead process, and is none while others go on.
        if (facts->dead && waitpid(pid, nullptr, WNOHANG) != 0) continue;
        if (stranger) {
            seen.insert(pid);
            living.push_back(std::move(*facts));
        }
    }
    for (auto it = announced_.begin(); it != announced_.end();)
        it = seen.count(*it) != 0 ? std::next(it) : announced_.erase(it);
    return living;
}

bool Orphans::has_members(pid_t group, const std::set<pid_t>& own) {
    for (const pid_t pid : children_of(getpid())) {
        if (own.count(pid) != 0) continue;
        const auto facts = process_facts(pid);
        if (!facts || facts->group != group) continue;
        if (!facts->dead || waitpid(pid, nullptr, WNOHANG) != pid) return true;
    }
    return false;
}

void Orphans::end(const ProcessFacts& orphan) {
    if (orphan.group == orphan.pid) kill(-orphan.pid, SIGKILL);
    kill(orphan.pid, SIGKILL);
}

Leftovers Orphans::end_all(const std::set<pid_t>& own) {
    using namespace std::chrono_literals;
    const auto limit = std::chrono::steady_clock::now() + 2s;
    std::map<pid_t, std::string> met;
    for (auto left = sweep(own); !left.empty(); left = sweep(own)) {
        for (const auto& orphan : left) {
            met.emplace(orphan.pid, shown(orphan));
            end(orphan);
        }
        if (std::chrono::steady_clock::now() >= limit) break;
        std::this_thread::sleep_for(2ms);
    }
    Leftovers leftovers;
    for (const pid_t pid : children_of(getpid())) {
        const auto facts = process_facts(pid);
        if (own.count(pid) != 0 || !facts || (facts->dead && waitpid(pid, nullptr, WNOHANG) != 0)) continue;
        met.erase(pid);
        leftovers.living.push_back(shown(*facts));
    }
    for (const auto& [pid, text] : met) leftovers.ended.push_back(text);
    return leftovers;
}

}  // namespace lockstep
