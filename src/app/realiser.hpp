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
    /// be built when a substitute or a valid output exists. Found when its output is known to be invalid.
    std::vector<std::string> suspects;
    std::vector<std::string> failed_before;  ///< of its closure: what an earlier run found to fail
    HostWork work;
    int attempt = 0;  ///< tries after trouble of the infrastructure
};

/// One round: what was tried, and what the store said before and after.
struct Wave {
    Wave(const ProveRequest& request, const ProvePorts& ports) : logs(request, ports) {}

    std::vector<ReadyTarget> targets;
    std::set<std::string> invalid_before;  ///< output paths
    std::set<std::string> invalid;         ///< after; grows to whole closures of broken targets when they are validated
    std::map<std::string, std::string>
        unsupported;  ///< target's derivation → the suspect of its closure that would have to be built
    std::map<std::string, std::string> known_failures;  ///< target's derivation → what would have to be built and
                                                        ///< failed in an earlier run
    std::set<std::string>
        proved_before;    ///< targets' derivations that need no building: unchanged, proved by an earlier run
    nix::DryRun dry_run;  ///< what the realisation is to do, when it was asked
    bool dry_run_known = false;
    BuildLogs logs;
    nix::RealiseFacts realise;
    std::string halted;    ///< why building was ended from outside, "" when it was not
    bool time_up = false;  ///< that reason: what had failed by then counts
    std::string trouble;   ///< the store could not be asked: says nothing about any target
    bool interrupted = false;
    bool ran = false;  ///< a realisation took place
};
using WavePtr = std::shared_ptr<Wave>;

/// Asks which of `paths` are invalid, in as many processes as their number needs. The callback gets nullopt and a text
/// when the store could not be asked. Runs on the runner's thread.
void check_validity(const ProveRequest& request, const ProvePorts& ports, std::vector<std::string> paths,
                    std::function<void(std::optional<std::set<std::string>>, ExitStatus, std::string)> done);

/// Steps of a wave: is it valid already? → (look) → what would be done? → (weigh) → realise → is it valid now? The
/// steps in parentheses read derivations and belong to the caller's threads, the others are children.
class Realiser : public std::enable_shared_from_this<Realiser> {
public:
    using OnWave = std::function<void(const WavePtr&)>;
    struct Steps {
        OnWave look;   ///< called when the wave's invalid outputs are known; ends in proceed()
        OnWave weigh;  ///< called when its work is known; ends in realise()
        OnWave done;   ///< the last call for a wave
    };
    /// The steps are called on the runner's thread.
    Realiser(const ProveRequest& request, const ProvePorts& ports, Steps steps);

    /// One more target is ready. Returns at once.
    void add(ReadyTarget target);
    /// No further target will come, but for those that come again.
    void flush();
    /// After look().
    void proceed(const WavePtr& wave);
    /// After weigh().
    void realise(const WavePtr& wave);
    /// Tries targets of an ended wave again, after a pause.
    void again(std::vector<ReadyTarget> targets, Millis pause);
    /// Targets that wait for what the base commit says about them; they leave their wave.
    void hold(std::vector<ReadyTarget> targets);
    void release(std::size_t target);
    /// Ends the running realisation, the questions before it and pauses; starts no further one.
    void halt(const Halt& halt);

private:
    void start_if_due();
    void check_before(const WavePtr& wave);
    /// Whether it is halted; the wave knows then.
    [[nodiscard]] bool take_halt(Wave& wave);
    /// What a halt ends, from now on.
    void hold_child(ChildId child);
    void check_after(const WavePtr& wave);
    void done(const WavePtr& wave);

    const ProveRequest& request_;
    const ProvePorts& ports_;
    Steps steps_;
    std::mutex mutex_;
    std::deque<ReadyTarget> queue_;
    std::vector<ReadyTarget> held_;
    std::chrono::steady_clock::time_point oldest_{};
    bool busy_ = false, flushed_ = false;
    Halt halt_;                      ///< with a reason when it came
    std::vector<ChildId> children_;  ///< realisations, questions before them, pauses: ended ones too
};

/// Whether one of the target's outputs is among `invalid`, or it has none that is known before building.
[[nodiscard]] bool lacks_output(const ReadyTarget& target, const std::set<std::string>& invalid);

}  // namespace lockstep
