// SPDX-License-Identifier: MIT
// Processes that came to us because we are the subreaper: what children and their children left behind.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>
#include <vector>

#include "edges/supervisor_inbox.hpp"
#include "edges/supervisor_procfs.hpp"

namespace lockstep {

/// How they are told from children that other code of this program started: those share our session and have groups of
/// their own; an orphan is in another session, or in the group of one of the supervisor's children. (An orphan in our
/// session with a group of its own, as a shell with job control makes, is not recognised.)
class Orphans {
public:
    /// Reaps the dead ones. Gives the living that are in other sessions. `own`: processes of the supervisor's children,
    /// each the leader of its group.
    std::vector<ProcessFacts> sweep(const std::set<pid_t>& own);

    /// Whether somebody is in the group of one of them besides its leader, as far as our own children tell. Reaps the
    /// dead; one whose main thread only is dead is not yet.
    [[nodiscard]] static bool has_members(pid_t group, const std::set<pid_t>& own);

    /// KILL to the process, and to its group when it leads one.
    static void end(const ProcessFacts& orphan);

    /// Whether it was not announced yet; from now on it is.
    bool announce(pid_t pid) { return announced_.insert(pid).second; }
    [[nodiscard]] bool announced(pid_t pid) const { return announced_.count(pid) != 0; }
    [[nodiscard]] bool any_announced() const { return !announced_.empty(); }

    /// Kills all of them and waits until they are gone, two seconds at most.
    Leftovers end_all(const std::set<pid_t>& own);

private:
    std::set<pid_t> announced_;  ///< alive at the last sweep; the numbers stay theirs, because nobody but us reaps them
};

}  // namespace lockstep
