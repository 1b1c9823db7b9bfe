// SPDX-License-Identifier: MIT
// Evaluation processes: at most `evaluators` at once, each with a slice whose size follows what was measured.
#include "app/evaluator.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lockstep/core/sanitize.hpp"

namespace lockstep {

namespace {
constexpr std::size_t k_max_text = 1u << 20;  // kept per target, from the start of its evaluation
}

struct Evaluator::Slice {
    std::vector<std::size_t> targets;
    std::vector<std::string> drvs;  ///< as streamed, "" until END
    nix::EvalReader reader;
    std::string out, text;             ///< stdout; stderr since the last END
    std::string preamble;              ///< stderr before the first BEGIN: belongs to everybody
    std::size_t begun = 0, ended = 0;  ///< counts; targets are evaluated in order
    std::chrono::steady_clock::time_point started, mark;

    Slice(std::vector<std::size_t> list, const std::string& nonce)
        : targets(std::move(list)), drvs(targets.size()), reader(nonce, targets.size()) {}
};

Evaluator::Evaluator(const ProveRequest& request, const ProvePorts& ports, OnResult on_result,
                     OnContradiction on_contradiction, std::function<void()> on_done)
    : request_(request),
      ports_(ports),
      on_result_(std::move(on_result)),
      on_contradiction_(std::move(on_contradiction)),
      on_done_(std::move(on_done)) {}

void Evaluator::start() {
    {
        const std::lock_guard lock(mutex_);
        for (std::size_t i = 0; i < request_.targets.size(); ++i) pending_.push_back(i);
    }
    launch_some();
}

void Evaluator::launch_some() {
    for (;;) {
        std::vector<std::size_t> list;
        std::string nonce;
        {
            const std::lock_guard lock(mutex_);
            if (running_ >= std::max(1, request_.evaluators) || pending_.empty()) return;
            const auto size = next_slice_size(costs_, pending_.size(),
                                              {.evaluators = request_.evaluators,
                                               .memory_budget = request_.memory_budget,
                                               .idle = std::max(1, request_.evaluators) - running_});
            list.assign(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(size));
            pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(size));
            nonce = fmt::format("{}-{}", request_.nonce_seed, launched_++);
            ++running_;
        }
        auto slice = std::make_shared<Slice>(std::move(list), nonce);
        slice->started = slice->mark = ports_.clock.steady();
        std::vector<Target> targets;
        for (const auto index : slice->targets) targets.push_back(request_.targets[index]);
        Command command = nix::evaluate_command(request_.setup, request_.flake, targets, nonce);
        if (request_.eval_timeout.count() > 0) {
            command.silence = request_.eval_timeout;
            command.deadline = request_.eval_timeout * static_cast<long>(targets.size());
        }
        command.label = fmt::format("evaluate {} ({} of them)", clean_line(targets.front().name, 60), targets.size());
        auto self = shared_from_this();
        ports_.processes.submit(
            std::move(command),
            [self, slice](Stream stream, std::string_view chunk) {
                if (stream == Stream::out) {
                    if (slice->out.size() < (64u << 20)) slice->out.append(chunk);
                    return;
                }
                slice->reader.feed(
                    chunk, [&](const nix::EvalEvent& event) { self->on_event(*slice, event); },
                    [&](std::string_view text) {
                        auto& into = slice->begun == 0 ? slice->preamble : slice->text;
                        if (into.size() < k_max_text)
                            into.append(text.substr(0, k_max_text - into.size())).append("\n");
                    });
            },
            [self, slice](const ExitStatus& status) { self->on_exit(*slice, status); });
    }
}

