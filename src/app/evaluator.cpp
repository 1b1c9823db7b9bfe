// SPDX-License-Identifier: MIT
// Starting evaluation processes: at most `evaluators` at once, within the memory budget, each with a slice whose size
// follows what was measured.
#include "app/evaluator.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/evaluation_slice.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_max_text = 1u << 20;  // kept per target, from the start of its evaluation

/// Longest first, as far as earlier runs tell; hosts that nobody knows count as middling.
std::vector<std::size_t> by_length(const ProveRequest& request) {
    std::vector<std::size_t> order(request.targets.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    if (request.memory == nullptr) return order;
    std::vector<Millis> known;
    std::vector<std::optional<Millis>> times;
    for (const auto& target : request.targets) {
        times.push_back(request.memory->evaluation_time(target.name));
        if (times.back()) known.push_back(*times.back());
    }
    if (known.empty()) return order;
    std::sort(known.begin(), known.end());
    const Millis middle = known[known.size() / 2];
    std::stable_sort(order.begin(), order.end(),
                     [&](auto a, auto b) { return times[a].value_or(middle) > times[b].value_or(middle); });
    return order;
}

}  // namespace

Evaluator::Evaluator(const ProveRequest& request, const ProvePorts& ports, OnResult on_result,
                     OnContradiction on_contradiction, std::function<void()> on_done)
    : request_(request),
      ports_(ports),
      on_result_(std::move(on_result)),
      on_contradiction_(std::move(on_contradiction)),
      on_done_(std::move(on_done)),
      memory_(request.memory_budget, request.evaluators) {}

bool Evaluator::asks_base(const ProveRequest& request, std::size_t target) {
    if (request.base_flake.empty() || target >= request.in_base.size() || !request.in_base[target]) return false;
    return request.base_drvs.count(request.targets[target].name) == 0;
}

void Evaluator::start() {
    {
        const std::lock_guard lock(mutex_);
        const auto order = by_length(request_);
        for (const auto target : order) pending_.push_back({target, false});
        for (const auto target : order)
            if (asks_base(request_, target)) pending_.push_back({target, true});
    }
    launch_some();
}

void Evaluator::launch_some() {
    for (;;) {
        std::shared_ptr<Slice> slice;
        {
            const std::lock_guard lock(mutex_);
            slice = take_slice();
            if (!slice) return;
            running_.emplace(slice->number, slice);
            apply_limits();
        }
        launch(slice);
    }
}

std::shared_ptr<Evaluator::Slice> Evaluator::take_slice() {
    const int evaluators = std::max(1, request_.evaluators);
    const bool second_try = pending_.empty() && !alone_.empty() && running_.empty();
    if (running_.size() >= static_cast<std::size_t>(evaluators) || (pending_.empty() && !second_try)) return nullptr;
    const std::size_t first = second_try ? alone_.front() : pending_.front().target;
    const auto& name = request_.targets[first].name;
    const auto expected = second_try ? memory_.budget()
                                     : memory_.expected(request_.memory ? request_.memory->evaluation_memory(name) : 0);
    if (!memory_.admits(expected)) return nullptr;

    std::vector<std::size_t> list;
    bool base = false;
    if (second_try) {
        list.push_back(first);
        alone_.pop_front();
    } else {
        base = pending_.front().base;
        const auto other =
            std::find_if(pending_.begin(), pending_.end(), [&](const Task& t) { return t.base != base; });
        const auto size = next_slice_size(costs_, static_cast<std::size_t>(std::distance(pending_.begin(), other)),
                                          {.evaluators = evaluators,
                                           .memory_budget = request_.memory_budget,
                                           .idle = evaluators - static_cast<int>(running_.size())});
        for (std::size_t i = 0; i < size; ++i) {
            list.push_back(pending_.front().target);
            pending_.pop_front();
        }
    }
    auto slice =
        std::make_shared<Slice>(launched_, std::move(list), fmt::format("{}-{}", request_.nonce_seed, launched_));
    ++launched_;
    slice->base = base;
    slice->alone = second_try;
    slice->started = slice->mark = ports_.clock.steady();
    memory_.start(slice->number, expected);
    return slice;
}

void Evaluator::apply_limits() {
    for (const auto& [number, limit] : memory_.limits())
        if (const auto slice = running_.find(number); slice != running_.end() && !slice->second->recycled)
            slice->second->memory->limit = limit;
}

void Evaluator::launch(const std::shared_ptr<Slice>& slice) {
    std::vector<Target> targets;
    for (const auto index : slice->targets) targets.push_back(request_.targets[index]);
    Command command = nix::evaluate_command(request_.setup, slice->base ? request_.base_flake : request_.flake, targets,
                                            slice->nonce);
    if (request_.eval_timeout.count() > 0) {
        command.silence = request_.eval_timeout;
        command.deadline = request_.eval_timeout * static_cast<long>(targets.size());
    }
    command.memory = slice->memory;
    command.label = fmt::format("evaluate {} ({} of them){}", clean_line(targets.front().name, 60), targets.size(),
                                slice->base ? " at the base commit" : "");
    auto self = shared_from_this();
    const auto child = ports_.processes.submit(
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
                    if (into.size() < k_max_text) into.append(text.substr(0, k_max_text - into.size())).append("\n");
                });
        },
        [self, slice](const ExitStatus& status) { self->on_exit(*slice, status); });
    const std::lock_guard lock(mutex_);
    slice->child = child;
    if (!halted_.empty()) ports_.processes.stop(child);
}

EvalResult Evaluator::halted_result(const Task& task) const {
    EvalResult result{.target = task.target, .base = task.base, .interrupted = true, .not_started = true};
    result.cls = CauseClass::unknown;
    result.first_error = halted_;
    return result;
}

void Evaluator::halt(const std::string& reason) {
    std::vector<EvalResult> results;
    {
        const std::lock_guard lock(mutex_);
        if (!halted_.empty()) return;
        halted_ = reason;
        for (const auto target : std::exchange(alone_, {})) pending_.push_back({target, false});
        for (const auto& task : std::exchange(pending_, {})) results.push_back(halted_result(task));
        for (const auto& [number, slice] : running_)
            if (slice->child) ports_.processes.stop(*slice->child);
        ++delivering_;
    }
    for (const auto& result : results) deliver(result);
    {
        const std::lock_guard lock(mutex_);
        --delivering_;
    }
    end_if_idle();
}

void Evaluator::end_if_idle() {
    {
        const std::lock_guard lock(mutex_);
        if (done_ || delivering_ > 0 || !running_.empty() || !pending_.empty() || !alone_.empty()) return;
        done_ = true;
    }
    on_done_();
}

std::vector<Lesson> Evaluator::lessons() const {
    const std::lock_guard lock(mutex_);
    return lessons_;
}

}  // namespace lockstep
