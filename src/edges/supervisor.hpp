// SPDX-License-Identifier: MIT
// The one thread that owns children: spawns them, drains their pipes, keeps their deadlines, stops them by their policy
// and reaps them. Everything else only submits.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "edges/supervisor_inbox.hpp"
#include "lockstep/ports/process.hpp"

namespace lockstep {

/// How a child ends: its process is gone, and its pipes are at their end or were held open by others for a second
/// longer. Then what is left of its process group is killed, and on_exit comes when the group is gone.
///
/// Processes in sessions of their own (Nix's builders, daemons) escape a group kill. They are found as what they
/// become, our children:
///  - of a child that we ended, or that a signal from outside ended, they are killed like its group;
///  - of a child that exited by itself they may live on; ExitStatus::reason names them. The destructor kills them.
/// A daemon that changed its session long before, below a child that we end, cannot be told from one of another child
/// and counts as the second kind.
///
/// No limit on the number of children: when descriptors or processes run out, starts wait until another child ended.
/// ExitStatus::peak_rss_bytes is an upper bound: Linux counts our own peak into that of a freshly spawned child.
class Supervisor final : public ProcessRunner {
public:
    /// `base_environment` ("K=V") is what children start from. Process-wide effects: this process becomes a child
    /// subreaper, and an ignored SIGCHLD is set to its default (ignored, the kernel would throw exit statuses away).
    explicit Supervisor(std::vector<std::string> base_environment);
    /// Kills what is left (each on_exit still comes) and joins. Never call it from a callback.
    ~Supervisor() override;
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    ChildId submit(Command command, OnOutput on_output, OnExit on_exit) override;
    void stop(ChildId id) override;
    void stop_all(bool hard) override;
    /// Takes commands again after a stop_all(): for the last words of a run.
    void admit();
    /// Ends what the children that are over have left, and tells of it; `living` also names children of this process
    /// that nobody submitted. Never call it from a callback.
    [[nodiscard]] Leftovers end_leftovers();

private:
    SupervisorInbox inbox_;
    std::atomic<ChildId> last_id_{0};
    std::thread thread_;
};

}  // namespace lockstep
