// SPDX-License-Identifier: MIT
// The pool of evaluation processes: slices of targets in, one result per target out, as soon as each is known.
// A process that dies costs one target, the last one it began; the rest go back to the queue.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lockstep/app/prove.hpp"
#include "lockstep/core/slices.hpp"

namespace lockstep {

/// What evaluation found out about one target.
struct EvalResult {
    std::size_t target = 0;  ///< index into ProveRequest::targets
    bool ok = false;
    bool interrupted = false;
    bool timed_out = false;
    std::string drv;
    CauseClass cls = CauseClass::evaluation;  ///< when !ok
    std::string first_error;
    std::string text;  ///< what Nix said while it evaluated this target; bounded
    Millis duration{0};
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

private:
    struct Slice;
    void launch_some();
    void on_event(Slice& slice, const nix::EvalEvent& event);
    void on_exit(Slice& slice, const ExitStatus& status);
    void fail_rest(Slice& slice, const ExitStatus& status);
    void cross_check(const Slice& slice);
    void deliver(const EvalResult& result);

    const ProveRequest& request_;
    const ProvePorts& ports_;
    OnResult on_result_;
    OnContradiction on_contradiction_;
    std::function<void()> on_done_;
    std::mutex mutex_;
    std::deque<std::size_t> pending_;
    int running_ = 0;
    std::uint64_t launched_ = 0;
    EvalCosts costs_;
};

}  // namespace lockstep
