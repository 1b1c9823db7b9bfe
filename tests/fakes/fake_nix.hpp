// SPDX-License-Identifier: MIT
// Nix without processes: a runner that answers on a thread of its own what lockstep asks of Nix about a fake fleet.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fakes/fake_fleet.hpp"
#include "fakes/fake_git.hpp"
#include "lockstep/ports/files.hpp"
#include "lockstep/ports/process.hpp"

namespace lockstep::fakes {

class FakeNix final : public ProcessRunner, public Files {
public:
    /// What a commit holds, asked on the runner's thread.
    using CommitOf = std::function<FakeCommit(const std::string& id)>;
    FakeNix(Dice dice, FakeFleet& fleet, FakeStore& store, CommitOf commit_of);
    FakeNix(Dice dice, FakeFleet& fleet, FakeStore& store, FakeGit& git);
    ~FakeNix() override;
    FakeNix(const FakeNix&) = delete;
    FakeNix& operator=(const FakeNix&) = delete;

    /// "updating", and once for each commit by lockstep "evaluating", "planning", "building", "built": how many
    /// commands that takes is a matter of timing. On the runner's thread.
    std::function<void(const char* moment)> moment;
    int percent_trouble = 0;                   ///< of commands that come to grief for no fault of the flake
    std::atomic<int> base_listings_killed{0};  ///< so many listings of hosts at commits of people are
    std::string version = "2.8.0";             ///< that it says it is
    std::atomic<int> upstream_lock{2};         ///< what an update locks

    void start_run();  ///< takes back an interruption
    [[nodiscard]] int troubles() const { return troubles_; }
    [[nodiscard]] std::vector<std::string> surprises() const;  ///< commands that it does not know

    ChildId submit(Command command, OnOutput on_output, OnExit on_exit) override;
    void stop(ChildId) override {}
    void stop_all(bool hard) override;

    Result<std::string> read(const std::string& path, std::uint64_t max_bytes) override;

private:
    struct Job {
        Command command;
        OnOutput on_output;
        OnExit on_exit;
    };
    struct Answer {
        ExitStatus status{.kind = ExitStatus::Kind::exited, .code = 0};
        std::string out, err;
    };
    void work();
    Answer answer(const Command& command);
    Answer names(const std::string& expression);
    Answer evaluate(const std::string& expression);
    Answer update(const Command& command);
    Answer dry_run(const std::vector<std::string>& drvs);
    Answer realise(const std::vector<std::string>& drvs);
    Answer check(const std::vector<std::string>& paths);
    void once(const char* moment);
    bool comes_to_grief(const std::string& question, int percent);

    Dice dice_;
    FakeFleet& fleet_;
    FakeStore& store_;
    CommitOf commit_of_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> jobs_;
    bool ending_ = false;
    std::atomic<bool> interrupted_{false};
    std::atomic<int> troubles_{0};
    mutable std::mutex facts_;
    std::map<std::string, int> asked_;            ///< how often a question about trouble was put
    std::map<std::string, std::string> written_;  ///< files that updates left
    std::map<std::string, int> attempts_;         ///< builds of a derivation
    std::vector<std::string> surprises_;
    std::uint64_t activity_ = 0;
    std::string candidate_;                              ///< the last commit by lockstep that was evaluated
    std::set<std::pair<std::string, std::string>> had_;  ///< commit, moment
    std::thread thread_;
};

}  // namespace lockstep::fakes
