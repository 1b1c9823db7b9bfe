// SPDX-License-Identifier: MIT
// Machines that run the whole main job with the real git against one real remote, over a proxy that breaks connections.
// Only Nix is played, so that a run takes a fraction of a second and thousands of faults can be tried.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "edges/git_repository.hpp"
#include "edges/supervisor.hpp"
#include "fakes/fake_fleet.hpp"
#include "fakes/fake_nix.hpp"
#include "fakes/fault_proxy.hpp"
#include "fakes/git_http.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"
#include "graph/history_wishes.hpp"
#include "lockstep/app/run.hpp"
#include "support/git_fixture.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::test {

/// A bare repository with a fleet on main, served over HTTP with the proxy in front.
class FaultRemote {
public:
    FaultRemote();

    [[nodiscard]] const GitRepo& bare() const { return bare_; }
    [[nodiscard]] std::filesystem::path dir() const { return dir_.path(); }
    [[nodiscard]] std::string url() const { return proxy_.url() + "/fleet.git"; }
    [[nodiscard]] const std::string& first() const { return first_; }  ///< where main was at the beginning
    [[nodiscard]] std::string tip() const { return bare_.ref("main"); }
    [[nodiscard]] fakes::FaultProxy& proxy() { return proxy_; }
    [[nodiscard]] fakes::GitHttpServer& server() { return server_; }

    /// Somebody else commits `files` on top of main.
    std::string others_commit(const GitRepo::Files& files) const { return bare_.commit("main", files, "by others"); }
    /// Commits between `from` and main, oldest first.
    [[nodiscard]] std::vector<std::string> since(const std::string& from) const;
    /// main where it was at the beginning, and no other branch.
    void restore() const;

private:
    TempDir dir_;
    GitRepo bare_;
    std::string first_;
    fakes::GitHttpServer server_;
    fakes::FaultProxy proxy_;
};

/// Sends git and date to the real supervisor, the rest to the fake Nix, and tells of pushes.
class RoutedRunner final : public ProcessRunner {
public:
    RoutedRunner(std::vector<std::string> environment, ProcessRunner& nix)
        : nix_(nix), supervisor_(std::move(environment)) {}

    /// Around every push that may change the remote: on the caller's thread; may change the command.
    std::function<void(Command& push)> before_push;
    /// On the supervisor's thread, before anybody else learns of the end.
    std::function<void(const ExitStatus&)> after_push;

    ChildId submit(Command command, OnOutput on_output, OnExit on_exit) override;
    void stop(ChildId) override {}
    void stop_all(bool hard) override {
        nix_.stop_all(hard);
        supervisor_.stop_all(hard);
    }

private:
    ProcessRunner& nix_;
    Supervisor supervisor_;
};

/// One machine: a checkout, a store, a state directory of its own.
class Machine {
public:
    struct Options {
        std::uint64_t seed = 1;
        fakes::FakeFleet::Wishes fleet{.hosts = 2};
        std::chrono::milliseconds git_timeout = std::chrono::seconds(60);
        std::string token{};  ///< for the remote's host
    };
    /// Clones `bare`, and names `url` as its remote.
    Machine(const std::filesystem::path& dir, const GitRepo& bare, const std::string& url, Options options);
    Machine(const std::filesystem::path& dir, FaultRemote& remote) : Machine(dir, remote.bare(), remote.url(), {}) {}

    Config config;
    RunSettings settings;
    fakes::ManualClock own_clock;
    Clock* clock = &own_clock;
    std::function<Result<std::unique_ptr<Forge>>(const Config&)> make_forge;
    std::function<void(const std::string& file, Config&)> apply_file;  ///< the repository's lockstep.yaml to the config
    std::function<bool(std::string_view kind, std::string_view step)> full_disk;  ///< for lines of the journal
    std::atomic<int> signal{0};

    [[nodiscard]] fakes::FakeNix& nix() { return nix_; }
    [[nodiscard]] RoutedRunner& runner() { return runner_; }
    [[nodiscard]] const GitRepo& checkout() const { return checkout_; }

    RunReport run();
    /// What the last run made, as long as there is no next one.
    [[nodiscard]] GitRepo private_repository() const { return GitRepo(store_->root() / "work" / "repository.git"); }
    /// The journal of the last run.
    [[nodiscard]] std::vector<fakes::MemoryStore::Line> journal() const { return store_->lines(); }

private:
    fakes::FakeCommit commit_of(const std::string& id);

    std::filesystem::path dir_;
    Options options_;
    GitRepo checkout_;
    fakes::Dice dice_;
    fakes::FakeFleet fleet_;
    fakes::FakeStore valid_;
    fakes::FakeNix nix_;
    RoutedRunner runner_;
    KeptMemory memory_;
    int runs_ = 0;
    std::unique_ptr<fakes::MemoryStore> store_;
};

/// A clock that somebody else may set while it runs; sleeping costs nothing. Thread-safe.
class JumpingClock final : public Clock {
public:
    explicit JumpingClock(std::chrono::sys_seconds start) : now_(start) {}
    [[nodiscard]] std::chrono::system_clock::time_point now() const override {
        const std::lock_guard lock(mutex_);
        return now_;
    }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        const std::lock_guard lock(mutex_);
        return steady_;
    }
    void sleep_for(std::chrono::milliseconds duration) override { pass(duration); }
    void pass(std::chrono::milliseconds duration) {
        const std::lock_guard lock(mutex_);
        now_ += duration;
        steady_ += duration;
    }
    /// Sets the wall clock; time itself does not pass.
    void jump(std::chrono::milliseconds by) {
        const std::lock_guard lock(mutex_);
        now_ += by;
    }

private:
    mutable std::mutex mutex_;
    std::chrono::system_clock::time_point now_;
    std::chrono::steady_clock::time_point steady_{std::chrono::hours(1)};
};

/// "landed 0: 2 hosts proved; …"
[[nodiscard]] std::string how_it_ended(const RunReport& report);

}  // namespace lockstep::test
