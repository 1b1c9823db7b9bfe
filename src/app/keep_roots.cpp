// SPDX-License-Identifier: MIT
// Registration of links in portions, one process at a time.
#include "app/keep_roots.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/keep_child.hpp"
#include "lockstep/adapters/nix_keep.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_least = 16;
/// Pointing takes up to a millisecond a link on a busy disk, and happens on the runner's thread.
constexpr std::size_t k_most = 128;

}  // namespace

RunRoots::RunRoots(nix::Setup setup, std::string folder, ProcessRunner& processes, RootLinks& links, EventSink& events)
    : setup_(std::move(setup)), folder_(std::move(folder)), processes_(processes), links_(links), events_(events) {}

void RunRoots::reserve(std::size_t count) {
    {
        const std::lock_guard lock(mutex_);
        wanted_ = std::max(wanted_, count);
    }
    start();
}

void RunRoots::add(const std::vector<std::string>& paths) {
    {
        const std::lock_guard lock(mutex_);
        if (over_) return;
        for (const auto& path : paths)
            if (known_.insert(path).second) waiting_.push_back(path);
        assign();
    }
    start();
}

void RunRoots::assign() {
    while (!over_ && !waiting_.empty() && !free_.empty()) {
        const auto pointed = links_.point(free_.back(), waiting_.back());
        if (!pointed.ok()) return give_up(pointed.error().what + ": " + pointed.error().why);
        free_.pop_back();
        waiting_.pop_back();
        if (wanted_ > 0) --wanted_;
    }
}

void RunRoots::start() {
    std::string base;
    std::size_t count = 0;
    {
        const std::lock_guard lock(mutex_);
        const auto target = std::max(wanted_, waiting_.size());
        if (busy_ || over_ || target <= free_.size()) return;
        if (const auto made = links_.make_folder(folder_); !made.ok()) return give_up(made.error().why);
        count = std::clamp(target - free_.size(), k_least, k_most);
        base = fmt::format("{}/r{}", folder_, ++registrations_);
        busy_ = true;
    }
    submit_captured(processes_, nix::register_roots_command(setup_, base, count),
                    [self = shared_from_this(), base, count](const ExitStatus& status, const std::string& errors) {
                        self->registered(status, base, count, errors);
                    });
}

void RunRoots::registered(const ExitStatus& status, const std::string& base, std::size_t count,
                          const std::string& errors) {
    {
        const std::lock_guard lock(mutex_);
        busy_ = false;
        if (status.kind == ExitStatus::Kind::interrupted) {
            over_ = true;
        } else if (!status.ok()) {
            give_up(why_it_failed(status, errors));
        } else if (!over_) {
            for (std::size_t i = count; i-- > 0;) free_.push_back(nix::root_link(base, i));
            assign();
        }
        idle_.notify_all();
    }
    start();
}

void RunRoots::give_up(const std::string& why) {
    if (over_) return;
    over_ = true;
    events_.on(Notice{true,
                      "a garbage collection during this run can remove what it evaluates and builds: Nix did not take "
                      "our roots (" +
                          why + ")"});
    idle_.notify_all();
}

void RunRoots::wait() {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return !busy_ && (over_ || waiting_.empty()); });
}

std::size_t RunRoots::pending() {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
}

void RunRoots::release() {
    std::unique_lock lock(mutex_);
    over_ = true;
    idle_.wait(lock, [this] { return !busy_; });
    lock.unlock();
    links_.remove(folder_);
}

}  // namespace lockstep
