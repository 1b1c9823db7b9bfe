// SPDX-License-Identifier: MIT
// One realisation's stderr, taken apart: a log file and a tail for each derivation, errors for the judgement, progress
// for people. What it learns decorates; store validity decides.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lockstep/app/prove.hpp"

namespace lockstep {

/// What the stream told about one derivation.
struct ObservedBuild {
    nix::BuildFacts facts;
    std::string log;  ///< relative path, "" when no file could be opened
    std::uint64_t bytes = 0, dropped = 0;
    std::chrono::steady_clock::time_point started, stopped;
};

class BuildLogs {
public:
    BuildLogs(const ProveRequest& request, const ProvePorts& ports);
    ~BuildLogs();

    /// A chunk of stderr. Runs on the process runner's thread.
    void feed(std::string_view chunk);
    /// The process has ended: closes files; derivations still open count as not stopped.
    void finish();

    [[nodiscard]] const std::map<std::string, ObservedBuild>& builds() const { return builds_; }
    [[nodiscard]] const std::vector<std::string>& errors() const { return errors_; }
    /// What Nix waits for by its last word on it: locks of other processes, builder machines.
    [[nodiscard]] std::vector<std::string> waiting() const;

private:
    struct Open;
    void line(std::string_view text);
    /// The short way for the most frequent record; false when it is something else.
    bool take_build_line(std::string_view raw);
    /// Null when nothing is being built under that id.
    Open* building(std::uint64_t id);
    void start(const nix::LogRecord& record);
    void stop(std::uint64_t id);
    void wait_for(const nix::LogRecord& record);
    void end_wait(std::uint64_t id);
    void mark_failed(std::string_view message);
    void tell_end(const Open& open, bool ok);
    void add_line(Open& open, std::size_t begin);
    void hand_over(Open& open);

    const ProveRequest& request_;
    const ProvePorts& ports_;
    nix::LineSplitter splitter_;
    std::map<std::string, ObservedBuild> builds_;
    std::unordered_map<std::string, std::shared_ptr<Open>> by_drv_;
    std::unordered_map<std::uint64_t, std::shared_ptr<Open>> by_id_;
    std::vector<std::string> errors_;
    std::map<std::uint64_t, std::string> waiting_;
    std::set<std::string> told_waits_;
    std::string last_wait_;
    std::uint64_t expected_ = 0;
    std::chrono::steady_clock::time_point now_;  ///< when the chunk came
    std::vector<Open*> touched_;                 ///< they have text to hand over
    std::string nobodys_;                        ///< text of an unknown id, on its way to nowhere
    std::uint64_t last_id_ = 0;
    Open* last_open_ = nullptr;
};

}  // namespace lockstep
