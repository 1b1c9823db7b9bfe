// SPDX-License-Identifier: MIT
// Group commit: what is added during a copy goes with the next one.
#include "app/keep_cache.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/keep_child.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_most = 2000;    // paths on one command line
constexpr std::size_t k_alone = 32;     // so few failed ones get a last try one by one
constexpr int k_failures_in_a_row = 2;  // then the cache is down: nothing more is sent before finish()
constexpr Millis k_pause{2000};

template <class T>
void move_to_end(std::vector<T>& to, std::vector<T>& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
    from.clear();
}

}  // namespace

CacheCopier::CacheCopier(CacheTarget target, ProcessRunner& processes, Clock& clock)
    : target_(std::move(target)),
      processes_(processes),
      clock_(clock),
      batch_limit_(k_most),
      held_(target_.only_if_green) {}

void CacheCopier::add(const std::vector<std::string>& outputs) {
    {
        const std::lock_guard lock(mutex_);
        for (const auto& path : outputs)
            if (known_.insert(path).second) queue_.push_back(path);
    }
    start();
}

void CacheCopier::start() {
    std::vector<std::string> batch;
    {
        const std::lock_guard lock(mutex_);
        if (busy_ || held_ || over_ || queue_.empty() || failures_in_a_row_ >= k_failures_in_a_row) return;
        const auto size = static_cast<std::ptrdiff_t>(std::min(queue_.size(), batch_limit_));
        batch.assign(queue_.begin(), queue_.begin() + size);
        queue_.erase(queue_.begin(), queue_.begin() + size);
        busy_ = true;
        ++outcome_.processes;
    }
    if (target_.signing_key_file.empty() || nix::is_binary_cache(target_.to)) return copy(std::move(batch));
    const nix::CopyRequest request{target_.to, target_.signing_key_file, batch, target_.timeout};
    hold_child(submit_captured(processes_, nix::sign_command(target_.setup, request),
                               [self = shared_from_this(), batch](const ExitStatus& status, const std::string& errors) {
                                   if (status.ok()) return self->copy(batch);
                                   self->ended(batch, status, errors);
                               }));
}

void CacheCopier::copy(std::vector<std::string> batch) {
    const nix::CopyRequest request{target_.to, target_.signing_key_file, batch, target_.timeout};
    hold_child(submit_captured(processes_, nix::copy_command(target_.setup, request),
                               [self = shared_from_this(), batch](const ExitStatus& status, const std::string& errors) {
                                   self->ended(batch, status, errors);
                               }));
}

void CacheCopier::hold_child(ChildId child) {
    const std::lock_guard lock(mutex_);
    children_.push_back(child);
    if (over_) processes_.stop(child);
}

void CacheCopier::stop() {
    const std::lock_guard lock(mutex_);
    over_ = true;
    if (outcome_.why.empty()) outcome_.why = "the time of the run was up";
    for (const auto child : children_) processes_.stop(child);
    idle_.notify_all();
}

void CacheCopier::ended(std::vector<std::string> batch, const ExitStatus& status, const std::string& errors) {
    {
        const std::lock_guard lock(mutex_);
        busy_ = false;
        if (status.ok()) {
            outcome_.copied += batch.size();
            failures_in_a_row_ = 0;
        } else {
            outcome_.why = why_it_failed(status, errors);
            ++failures_in_a_row_;
            outcome_.interrupted = status.kind == ExitStatus::Kind::interrupted;
            over_ = outcome_.interrupted || status.kind == ExitStatus::Kind::timed_out;
            move_to_end(again_, batch);
        }
    }
    start();
    idle_.notify_all();
}

/// Until nothing more can be done without another try.
void CacheCopier::wait(std::unique_lock<std::mutex>& lock) {
    lock.unlock();
    start();
    lock.lock();
    idle_.wait(lock,
               [this] { return !busy_ && (queue_.empty() || over_ || failures_in_a_row_ >= k_failures_in_a_row); });
}

CopyOutcome CacheCopier::finish(bool green) {
    std::unique_lock lock(mutex_);
    if (held_ && !green) queue_.clear();
    held_ = false;
    wait(lock);
    for (int attempt = 2; attempt <= target_.attempts && !over_ && !(again_.empty() && queue_.empty()); ++attempt) {
        lock.unlock();
        clock_.sleep_for(k_pause * (1 << std::min(attempt - 2, 5)));
        lock.lock();
        move_to_end(again_, queue_);
        queue_.swap(again_);
        failures_in_a_row_ = 0;
        // One bad path must not keep the others from the cache.
        batch_limit_ = attempt == target_.attempts && queue_.size() <= k_alone ? 1 : k_most;
        wait(lock);
    }
    over_ = true;
    move_to_end(outcome_.failed, again_);
    move_to_end(outcome_.failed, queue_);
    std::sort(outcome_.failed.begin(), outcome_.failed.end());
    if (outcome_.failed.empty()) outcome_.why.clear();
    return outcome_;
}

std::string copy_warning(const CopyOutcome& outcome, const std::string& to) {
    if (outcome.failed.empty()) return "";
    return fmt::format("{} could not be copied to {} (infrastructure: {}); {} there",
                       plural(outcome.failed.size(), "path"), clean_line(to, 200), outcome.why,
                       outcome.copied == 1 ? "1 path is" : fmt::format("{} paths are", outcome.copied));
}

}  // namespace lockstep
