// SPDX-License-Identifier: MIT
// What evaluation processes say, and who is to blame when one of them ends badly.
#include <fmt/format.h>

#include <algorithm>

#include "app/evaluation_slice.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

using Kind = ExitStatus::Kind;

/// The process did not end by its own word: killed, crashed, or grown beyond its memory.
bool died(const ExitStatus& status) {
    return status.kind == Kind::signalled || status.kind == Kind::over_memory ||
           (status.kind == Kind::exited && status.code == 137);
}

constexpr int k_common_deaths = 2;

}  // namespace

void Evaluator::on_event(Slice& slice, const nix::EvalEvent& event) {
    if (event.kind == nix::EvalEvent::Kind::end) return on_end(slice, event);
    if (event.index != slice.begun || slice.begun != slice.ended) return;  // not in order: not ours
    ++slice.begun;
    if (!slice.base) ports_.events.on(EvalStarted{request_.targets[slice.targets[event.index]].name});
    if (event.index > 0) slice.mark = ports_.clock.steady();
}

void Evaluator::on_end(Slice& slice, const nix::EvalEvent& event) {
    if (slice.begun == 0 || event.index + 1 != slice.begun || slice.ended == slice.begun) return;
    ++slice.ended;
    slice.drvs[event.index] = event.drv;
    EvalResult result{.target = slice.targets[event.index], .base = slice.base, .ok = true, .drv = event.drv};
    result.text = std::exchange(slice.text, "");
    result.duration = std::chrono::duration_cast<Millis>(ports_.clock.steady() - slice.mark);
    result.peak_bytes = slice.memory->resident;
    {
        const std::lock_guard lock(mutex_);
        if (event.index == 0) {
            costs_.first_host_total += result.duration;
            ++costs_.first_hosts;
            slice.first_resident = result.peak_bytes;
            memory_.learn(result.peak_bytes);
        } else {
            costs_.later_hosts_total += result.duration;
            ++costs_.later_hosts;
        }
        slice.recycled = slice.ended < slice.targets.size() && !may_go_on(slice, result.peak_bytes);
        apply_limits();
        // Its next sample ends it: evaluation does not listen to SIGTERM (seen on 2.8, 2.26 and 2.34).
        if (slice.recycled) slice.memory->limit = 0;
    }
    deliver(result);
    launch_some();  // what it needs is known better now: there may be room for another
}

bool Evaluator::may_go_on(const Slice& slice, std::uint64_t resident) {
    // Growth by one more host: what the later ones took on average; the first one's whole need at the most.
    const std::uint64_t grown = resident > slice.first_resident ? resident - slice.first_resident : 0;
    const std::uint64_t each = slice.ended > 1 ? grown / (slice.ended - 1) : slice.first_resident;
    memory_.update(slice.number, resident, resident + each);
    if (request_.memory_budget == 0 || resident == 0) return true;
    const auto limits = memory_.limits();
    std::uint64_t all = 0;
    for (const auto& [number, limit] : limits) all += limit;
    if (all <= memory_.budget()) return true;
    memory_.update(slice.number, resident, resident);
    return false;
}

void Evaluator::on_exit(Slice& slice, const ExitStatus& status) {
    slice.reader.finish(
        [&](const nix::EvalEvent& event) { on_event(slice, event); },
        [&](std::string_view text) { (slice.begun == 0 ? slice.preamble : slice.text).append(text).append("\n"); });
    learn(slice, status);
    if (status.ok() && slice.ended == slice.targets.size())
        cross_check(slice);
    else
        fail_rest(slice, status);
    {
        const std::lock_guard lock(mutex_);
        running_.erase(slice.number);
        memory_.end(slice.number);
        apply_limits();
    }
    launch_some();
    end_if_idle();
}

void Evaluator::learn(const Slice& slice, const ExitStatus& status) {
    const std::lock_guard lock(mutex_);
    ++costs_.processes;
    costs_.hosts += slice.ended;
    if (status.peak_rss_bytes > costs_.largest_rss && slice.ended > 0) {
        costs_.largest_rss = status.peak_rss_bytes;
        costs_.largest_rss_hosts = slice.ended;
    }
    if (status.kind == Kind::over_memory && !slice.recycled)
        memory_.learn(status.memory_limit + status.memory_limit / 2);
    if (slice.targets.size() == 1 && (status.ok() || died(status)))
        lessons_.emplace_back(
            HostEvaluated{request_.targets[slice.targets.front()].name, status.wall, status.peak_rss_bytes});
}

