// SPDX-License-Identifier: MIT
// Proved hosts go to a binary cache, or another Nix store, while the rest still builds.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "lockstep/adapters/nix_keep.hpp"
#include "lockstep/ports/clock.hpp"
#include "lockstep/ports/process.hpp"

namespace lockstep {

struct CacheTarget {
    nix::Setup setup;
    std::string to, signing_key_file;
    Millis timeout{0};           ///< per copy
    bool only_if_green = false;  ///< nothing is copied before finish(true)
    int attempts = 3;
};

struct CopyOutcome {
    std::size_t copied = 0;           ///< of the paths that were added
    std::vector<std::string> failed;  ///< sorted
    std::string why;                  ///< one cleaned line; "" when nothing failed
    int processes = 0;
    bool interrupted = false;

    bool operator==(const CopyOutcome&) const = default;
};

/// One copy at a time over everything that came meanwhile. A failure is tried again in finish(), with pauses; after a
/// copy that ran out of time nothing more is sent. Thread-safe. What is referred to must outlive finish().
class CacheCopier : public std::enable_shared_from_this<CacheCopier> {
public:
    CacheCopier(CacheTarget target, ProcessRunner& processes, Clock& clock);

    /// Output paths of a proved host. Each is copied once. Returns at once.
    void add(const std::vector<std::string>& outputs);
    /// Waits for all of it. `green`: the update may land. Never call it on the runner's thread.
    [[nodiscard]] CopyOutcome finish(bool green);
    /// Ends what is being copied; nothing further is. finish() is still needed.
    void stop();

private:
    void start();
    void copy(std::vector<std::string> batch);
    void ended(std::vector<std::string> batch, const ExitStatus& status, const std::string& errors);
    void wait(std::unique_lock<std::mutex>& lock);
    void hold_child(ChildId child);

    const CacheTarget target_;
    ProcessRunner& processes_;
    Clock& clock_;

    std::mutex mutex_;
    std::condition_variable idle_;
    std::set<std::string> known_;
    std::vector<std::string> queue_, again_;  ///< to copy; failed so far
    std::vector<ChildId> children_;           ///< those that ended too
    std::size_t batch_limit_;
    int failures_in_a_row_ = 0;
    bool held_, busy_ = false, over_ = false;
    CopyOutcome outcome_;
};

/// What the report says: "" when all went well.
[[nodiscard]] std::string copy_warning(const CopyOutcome& outcome, const std::string& to);

}  // namespace lockstep
