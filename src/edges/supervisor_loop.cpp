// SPDX-License-Identifier: MIT
// Events, requests and the life of children. Callbacks run here, between two steps of the loop; they can only post.
#include "edges/supervisor_loop.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "lockstep/core/check.hpp"

namespace lockstep {

namespace {

constexpr std::uint64_t k_inbox = ~std::uint64_t{0};
constexpr std::size_t k_buffer = 256U << 10U;
constexpr std::size_t k_wide_children = 16;  // of these the pipes are wide; 32 MiB is half of what a user may have
constexpr int k_reads = 8;                   // one after the other, before others get their turn
constexpr int k_attempts = 1000;
constexpr auto k_retry = std::chrono::milliseconds(20);
constexpr auto k_sweep = std::chrono::seconds(2);

}  // namespace

SupervisorLoop::SupervisorLoop(SupervisorInbox& inbox, const std::vector<std::string>& base_environment)
    : inbox_(inbox),
      base_environment_(base_environment),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      buffer_(k_buffer),
      now_(std::chrono::steady_clock::now()) {
    LOCKSTEP_CHECK(epoll_.open());
    epoll_event event{.events = EPOLLIN, .data = {.u64 = k_inbox}};
    LOCKSTEP_CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, inbox_.wake_fd(), &event) == 0);
}

void SupervisorLoop::run() noexcept {
    while (!quitting_ || !children_.empty() || !waiting_.empty()) wait();
    // Requests that came after the quit, from callbacks.
    for (auto requests = inbox_.take(); !requests.empty(); requests = inbox_.take())
        for (auto& request : requests)
            if (auto* submit = std::get_if<SubmitRequest>(&request)) take(std::move(*submit));
    (void)orphans_.end_all({});
}

void SupervisorLoop::wait() {
    std::array<epoll_event, 128> events{};
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_time());
    now_ = std::chrono::steady_clock::now();
    for (int i = 0; i < count; ++i) handle(events[static_cast<std::size_t>(i)].data.u64);
    // Nobody is called silent while a stream of it only rests.
    read_rested(due_ && now_ >= *due_);
    if (!waiting_.empty() && now_ >= retry_at_) start_waiting();
    if (changed_ || (due_ && now_ >= *due_)) advance_children();
    if (now_ >= sweep_at_ && (!children_.empty() || orphans_.any_announced())) {
        orphans_.sweep(own_);
        sweep_at_ = now_ + k_sweep;
    }
}

int SupervisorLoop::wait_time() const {
    std::optional<Time> next = due_;
    const auto consider = [&](Time time) { next = next ? std::min(*next, time) : time; };
    if (!waiting_.empty()) consider(retry_at_);
    if (!children_.empty() || orphans_.any_announced()) consider(sweep_at_);
    for (const auto& stream : resting_) consider(stream.until);
    if (!next) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - std::chrono::steady_clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, 60'000));
}

void SupervisorLoop::handle(std::uint64_t key) {
    if (key == k_inbox) return take_requests();
    const auto found = children_.find(key >> 2U);
    if (found == children_.end()) return;
    SupervisedChild& child = *found->second;
    switch (static_cast<Source>(key & 3U)) {
        case Source::exit:
            if (child.phase() != SupervisedChild::Phase::running) return;
            // The descriptor stays readable for ever: it is watched no more.
            (void)epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, child.process().pidfd.get(), nullptr);
            child.process_ended(now_);
            changed_ = true;
            return;
        case Source::out:
        case Source::err: {
            return read_stream(child, static_cast<Source>(key & 3U) == Source::out ? Stream::out : Stream::err);
        }
        case Source::in:
            if (child.process().in.open()) child.write_some();
            return;
    }
}

