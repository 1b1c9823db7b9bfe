// SPDX-License-Identifier: MIT
// The supervisor's thread: one epoll over all pipes, process ends and the inbox; timers in between.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "edges/supervisor_child.hpp"
#include "edges/supervisor_inbox.hpp"
#include "edges/supervisor_orphans.hpp"

namespace lockstep {

class SupervisorLoop {
public:
    SupervisorLoop(SupervisorInbox& inbox, const std::vector<std::string>& base_environment);
    /// Until a QuitRequest arrived and every child ended.
    void run() noexcept;

private:
    using Time = SupervisedChild::Time;
    using Child = std::unique_ptr<SupervisedChild>;
    enum class Source : unsigned char { exit, out, err, in };

    /// A stream that is not watched for a moment; that it was closed is noticed nevertheless.
    struct Resting {
        ChildId id;
        Stream stream;
        Time until;
    };

    static std::uint64_t key_of(ChildId id, Source source) { return id << 2U | static_cast<unsigned char>(source); }
    void wait();
    void handle(std::uint64_t key);
    [[nodiscard]] int wait_time() const;

    void take_requests();
    void take(SubmitRequest request);
    void take(const StopRequest& request);
    void take(const StopAllRequest& request);
    void take(const AdmitRequest& request);
    void take(const LeftoversRequest& request);
    void take(const QuitRequest& request);

    void start_waiting();
    /// False: not now, it went back to the front of waiting_.
    bool start(SubmitRequest request);
    void watch(const SupervisedChild& child);
    void watch(const Fd& fd, std::uint32_t events, ChildId id, Source source);
    void read_stream(SupervisedChild& child, Stream stream);
    void read_rested(bool all);
    void set_watched(const SupervisedChild& child, Stream stream, bool watched);
    static void refuse(const SubmitRequest& request, ExitStatus::Kind kind, std::string reason);

    void advance_children();
    /// True when the child is gone and on_exit may come.
    bool advance(SupervisedChild& child);
    bool settle(SupervisedChild& child);
    void drain(SupervisedChild& child);

    SupervisorInbox& inbox_;
    const std::vector<std::string>& base_environment_;
    Fd epoll_;
    std::vector<char> buffer_;
    std::unordered_map<ChildId, Child> children_;
    std::vector<Resting> resting_;
    std::deque<SubmitRequest> waiting_;  ///< starts that the machine refused for now
    std::set<pid_t> own_;                ///< processes of children that are not reaped
    Orphans orphans_;
    Time now_;
    std::optional<Time> due_;  ///< no child needs attention before; an early look is harmless
    Time retry_at_{}, sweep_at_{};
    bool changed_ = false;  ///< some child may be able to advance
    bool stopping_ = false, quitting_ = false;
};

}  // namespace lockstep
