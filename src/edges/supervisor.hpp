// SPDX-License-Identifier: MIT
// The one thread that owns children: spawns them, drains their pipes, keeps their deadlines, stops them by their policy
// and reaps them. Everything else only submits.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "edges/spawn.hpp"
#include "lockstep/ports/process.hpp"

namespace lockstep {

class Supervisor final : public ProcessRunner {
public:
    /// `base_environment` ("K=V") is what children start from. Makes this process a child subreaper, so that what a
    /// child leaves behind can be found and ended.
    explicit Supervisor(std::vector<std::string> base_environment);
    /// Kills what is left and joins.
    ~Supervisor() override;
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    ChildId submit(Command command, OnOutput on_output, OnExit on_exit) override;
    void stop(ChildId id) override;
    void stop_all(bool hard) override;

private:
    using Time = std::chrono::steady_clock::time_point;
    struct Child;
    struct Request {
        ChildId id = 0;
        Command command;
        OnOutput on_output;
        OnExit on_exit;
    };

    void loop();
    void take_requests();
    void start(Request request);
    void refuse(const Request& request, ExitStatus::Kind kind, const std::string& reason);
    void poll_once();
    [[nodiscard]] int wait_time() const;
    void read_some(Child& child, Stream stream, Fd& fd);
    void write_some(Child& child);
    void check_deadlines();
    void begin_stop(Child& child, ExitStatus::Kind why, bool hard);
    void reap(Child& child);
    void settle();
    void wake() const;

    std::vector<std::string> base_environment_;
    Fd wake_;
    std::mutex mutex_;  // of requests_, stops_
    std::deque<Request> requests_;
    std::deque<ChildId> stops_;
    std::atomic<ChildId> next_id_{1};
    std::atomic<int> stopping_{0};  // 1: by policy, 2: hard
    std::atomic<bool> ending_{false};
    int stopped_level_ = 0;
    std::map<ChildId, std::unique_ptr<Child>> children_;
    std::vector<char> buffer_;
    std::thread thread_;
};

}  // namespace lockstep
