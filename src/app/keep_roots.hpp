// SPDX-License-Identifier: MIT
// What a run evaluated and proved survives garbage collections while it lasts.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "lockstep/adapters/nix.hpp"
#include "lockstep/ports/events.hpp"
#include "lockstep/ports/process.hpp"
#include "lockstep/ports/roots.hpp"

namespace lockstep {

/// Roots of one run, as links in its folder. Links are registered with Nix ahead of time and many at once; pointing one
/// at a path is then a rename. A path may be added before it is valid: its root holds from the moment it is.
/// Thread-safe. Trouble is one warning, never an error. What is referred to must outlive release().
class RunRoots : public std::enable_shared_from_this<RunRoots> {
public:
    RunRoots(nix::Setup setup, std::string folder, ProcessRunner& processes, RootLinks& links, EventSink& events);

    /// Links for so many paths will be wanted: registers them in the background. Returns at once.
    void reserve(std::size_t count);
    /// Roots for these paths, at once as far as links are in reserve. A path gets one only.
    void add(const std::vector<std::string>& paths);
    /// Waits until every path that was added has its root, or none can be had. Never call it on the runner's thread.
    void wait();
    /// Paths without a root so far.
    [[nodiscard]] std::size_t pending();
    /// Waits for what is under way and removes the links. Later calls of anything do nothing.
    void release();

private:
    void start();
    void registered(const ExitStatus& status, const std::string& base, std::size_t count, const std::string& errors);
    void give_up(const std::string& why);  ///< with mutex_ held
    void assign();                         ///< with mutex_ held

    const nix::Setup setup_;
    const std::string folder_;
    ProcessRunner& processes_;
    RootLinks& links_;
    EventSink& events_;

    std::mutex mutex_;
    std::condition_variable idle_;
    std::set<std::string> known_;
    std::vector<std::string> waiting_, free_;  ///< paths without a link, links without a path
    std::size_t wanted_ = 0;                   ///< links to be in reserve
    int registrations_ = 0;
    bool busy_ = false, over_ = false;
};

}  // namespace lockstep
