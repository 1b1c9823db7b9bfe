// SPDX-License-Identifier: MIT
// One child under supervision: its pipes, its deadlines, its end. Lives on the supervisor's thread only.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <vector>

#include "edges/spawn.hpp"
#include "edges/supervisor_inbox.hpp"
#include "edges/supervisor_pace.hpp"

namespace lockstep {

class SupervisedChild {
public:
    using Time = std::chrono::steady_clock::time_point;
    /// running → (process ended) draining → (pipes done, reaped) settling → gone
    enum class Phase { running, draining, settling };

    SupervisedChild(SubmitRequest request, Spawned process, Time now);

    [[nodiscard]] ChildId id() const { return request_.id; }
    [[nodiscard]] pid_t pid() const { return process_.pid; }
    [[nodiscard]] Phase phase() const { return phase_; }
    [[nodiscard]] const Spawned& process() const { return process_; }
    [[nodiscard]] const ExitStatus& status() const { return status_; }
    [[nodiscard]] bool outputs_done() const { return !process_.out.open() && !process_.err.open(); }
    /// We ended it, or a signal from outside did: what it left behind was not meant to stay.
    [[nodiscard]] bool ended_by_force() const { return cause_.has_value() || status_.signal != 0; }
    [[nodiscard]] bool ended_by_us() const { return cause_.has_value(); }
    /// Sessions that its descendants had when it was signalled.
    [[nodiscard]] const std::set<pid_t>& sessions() const { return sessions_; }

    /// One read of a stream into `buffer`, handed to on_output; 0 when there is nothing to read now or ever.
    std::size_t read_some(Stream stream, std::vector<char>& buffer, Time now);
    [[nodiscard]] const Fd& output(Stream stream) const { return stream == Stream::out ? process_.out : process_.err; }
    [[nodiscard]] ReadPace& pace(Stream stream) { return stream == Stream::out ? out_pace_ : err_pace_; }
    void write_some();

    /// Ends it by its stop policy, unless it is ending already; `hard` kills at once. No effect after the process
    /// ended.
    void stop(ExitStatus::Kind cause, bool hard, Time now);
    /// Deadlines that have passed, and memory that was outgrown.
    void check_deadlines(Time now);
    /// When check_deadlines(), the end of the drain or the next look at the settling group is due.
    [[nodiscard]] std::optional<Time> next_due() const;

    void process_ended(Time now);
    [[nodiscard]] bool drain_is_over(Time now) const;
    /// The process died of nothing we can do: KILL was sent long ago.
    [[nodiscard]] bool is_stuck(Time now) const;

    /// Chooses when to look again whether its group ended by itself; false when there was enough patience.
    bool keep_lingering(Time now);
    /// Kills what is left of its group, then reaps it. From here on the group's number is only probed.
    void reap(Time now);
    /// Reaps dead members of the group; true when none is left.
    bool group_is_gone();
    /// Another process got the number.
    void forget_group() { group_gone_ = true; }
    void note_leftovers() { status_.leftovers = true; }
    void add_reason(const std::string& text);
    /// Chooses when to look again; false when there was enough patience.
    bool keep_settling(Time now);

    void give_up();
    void tell_exit();

private:
    void check_memory(Time now);
    void signal_group(int number) const;
    void kill_now(Time now);
    void remember_sessions();
    void close_output(Stream stream);

    SubmitRequest request_;
    Spawned process_;
    Phase phase_ = Phase::running;
    std::size_t written_ = 0;
    ReadPace out_pace_, err_pace_;
    Time started_, last_output_;
    Time sample_at_{};               ///< of its memory
    std::optional<Time> kill_at_;    ///< when a polite stop becomes a kill
    std::optional<Time> killed_at_;  ///< when it did
    std::optional<ExitStatus::Kind> cause_;
    Time drain_until_{}, settle_until_{}, look_again_{};
    std::optional<Time> linger_until_;
    std::chrono::milliseconds look_pause_{2};
    bool group_gone_ = false;
    std::set<pid_t> sessions_;
    ExitStatus status_;
};

}  // namespace lockstep
