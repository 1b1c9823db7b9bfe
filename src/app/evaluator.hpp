// SPDX-License-Identifier: MIT
// The pool of evaluation processes: slices of targets in, one result per target out, as soon as each is known.
// A process that dies costs one target, the last one it began, which is tried once more alone; the rest go back to the
// queue. All processes together keep to the memory budget. Targets of the base commit come last.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lockstep/app/prove.hpp"
#include "lockstep/core/evaluation_memory.hpp"
#include "lockstep/core/slices.hpp"

namespace lockstep {

/// What evaluation found out about one target.
struct EvalResult {
    std::size_t target = 0;  ///< index into ProveRequest::targets
    bool base = false;       ///< of the base commit, not of the one to prove
    bool ok = false;
    bool interrupted = false;
    bool not_started = false;  ///< interrupted before it began
    bool timed_out = false;
    std::string drv;
    CauseClass cls = CauseClass::evaluation;  ///< when !ok
    std::string first_error;
    std::string text;  ///< what Nix said while it evaluated this target; bounded
    Millis duration{0};
    std::uint64_t peak_bytes = 0;  ///< what its process had when it was done, or died; 0 when nobody looked
};

class Evaluator : public std::enable_shared_from_this<Evaluator> {
public:
    using OnResult = std::function<void(const EvalResult&)>;
    /// Evaluations whose final output contradicts what was streamed: their earlier results must not count.
    using OnContradiction = std::function<void(std::size_t target)>;

    /// `request` and `ports` must outlive the evaluator.
    /// `on_done` comes once, after everything else, when every target has its result and no process is left.
    Evaluator(const ProveRequest& request, const ProvePorts& ports, OnResult on_result,
              OnContradiction on_contradiction, std::function<void()> on_done);
    /// Queues every target. Returns at once; results come on the runner's thread.
    void start();
    /// Ends what is evaluated, with this reason; what is not begun never is.
    void halt(const std::string& reason);
    /// Whether a target is evaluated at the base commit too: there will be a result with `base` set.
    [[nodiscard]] static bool asks_base(const ProveRequest& request, std::size_t target);
    /// What each host took, for later runs. After on_done.
    [[nodiscard]] std::vector<Lesson> lessons() const;

private:
    struct Slice;
    struct Task {
        std::size_t target = 0;
        bool base = false;
    };

    void launch_some();
    /// The next slice, or nullptr when nothing can start now. Under the lock.
    std::shared_ptr<Slice> take_slice();
    void launch(const std::shared_ptr<Slice>& slice);
    void apply_limits();
    /// After a target has ended: whether the process should go on to its next one. Under the lock.
    bool may_go_on(const Slice& slice, std::uint64_t resident);
    void on_event(Slice& slice, const nix::EvalEvent& event);
    void on_end(Slice& slice, const nix::EvalEvent& event);
    void on_exit(Slice& slice, const ExitStatus& status);
    void fail_rest(Slice& slice, const ExitStatus& status);
    /// Whether a death is worth another try; queues it.
    bool try_again(Slice& slice, const ExitStatus& status);
    EvalResult failure(const Slice& slice, std::size_t index, const ExitStatus& status) const;
    void learn(const Slice& slice, const ExitStatus& status);
    void cross_check(const Slice& slice);
    void deliver(const EvalResult& result);
    /// The result of a target that was not evaluated because of the halt.
    [[nodiscard]] EvalResult halted_result(const Task& task) const;
    /// Puts targets back into the queue, or gives their results when there is no further evaluation.
    void put_back(const Slice& slice, std::size_t first);
    void end_if_idle();

    const ProveRequest& request_;
    const ProvePorts& ports_;
    OnResult on_result_;
    OnContradiction on_contradiction_;
    std::function<void()> on_done_;
    mutable std::mutex mutex_;
    std::deque<Task> pending_;
    std::deque<std::size_t> alone_;  ///< targets whose process died: once more, with nothing beside them
    std::map<std::uint64_t, std::shared_ptr<Slice>> running_;
    std::uint64_t launched_ = 0;
    std::string halted_;  ///< why nothing more is evaluated, "" when it goes on
    int delivering_ = 0;  ///< who still gives results that were taken from the queue
    bool done_ = false;
    int common_deaths_ = 0;  ///< processes that died before any target began
    EvalCosts costs_;
    EvaluationMemory memory_;
    std::vector<Lesson> lessons_;
};

}  // namespace lockstep