/// The last target that was begun and not ended is to blame; what was not begun is tried again in another process. When
/// the process failed before it began any target, the trouble is common to the slice.
void Evaluator::fail_rest(Slice& slice, const ExitStatus& status) {
    const bool ours = slice.recycled && status.kind == Kind::over_memory;
    const std::size_t first = slice.ended;
    std::size_t blamed_until = first;
    if (!ours) {
        if (status.kind == Kind::interrupted || slice.begun == 0)
            blamed_until = slice.targets.size();
        else if (slice.begun > slice.ended)
            blamed_until = slice.begun;
        else if (status.ok())
            blamed_until = slice.targets.size();  // claims success without having said everything
    }
    if (blamed_until > first && try_again(slice, status)) {
        if (slice.begun == 0) return;
    } else {
        for (std::size_t i = first; i < blamed_until; ++i) deliver(failure(slice, i, status));
    }
    put_back(slice, blamed_until);
}

void Evaluator::put_back(const Slice& slice, std::size_t first) {
    std::vector<EvalResult> results;
    {
        const std::lock_guard lock(mutex_);
        for (std::size_t i = slice.targets.size(); i > first; --i) {
            const Task task{slice.targets[i - 1], slice.base};
            if (halted_.empty())
                pending_.push_front(task);
            else
                results.push_back(halted_result(task));
        }
    }
    for (const auto& result : results) deliver(result);
}

bool Evaluator::try_again(Slice& slice, const ExitStatus& status) {
    if (!died(status) || slice.alone || slice.base) return false;
    const std::lock_guard lock(mutex_);
    if (!halted_.empty()) return false;
    if (slice.begun == 0) {
        // It never got to a target. That may be chance; when it goes on, it is the flake, and every process would die.
        if (++common_deaths_ > k_common_deaths) return false;
        for (std::size_t i = slice.targets.size(); i > 0; --i) pending_.push_front({slice.targets[i - 1], false});
        return true;
    }
    const auto target = slice.targets[slice.ended];
    alone_.push_back(target);
    ports_.store.log(fmt::format("the evaluation of {} {}; it is tried once more, alone",
                                 clean_line(request_.targets[target].name), describe(status)));
    return true;
}

EvalResult Evaluator::failure(const Slice& slice, std::size_t index, const ExitStatus& status) const {
    const std::lock_guard lock(mutex_);
    EvalResult result{.target = slice.targets[index], .base = slice.base};
    result.text = slice.preamble + slice.text;
    result.duration = std::chrono::duration_cast<Millis>(ports_.clock.steady() - slice.mark);
    result.interrupted = status.kind == Kind::interrupted;
    result.timed_out = status.kind == Kind::timed_out || status.kind == Kind::silent;
    result.peak_bytes = status.peak_rss_bytes;
    result.cls =
        result.timed_out ? CauseClass::evaluation_timeout : nix::classify_evaluation_failure(status, result.text);
    if (result.timed_out || died(status))
        result.first_error = "its evaluation " + describe(status);
    else
        result.first_error = nix::first_error_line(result.text);
    if (result.interrupted && !halted_.empty()) {
        result.not_started = index >= slice.begun;
        result.cls = CauseClass::unknown;
        result.first_error = halted_;
    }
    if (result.first_error.empty()) result.first_error = "nix eval " + describe(status);
    if (slice.alone && died(status))
        result.first_error += fmt::format(", twice; it had {} the second time", human_size(status.peak_rss_bytes));
    return result;
}

/// A process that ended well has told everything twice: while it went on and at its end.
void Evaluator::cross_check(const Slice& slice) {
    if (slice.base) return;
    const auto told = nix::parse_evaluation(slice.out);
    for (std::size_t i = 0; i < slice.targets.size(); ++i) {
        const auto& name = request_.targets[slice.targets[i]].name;
        if (!told.ok() || told->find(name) == told->end() || told->at(name) != slice.drvs[i])
            on_contradiction_(slice.targets[i]);
    }
}

void Evaluator::deliver(const EvalResult& result) {
    if (!result.interrupted && !result.base)
        ports_.events.on(EvalEnded{request_.targets[result.target].name, result.ok, result.duration});
    on_result_(result);
}

}  // namespace lockstep
