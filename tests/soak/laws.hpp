// SPDX-License-Identifier: MIT
// What must hold of every change of the remote and of every end of a run, whatever happened: invariants I1, I2 and I3,
// at most one pull request, and verdicts that tell what happened.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "soak/world.hpp"

namespace lockstep::test::soak {

class Laws {
public:
    explicit Laws(World& world);

    /// Before a process starts.
    void begin();
    /// After it ended: all that changed since begin(), and what it said.
    void check_end(const Machine& machine, const End& end);
    /// A run that nothing disturbs, from this world: how it must end.
    struct Outlook {
        std::string outcome;  ///< "unchanged", "landed", "proposed"
        int code = 0;
        std::string base;
    };
    [[nodiscard]] Outlook outlook() const;
    void check_outlook(const Outlook& before, const End& end);

    /// Of the runs' pushes to base.
    [[nodiscard]] int landings() const { return landings_; }
    [[nodiscard]] bool broken() const { return !violations_.empty(); }
    [[nodiscard]] std::vector<std::string> take_violations();
    void violated(const std::string& law);

private:
    void check_push(const RefChange& change);
    void check_base(const RefChange& change);
    void check_proof(const Commit& commit, const RefChange& change);
    void check_branch(const RefChange& change);
    void check_lock(const RefChange& change);
    void check_commit(const Commit& commit, const RefChange& change);
    void check_told(const Machine& machine, const End& end);

    World& world_;
    struct Landing {
        std::string commit, run;
        std::uint64_t others_moves;
    };
    std::vector<Landing> landed_;  ///< since begin()
    int landings_ = 0;
    std::vector<std::string> violations_;
};

}  // namespace lockstep::test::soak