void SupervisorLoop::read_stream(SupervisedChild& child, Stream stream) {
    std::size_t bytes = 0;
    for (int reads = 0; reads < k_reads; ++reads) {
        const auto got = child.read_some(stream, buffer_, now_);
        bytes += got;
        if (got < buffer_.size()) break;  // the pipe is empty, or will say that it is not
    }
    const auto here = std::find_if(resting_.begin(), resting_.end(), [&](const Resting& resting) {
        return resting.id == child.id() && resting.stream == stream;
    });
    const bool rested = here != resting_.end();
    if (!child.output(stream).open()) {
        if (rested) resting_.erase(here);
        if (child.outputs_done()) changed_ = true;
        return;
    }
    const auto rest = child.pace(stream).after_read(bytes, now_);
    if (rest.count() == 0) {
        if (rested) resting_.erase(here);
    } else if (rested) {
        here->until = now_ + rest;
    } else {
        resting_.push_back({child.id(), stream, now_ + rest});
    }
    if (rested != (rest.count() > 0)) set_watched(child, stream, rested);
}

void SupervisorLoop::read_rested(bool all) {
    if (resting_.empty()) return;
    for (const auto& [id, stream, until] : std::vector<Resting>(resting_))
        if (all || now_ >= until) read_stream(*children_.at(id), stream);
}

/// Without events to watch, epoll still tells when the other end was closed.
void SupervisorLoop::set_watched(const SupervisedChild& child, Stream stream, bool watched) {
    const auto source = stream == Stream::out ? Source::out : Source::err;
    epoll_event event{.events = watched ? EPOLLIN : 0U, .data = {.u64 = key_of(child.id(), source)}};
    LOCKSTEP_CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, child.output(stream).get(), &event) == 0);
}

void SupervisorLoop::take_requests() {
    for (auto& request : inbox_.take()) std::visit([this](auto& one) { take(std::move(one)); }, request);
}

void SupervisorLoop::take(SubmitRequest request) {
    if (stopping_) return refuse(request, ExitStatus::Kind::interrupted, "the run is being stopped");
    if (!waiting_.empty())
        waiting_.push_back(std::move(request));
    else
        start(std::move(request));
}

void SupervisorLoop::take(const StopRequest& request) {
    if (const auto child = children_.find(request.id); child != children_.end()) {
        child->second->stop(ExitStatus::Kind::interrupted, false, now_);
        changed_ = true;
    }
    const auto late = std::find_if(waiting_.begin(), waiting_.end(),
                                   [&](const SubmitRequest& waiting) { return waiting.id == request.id; });
    if (late == waiting_.end()) return;
    const SubmitRequest stopped = std::move(*late);
    waiting_.erase(late);
    refuse(stopped, ExitStatus::Kind::interrupted, "it was stopped before it could start");
}

void SupervisorLoop::take(const StopAllRequest& request) {
    stopping_ = true;
    changed_ = true;
    for (auto& [id, child] : children_) child->stop(ExitStatus::Kind::interrupted, request.hard, now_);
    for (const auto& late : std::exchange(waiting_, {}))
        refuse(late, ExitStatus::Kind::interrupted, "it was stopped before it could start");
}

void SupervisorLoop::take(const AdmitRequest&) {
    stopping_ = quitting_;
}

void SupervisorLoop::take(const LeftoversRequest& request) {
    request.answer->set_value(orphans_.end_all(own_));
}

void SupervisorLoop::take(const QuitRequest&) {
    quitting_ = true;
    take(StopAllRequest{.hard = true});
}

void SupervisorLoop::refuse(const SubmitRequest& request, ExitStatus::Kind kind, std::string reason) {
    ExitStatus status;
    status.kind = kind;
    status.reason = std::move(reason);
    if (request.on_exit) request.on_exit(status);
}

void SupervisorLoop::start_waiting() {
    while (!waiting_.empty()) {
        SubmitRequest next = std::move(waiting_.front());
        waiting_.pop_front();
        if (!start(std::move(next))) return;
    }
}