void Evaluator::on_event(Slice& slice, const nix::EvalEvent& event) {
    const auto now = ports_.clock.steady();
    if (event.kind == nix::EvalEvent::Kind::begin) {
        if (event.index != slice.begun || slice.begun != slice.ended) return;  // not in order: not ours
        ++slice.begun;
        ports_.events.on(EvalStarted{request_.targets[slice.targets[event.index]].name});
        if (event.index > 0) slice.mark = now;
        return;
    }
    if (slice.begun == 0 || event.index + 1 != slice.begun || slice.ended == slice.begun) return;
    ++slice.ended;
    slice.drvs[event.index] = event.drv;
    EvalResult result{.target = slice.targets[event.index], .ok = true, .drv = event.drv};
    result.text = slice.text;
    slice.text.clear();
    result.duration = std::chrono::duration_cast<Millis>(now - slice.mark);
    {
        const std::lock_guard lock(mutex_);
        if (event.index == 0) {
            costs_.first_host_total += result.duration;
            ++costs_.first_hosts;
        } else {
            costs_.later_hosts_total += result.duration;
            ++costs_.later_hosts;
        }
    }
    deliver(result);
}

void Evaluator::on_exit(Slice& slice, const ExitStatus& status) {
    slice.reader.finish(
        [&](const nix::EvalEvent& event) { on_event(slice, event); },
        [&](std::string_view text) { (slice.begun == 0 ? slice.preamble : slice.text).append(text).append("\n"); });
    {
        const std::lock_guard lock(mutex_);
        ++costs_.processes;
        costs_.hosts += slice.ended;
        if (status.peak_rss_bytes > costs_.largest_rss) {
            costs_.largest_rss = status.peak_rss_bytes;
            costs_.largest_rss_hosts = std::max<std::size_t>(1, slice.ended);
        }
    }
    if (status.ok() && slice.ended == slice.targets.size())
        cross_check(slice);
    else
        fail_rest(slice, status);
    {
        const std::lock_guard lock(mutex_);
        --running_;
    }
    launch_some();
    bool idle = false;
    {
        const std::lock_guard lock(mutex_);
        idle = running_ == 0 && pending_.empty();
    }
    if (idle) on_done_();
}

/// The last target that was begun and not ended is to blame; what was not begun is tried again in another process. When
/// the process failed before it began any target, the trouble is common to the slice.
void Evaluator::fail_rest(Slice& slice, const ExitStatus& status) {
    using Kind = ExitStatus::Kind;
    const std::size_t first = slice.ended;
    std::size_t blamed_until = first;
    if (status.kind == Kind::interrupted || slice.begun == 0)
        blamed_until = slice.targets.size();
    else if (slice.begun > slice.ended)
        blamed_until = slice.begun;
    else if (status.ok())
        blamed_until = slice.targets.size();  // claims success without having said everything
    const std::string text = slice.preamble + slice.text;
    for (std::size_t i = first; i < blamed_until; ++i) {
        EvalResult result{.target = slice.targets[i]};
        result.text = text;
        result.duration = std::chrono::duration_cast<Millis>(ports_.clock.steady() - slice.mark);
        result.interrupted = status.kind == Kind::interrupted;
        result.timed_out = status.kind == Kind::timed_out || status.kind == Kind::silent;
        result.cls = result.timed_out ? CauseClass::evaluation_timeout : nix::classify_evaluation_failure(status, text);
        result.first_error = result.timed_out ? "the evaluation " + describe(status) : nix::first_error_line(text);
        if (result.first_error.empty() || result.cls == CauseClass::evaluation_killed)
            result.first_error = "nix eval " + describe(status);
        deliver(result);
    }
    const std::lock_guard lock(mutex_);
    for (std::size_t i = slice.targets.size(); i > blamed_until; --i) pending_.push_front(slice.targets[i - 1]);
}

/// A process that ended well has told everything twice: while it went on and at its end.
void Evaluator::cross_check(const Slice& slice) {
    const auto told = nix::parse_evaluation(slice.out);
    for (std::size_t i = 0; i < slice.targets.size(); ++i) {
        const auto& name = request_.targets[slice.targets[i]].name;
        if (!told.ok() || told->find(name) == told->end() || told->at(name) != slice.drvs[i])
            on_contradiction_(slice.targets[i]);
    }
}

void Evaluator::deliver(const EvalResult& result) {
    if (!result.interrupted)
        ports_.events.on(EvalEnded{request_.targets[result.target].name, result.ok, result.duration});
    on_result_(result);
}

}  // namespace lockstep
