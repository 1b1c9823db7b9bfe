// SPDX-License-Identifier: MIT
// The world around the runs: the remote, its forge, the people who use both, and what is known about every change.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fakes/fake_forge.hpp"
#include "fakes/fault_proxy.hpp"
#include "soak/machine.hpp"
#include "soak/ref_log.hpp"
#include "support/git_fixture.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::test::soak {

inline constexpr const char* k_base = "refs/heads/main";
inline constexpr const char* k_lock = "refs/lockstep/lock/main";

/// What is needed of a commit.
struct Commit {
    std::vector<std::string> parents;
    std::string run;  ///< "Lockstep-Run" trailer; "" = somebody else's
    bool sealed = false;
    Versions versions;
};

struct World {
    explicit World(fakes::ForgeKind kind);

    // What people do. Each of these must follow settle_refs().
    void upstream_moves(int bits);
    void someone_commits(std::optional<int> flake_bits);  ///< nullopt: what does not matter to any host
    void someone_rewrites_base();                         ///< takes its last commit away, unless it is the first
    void someone_commits_on(const std::string& branch);
    void someone_amends(const std::string& branch);  ///< another file into its commit, whose message stays
    void someone_deletes(const std::string& branch);
    void someone_closes(std::int64_t pull);

    /// Waits until the remote has done what it was asked; what changed is lockstep's doing and goes to `on_push`.
    void settle_refs();
    std::function<void(const RefChange&)> on_push;

    [[nodiscard]] Commit commit(const std::string& id) const;
    [[nodiscard]] std::string base() const { return log->ref(k_base); }
    [[nodiscard]] std::vector<std::string> branches() const;  ///< refs of update branches
    /// Open pull requests of lockstep on whose branch nobody else has committed.
    [[nodiscard]] std::vector<fakes::Pull> live_pulls() const;
    [[nodiscard]] std::string text() const;  ///< all refs and pull requests, to compare
    void undisturb();                        ///< no faults from now on

    TempDir dir;
    GitRepo bare;
    std::unique_ptr<fakes::FakeForge> forge;
    std::unique_ptr<fakes::FaultProxy> proxy;
    std::unique_ptr<RefLog> log;
    std::vector<std::unique_ptr<Machine>> machines;
    int upstream = k_bits;
    std::set<std::string> ours;      ///< commits that lockstep has pushed
    std::uint64_t others_moves = 0;  ///< of base

private:
    void others_did();
    int serial_ = 1, files_ = 0;
    std::set<std::string> before_;  ///< commits before the history began
};

}  // namespace lockstep::test::soak
