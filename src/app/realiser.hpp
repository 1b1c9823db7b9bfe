// SPDX-License-Identifier: MIT
// One realisation at a time over everything that is ready: never two overlapping build processes of one fleet (they
// poll each other's locks, build a shared failure twice and can deadlock below Nix 2.19). Knows no graph library.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/build_logs.hpp"
#include "app/evaluator.hpp"

namespace lockstep {

/// A target whose derivation is known and shall be valid at the end.
struct ReadyTarget {
    EvalResult evaluation;
    std::string system;
    std::vector<std::string> outputs;
    /// Derivations of its closure for a system or with a feature that nobody here has, itself included. They need not
    /// be built when a substitute or a valid output exists.
    std::vector<std::string> suspects;
};

/// One round: what was tried, and what the store said before and after.
struct Wave {
    Wave(const ProveRequest& request, const ProvePorts& ports) : logs(request, ports) {}

    std::vector<ReadyTarget> targets;
    std::set<std::string> invalid_before;  ///< output paths
    std::set<std::string> invalid;         ///< after; grows to whole closures of broken targets when they are validated
    std::map<std::string, std::string>
        unsupported;  ///< target's derivation → the suspect of its closure that would have to be built
    BuildLogs logs;
    nix::RealiseFacts realise;
    std::string trouble;  ///< the store could not be asked: says nothing about any target
    bool interrupted = false;
    bool ran = false;  ///< a realisation took place
};
using WavePtr = std::shared_ptr<Wave>;

/// Asks which of `paths` are invalid, in as many processes as their number needs. The callback gets nullopt and a text
/// when the store could not be asked. Runs on the runner's thread.
void check_validity(const ProveRequest& request, const ProvePorts& ports, std::vector<std::string> paths,
                    std::function<void(std::optional<std::set<std::string>>, ExitStatus, std::string)> done);

class Realiser : public std::enable_shared_from_this<Realiser> {
public:
    /// `on_wave` is called on the runner's thread, once per wave.
    Realiser(const ProveRequest& request, const ProvePorts& ports, std::function<void(const WavePtr&)> on_wave);

    /// One more target is ready. Returns at once.
    void add(ReadyTarget target);
    /// No further target will come.
    void flush();

private:
    void start_if_due();
    void check_before(const WavePtr& wave);
    void check_suspects(const WavePtr& wave);
    void realise(const WavePtr& wave);
    void check_after(const WavePtr& wave);
    void done(const WavePtr& wave);

    const ProveRequest& request_;
    const ProvePorts& ports_;
    std::function<void(const WavePtr&)> on_wave_;
    std::mutex mutex_;
    std::deque<ReadyTarget> queue_;
    std::chrono::steady_clock::time_point oldest_{};
    bool busy_ = false, flushed_ = false;
};

}  // namespace lockstep