bool SupervisorLoop::start(SubmitRequest request) {
    auto spawned = spawn(request.command, base_environment_, children_.size() < k_wide_children);
    if (auto* failed = std::get_if<NotSpawned>(&spawned)) {
        if (!failed->for_now || (children_.empty() && ++request.attempts > k_attempts)) {
            refuse(request, ExitStatus::Kind::not_started, std::move(failed->reason));
            return true;
        }
        waiting_.push_front(std::move(request));
        retry_at_ = now_ + k_retry;
        return false;
    }
    auto& process = std::get<Spawned>(spawned);
    for (auto& [id, other] : children_)
        if (other->pid() == process.pid) other->forget_group();
    own_.insert(process.pid);
    const ChildId id = request.id;
    now_ = std::chrono::steady_clock::now();
    auto child = std::make_unique<SupervisedChild>(std::move(request), std::move(process), now_);
    watch(*child);
    children_.emplace(id, std::move(child));
    changed_ = true;
    return true;
}

void SupervisorLoop::watch(const SupervisedChild& child) {
    watch(child.process().pidfd, EPOLLIN, child.id(), Source::exit);
    watch(child.process().out, EPOLLIN, child.id(), Source::out);
    watch(child.process().err, EPOLLIN, child.id(), Source::err);
    if (child.process().in.open()) watch(child.process().in, EPOLLOUT, child.id(), Source::in);
}

void SupervisorLoop::watch(const Fd& fd, std::uint32_t events, ChildId id, Source source) {
    epoll_event event{.events = events, .data = {.u64 = key_of(id, source)}};
    LOCKSTEP_CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) == 0);
}

void SupervisorLoop::advance_children() {
    changed_ = false;
    due_.reset();
    std::vector<Child> gone;
    for (auto it = children_.begin(); it != children_.end();) {
        if (advance(*it->second)) {
            gone.push_back(std::move(it->second));
            it = children_.erase(it);
            continue;
        }
        if (const auto due = it->second->next_due()) due_ = due_ ? std::min(*due_, *due) : *due;
        ++it;
    }
    for (const auto& child : gone) {
        std::erase_if(resting_, [&](const Resting& resting) { return resting.id == child->id(); });
        child->tell_exit();
    }
    if (!gone.empty()) retry_at_ = now_;
}

bool SupervisorLoop::advance(SupervisedChild& child) {
    child.check_deadlines(now_);
    if (child.is_stuck(now_)) {
        child.give_up();
        return true;
    }
    if (child.drain_is_over(now_)) {
        // Who closed its output a moment ago is about to exit, not left over.
        if (Orphans::has_members(child.pid(), own_) && child.keep_lingering(now_)) return false;
        drain(child);
        child.reap(now_);
        own_.erase(child.pid());
        return settle(child);
    }
    return child.phase() == SupervisedChild::Phase::settling && settle(child);
}

/// What already lies in the pipes; a flood by others does not keep us here.
void SupervisorLoop::drain(SupervisedChild& child) {
    for (const auto stream : {Stream::out, Stream::err})
        for (int reads = 0; reads < 64 && child.read_some(stream, buffer_, now_); ++reads) {
        }
}

bool SupervisorLoop::settle(SupervisedChild& child) {
    bool done = child.group_is_gone();
    std::string stayed;
    for (const auto& orphan : orphans_.sweep(own_)) {
        const bool blamed = child.sessions().count(orphan.session) != 0 ||
                            (child.ended_by_force() && !child.ended_by_us() && !orphans_.announced(orphan.pid));
        if (blamed) {
            Orphans::end(orphan);
            child.note_leftovers();
            done = false;
        } else if (orphans_.announce(orphan.pid)) {
            stayed += (stayed.empty() ? "" : ", ") + std::to_string(orphan.pid) + " (" + orphan.name + ")";
        }
    }
    if (!stayed.empty()) child.add_reason("processes in sessions of their own stayed: " + stayed);
    if (done) return true;
    if (child.keep_settling(now_)) return false;
    child.add_reason("processes that it left did not end although they were killed");
    return true;
}

}  // namespace lockstep
