// SPDX-License-Identifier: MIT
// The supervisor's loop. Only its thread touches children; submit and stop leave a note and wake it.
#include "edges/supervisor.hpp"

#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers)
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "lockstep/core/check.hpp"

namespace lockstep {

namespace {
using Clock = std::chrono::steady_clock;
constexpr auto k_drain = std::chrono::seconds(1);  // how long an ended child's pipes may be held open by others
constexpr std::size_t k_buffer = 256u << 10;

std::chrono::milliseconds of(const timeval& time) {
    return std::chrono::milliseconds(time.tv_sec * 1000 + time.tv_usec / 1000);
}
}  // namespace

struct Supervisor::Child {
    ChildId id = 0;
    Command command;
    OnOutput on_output;
    OnExit on_exit;
    Spawned process;
    std::size_t written = 0;
    Time started, last_output;
    std::optional<Time> kill_at;     ///< when a polite stop becomes a kill
    std::optional<Time> drained_by;  ///< set when reaped
    std::optional<ExitStatus::Kind> stopped_as;
    ExitStatus status;
    bool reaped = false;

    /// The group is signalled only while its leader is not reaped: until then its number cannot be used again.
    void signal(int number) const {
        if (!reaped) kill(-process.pid, number);
    }
};

Supervisor::Supervisor(std::vector<std::string> base_environment)
    : base_environment_(std::move(base_environment)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), buffer_(k_buffer) {
    LOCKSTEP_CHECK(wake_.open());
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    thread_ = std::thread([this] { loop(); });
}

Supervisor::~Supervisor() {
    stop_all(true);
    ending_ = true;
    wake();
    thread_.join();
}

void Supervisor::wake() const {
    const std::uint64_t one = 1;
    (void)!write(wake_.get(), &one, sizeof one);
}

ChildId Supervisor::submit(Command command, OnOutput on_output, OnExit on_exit) {
    const ChildId id = next_id_++;
    {
        const std::lock_guard lock(mutex_);
        requests_.push_back({id, std::move(command), std::move(on_output), std::move(on_exit)});
    }
    wake();
    return id;
}

void Supervisor::stop(ChildId id) {
    {
        const std::lock_guard lock(mutex_);
        stops_.push_back(id);
    }
    wake();
}

void Supervisor::stop_all(bool hard) {
    const int level = hard ? 2 : 1;
    int now = stopping_;
    while (now < level && !stopping_.compare_exchange_weak(now, level)) {
    }
    wake();
}

void Supervisor::loop() {
    for (;;) {
        take_requests();
        check_deadlines();
        settle();
        {
            const std::lock_guard lock(mutex_);
            if (ending_ && children_.empty() && requests_.empty()) return;
        }
        poll_once();
    }
}

void Supervisor::take_requests() {
    std::deque<Request> requests;
    std::deque<ChildId> stops;
    {
        const std::lock_guard lock(mutex_);
        requests.swap(requests_);
        stops.swap(stops_);
    }
    for (auto& request : requests) start(std::move(request));
    for (const auto id : stops)
        if (const auto child = children_.find(id); child != children_.end())
            begin_stop(*child->second, ExitStatus::Kind::interrupted, false);
    if (const int level = stopping_; level > stopped_level_) {
        stopped_level_ = level;
        for (auto& [id, child] : children_) begin_stop(*child, ExitStatus::Kind::interrupted, level == 2);
    }
}

void Supervisor::refuse(const Request& request, ExitStatus::Kind kind, const std::string& reason) {
    ExitStatus status;
    status.kind = kind;
    status.reason = reason;
    request.on_exit(status);
}

void Supervisor::start(Request request) {
    if (stopping_ > 0) return refuse(request, ExitStatus::Kind::interrupted, "the run is being stopped");
    auto spawned = spawn(request.command, base_environment_);
    if (!spawned.ok()) return refuse(request, ExitStatus::Kind::not_started, spawned.error().why);
    auto child = std::make_unique<Child>();
    child->id = request.id;
    child->command = std::move(request.command);
    child->on_output = std::move(request.on_output);
    child->on_exit = std::move(request.on_exit);
    child->process = std::move(spawned).value();
    child->started = child->last_output = Clock::now();
    children_.emplace(child->id, std::move(child));
}

/// Milliseconds until the next deadline, or -1 for none.
int Supervisor::wait_time() const {
    std::optional<Time> next;
    const auto consider = [&](Time time) { next = next ? std::min(*next, time) : time; };
    for (const auto& [id, child] : children_) {
        if (child->drained_by) consider(*child->drained_by);
        if (child->reaped) continue;
        if (child->kill_at) consider(*child->kill_at);
        if (child->stopped_as) continue;
        if (child->command.deadline) consider(child->started + *child->command.deadline);
        if (child->command.silence) consider(child->last_output + *child->command.silence);
    }
    if (!next) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - Clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, 60'000));
}

void Supervisor::poll_once() {
    enum class What { wake, out, err, in, exit };
    struct Source {
        What what;
        Child* child;
    };
    std::vector<pollfd> fds{{wake_.get(), POLLIN, 0}};
    std::vector<Source> sources{{What::wake, nullptr}};
    const auto watch = [&](Fd& fd, short events, What what, Child& child) {
        if (!fd.open()) return;
        fds.push_back({fd.get(), events, 0});
        sources.push_back({what, &child});
    };
    for (auto& [id, child] : children_) {
        watch(child->process.out, POLLIN, What::out, *child);
        watch(child->process.err, POLLIN, What::err, *child);
        watch(child->process.in, POLLOUT, What::in, *child);
        if (!child->reaped) watch(child->process.pidfd, POLLIN, What::exit, *child);
    }
    if (poll(fds.data(), fds.size(), wait_time()) <= 0) return;
    for (std::size_t i = 0; i < fds.size(); ++i) {
        if (fds[i].revents == 0) continue;
        switch (sources[i].what) {
            case What::wake: {
                std::uint64_t count = 0;
                (void)!read(wake_.get(), &count, sizeof count);
                break;
            }
            case What::out:
                read_some(*sources[i].child, Stream::out, sources[i].child->process.out);
                break;
            case What::err:
                read_some(*sources[i].child, Stream::err, sources[i].child->process.err);
                break;
            case What::in:
                write_some(*sources[i].child);
                break;
            case What::exit:
                reap(*sources[i].child);
                break;
        }
    }
}

void Supervisor::read_some(Child& child, Stream stream, Fd& fd) {
    const auto got = read(fd.get(), buffer_.data(), buffer_.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        fd.reset();
        return;
    }
    child.last_output = Clock::now();
    if (child.on_output) child.on_output(stream, {buffer_.data(), static_cast<std::size_t>(got)});
}

void Supervisor::write_some(Child& child) {
    const auto& text = child.command.stdin_text;
    const auto done = write(child.process.in.get(), text.data() + child.written, text.size() - child.written);
    if (done < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (done > 0) child.written += static_cast<std::size_t>(done);
    if (done <= 0 || child.written == text.size()) child.process.in.reset();  // EPIPE: it did not want to know
}

void Supervisor::check_deadlines() {
    const auto now = Clock::now();
    for (auto& [id, child] : children_) {
        if (child->reaped) continue;
        if (child->kill_at && now >= *child->kill_at) {
            child->signal(SIGKILL);
            child->kill_at.reset();
        }
        if (child->stopped_as) continue;
        if (child->command.deadline && now >= child->started + *child->command.deadline)
            begin_stop(*child, ExitStatus::Kind::timed_out, false);
        else if (child->command.silence && now >= child->last_output + *child->command.silence)
            begin_stop(*child, ExitStatus::Kind::silent, false);
    }
}

void Supervisor::begin_stop(Child& child, ExitStatus::Kind why, bool hard) {
    if (child.reaped) return;
    const bool first = !child.stopped_as.has_value();
    if (first) child.stopped_as = why;
    if (hard) {
        child.signal(SIGKILL);
        child.kill_at.reset();
    } else if (first) {
        child.signal(SIGTERM);
        child.signal(SIGCONT);  // a stopped process cannot die politely
        child.kill_at = Clock::now() + child.command.stop.grace;
    }
}

void Supervisor::reap(Child& child) {
    siginfo_t info{};
    rusage usage{};
    // WNOWAIT first: what is left of the group must be ended before its number is free again.
    if (syscall(SYS_waitid, P_PID, child.process.pid, &info, WEXITED | WNOHANG | WNOWAIT, nullptr) != 0 ||
        info.si_pid == 0)
        return;
    kill(-child.process.pid, SIGKILL);
    // The library's waitid gives no rusage, the system call does.
    if (syscall(SYS_waitid, P_PID, child.process.pid, &info, WEXITED | WNOHANG, &usage) != 0) return;
    child.reaped = true;
    child.status.cpu = of(usage.ru_utime) + of(usage.ru_stime);
    child.status.peak_rss_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
    child.status.wall = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - child.started);
    child.status.leftovers = kill(-child.process.pid, 0) == 0;  // others were in its group until the kill above
    if (info.si_code == CLD_EXITED) {
        child.status.kind = ExitStatus::Kind::exited;
        child.status.code = info.si_status;
    } else {
        child.status.kind = ExitStatus::Kind::signalled;
        child.status.signal = info.si_status;
    }
    if (child.stopped_as) child.status.kind = *child.stopped_as;
    child.drained_by = Clock::now() + k_drain;
}

/// Children that are reaped and drained end here; orphans that came to us are reaped as well.
void Supervisor::settle() {
    std::vector<std::unique_ptr<Child>> done;
    for (auto it = children_.begin(); it != children_.end();) {
        auto& child = *it->second;
        const bool drained = !child.process.out.open() && !child.process.err.open();
        if (child.reaped && (drained || Clock::now() >= *child.drained_by)) {
            if (!drained) child.status.leftovers = true;
            done.push_back(std::move(it->second));
            it = children_.erase(it);
        } else {
            ++it;
        }
    }
    for (auto& child : done) {
        // As subreaper we inherit what the child left; the killed ones of its group are collected here.
        if (child->status.leftovers)
            while (waitpid(-child->process.pid, nullptr, WNOHANG) > 0) {
            }
        child->on_exit(child->status);
    }
}

}  // namespace lockstep
