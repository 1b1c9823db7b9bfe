// SPDX-License-Identifier: MIT
// The state of one child. Signals go out only while the process is not reaped: until then its number, and that of its
// group, belong to it.
#include "edges/supervisor_child.hpp"

#include <fcntl.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers)
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>

#include "edges/supervisor_procfs.hpp"

namespace lockstep {

namespace {

constexpr auto k_drain = std::chrono::seconds(1);          // how long an ended child's pipes may be held open by others
constexpr auto k_linger = std::chrono::milliseconds(250);  // and how long its group may stay when they are closed
constexpr auto k_settle = std::chrono::seconds(2);         // how long killed leftovers may take to vanish
constexpr auto k_stuck =
    std::chrono::seconds(30);  // after which a killed process will not die (it hangs in the kernel)
constexpr auto k_sample = std::chrono::milliseconds(50);
constexpr auto k_longest_pause = std::chrono::milliseconds(50);

std::size_t capacity_of(const Fd& pipe) {
    constexpr int k_usual = 64 << 10;
    const int bytes = fcntl(pipe.get(), F_GETPIPE_SZ);
    return static_cast<std::size_t>(bytes > 0 ? bytes : k_usual);
}

std::chrono::milliseconds of(const timeval& time) {
    return std::chrono::milliseconds(time.tv_sec * 1000 + time.tv_usec / 1000);
}

}  // namespace

SupervisedChild::SupervisedChild(SubmitRequest request, Spawned process, Time now)
    : request_(std::move(request)),
      process_(std::move(process)),
      out_pace_(capacity_of(process_.out)),
      err_pace_(capacity_of(process_.err)),
      started_(now),
      last_output_(now) {}

std::size_t SupervisedChild::read_some(Stream stream, std::vector<char>& buffer, Time now) {
    const Fd& fd = output(stream);
    if (!fd.open()) return 0;
    const auto got = read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (got <= 0) {
        close_output(stream);
        return 0;
    }
    last_output_ = now;
    if (request_.on_output) request_.on_output(stream, {buffer.data(), static_cast<std::size_t>(got)});
    return static_cast<std::size_t>(got);
}

void SupervisedChild::close_output(Stream stream) {
    (stream == Stream::out ? process_.out : process_.err).reset();
}

void SupervisedChild::write_some() {
    const auto& text = request_.command.stdin_text;
    const auto done = write(process_.in.get(), text.data() + written_, text.size() - written_);
    if (done < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (done > 0) written_ += static_cast<std::size_t>(done);
    if (done <= 0 || written_ == text.size()) process_.in.reset();  // EPIPE: it did not want to know
}

void SupervisedChild::signal_group(int number) const {
    kill(-process_.pid, number);
    // It may have moved to another group of its session.
    if (getpgid(process_.pid) != process_.pid)
        (void)syscall(SYS_pidfd_send_signal, process_.pidfd.get(), number, nullptr, 0);
}

void SupervisedChild::remember_sessions() {
    const pid_t ours = getsid(0);
    for (const auto& process : descendants_of(process_.pid))
        if (process.session != ours) sessions_.insert(process.session);
}

void SupervisedChild::stop(ExitStatus::Kind cause, bool hard, Time now) {
    if (phase_ != Phase::running) {
        if (hard) drain_until_ = now;
        return;
    }
    siginfo_t info{};
    const bool ended =
        waitid(P_PID, static_cast<id_t>(process_.pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
    if (ended) return;  // by itself, a moment ago
    const bool first = !cause_.has_value();
    if (first) cause_ = cause;
    if (hard || request_.command.stop.grace.count() <= 0) {
        kill_now(now);
    } else if (first) {
        remember_sessions();
        signal_group(SIGTERM);
        signal_group(SIGCONT);  // a stopped process cannot end politely
        kill_at_ = now + request_.command.stop.grace;
    }
}

void SupervisedChild::kill_now(Time now) {
    kill_at_.reset();
    if (killed_at_) return;
    remember_sessions();
    signal_group(SIGKILL);
    killed_at_ = now;
}

void SupervisedChild::check_deadlines(Time now) {
    if (phase_ != Phase::running) return;
    if (kill_at_ && now >= *kill_at_) kill_now(now);
    if (cause_) return;
    const auto& command = request_.command;
    if (command.deadline && now >= started_ + *command.deadline) {
        status_.limit = *command.deadline;
        stop(ExitStatus::Kind::timed_out, false, now);
    } else if (command.silence && now >= last_output_ + *command.silence) {
        status_.limit = *command.silence;
        stop(ExitStatus::Kind::silent, false, now);
    } else {
        check_memory(now);
    }
}

void SupervisedChild::check_memory(Time now) {
    auto& memory = request_.command.memory;
    if (!memory || now < sample_at_) return;
    sample_at_ = now + k_sample;
    const auto resident = resident_bytes(process_.pid);
    memory->resident = resident;
    const std::uint64_t limit = memory->limit;
    if (resident <= limit) return;
    status_.memory_limit = limit;
    stop(ExitStatus::Kind::over_memory, true, now);
}

std::optional<SupervisedChild::Time> SupervisedChild::next_due() const {
    if (phase_ == Phase::draining) return linger_until_ ? look_again_ : drain_until_;
    if (phase_ == Phase::settling) return look_again_;
    if (kill_at_) return kill_at_;
    if (killed_at_) return *killed_at_ + k_stuck;
    if (cause_) return std::nullopt;
    std::optional<Time> due;
    if (request_.command.memory) due = sample_at_;
    if (request_.command.deadline) {
        const Time late = started_ + *request_.command.deadline;
        due = due ? std::min(*due, late) : late;
    }
    if (request_.command.silence) {
        const Time silent = last_output_ + *request_.command.silence;
        due = due ? std::min(*due, silent) : silent;
    }
    return due;
}

void SupervisedChild::process_ended(Time now) {
    phase_ = Phase::draining;
    drain_until_ = killed_at_ ? now : now + k_drain;
    status_.wall = std::chrono::duration_cast<std::chrono::milliseconds>(now - started_);
    process_.in.reset();
}

bool SupervisedChild::drain_is_over(Time now) const {
    return phase_ == Phase::draining && (outputs_done() || now >= drain_until_);
}

bool SupervisedChild::is_stuck(Time now) const {
    return phase_ == Phase::running && killed_at_ && now >= *killed_at_ + k_stuck;
}

void SupervisedChild::reap(Time now) {
    close_output(Stream::out);
    close_output(Stream::err);
    kill(-process_.pid, SIGKILL);  // reaches the rest of the group; the leader is dead already
    int wait_status = 0;
    rusage usage{};
    if (wait4(process_.pid, &wait_status, 0, &usage) != process_.pid) {
        status_.kind = ExitStatus::Kind::signalled;
        add_reason("its exit status was lost: something else in this program waited for it");
    } else if (WIFEXITED(wait_status)) {
        status_.kind = ExitStatus::Kind::exited;
        status_.code = WEXITSTATUS(wait_status);
    } else {
        status_.kind = ExitStatus::Kind::signalled;
        status_.signal = WTERMSIG(wait_status);
    }
    if (cause_) status_.kind = *cause_;
    status_.cpu = of(usage.ru_utime) + of(usage.ru_stime);
    status_.peak_rss_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
    phase_ = Phase::settling;
    settle_until_ = now + k_settle;
    if (!group_is_gone() && !killed_at_) status_.leftovers = true;
}

bool SupervisedChild::group_is_gone() {
    if (group_gone_) return true;
    // As subreaper we are the parent of what the leader left: nobody else would reap it.
    for (;;) {
        siginfo_t info{};
        if (waitid(P_PGID, static_cast<id_t>(process_.pid), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) break;
        // Of a group that was killed as a whole, nothing was left over.
        if (info.si_code == CLD_KILLED && info.si_status == SIGKILL && !killed_at_) status_.leftovers = true;
    }
    group_gone_ = kill(-process_.pid, 0) != 0;
    return group_gone_;
}

bool SupervisedChild::keep_lingering(Time now) {
    if (!linger_until_) linger_until_ = std::min(drain_until_, now + k_linger);
    look_again_ = now + look_pause_;
    look_pause_ = std::min<std::chrono::milliseconds>(look_pause_ * 2, k_longest_pause);
    return now < *linger_until_;
}

bool SupervisedChild::keep_settling(Time now) {
    if (now >= settle_until_) return false;
    look_again_ = now + look_pause_;
    look_pause_ = std::min<std::chrono::milliseconds>(look_pause_ * 2, k_longest_pause);
    return true;
}

void SupervisedChild::add_reason(const std::string& text) {
    status_.reason += (status_.reason.empty() ? "" : "; ") + text;
}

void SupervisedChild::give_up() {
    status_.kind = *cause_;
    status_.signal = SIGKILL;
    status_.leftovers = true;
    add_reason("process " + std::to_string(process_.pid) + " did not end although it was killed");
}

void SupervisedChild::tell_exit() {
    if (request_.on_exit) request_.on_exit(status_);
}

}  // namespace lockstep
