// SPDX-License-Identifier: MIT
// The composition root: makes the edges that a command asks for and hands them over as ports. The only place that sees
// app and edges together.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "cli/environment.hpp"
#include "cli/interim_report.hpp"
#include "cli/options.hpp"
#include "edges/console.hpp"
#include "edges/curl_http.hpp"
#include "edges/dir_run_store.hpp"
#include "edges/disk_files.hpp"
#include "edges/disk_space.hpp"
#include "edges/failpoint.hpp"
#include "edges/gc_roots.hpp"
#include "edges/git_repository.hpp"
#include "edges/last_resort.hpp"
#include "edges/redacting_store.hpp"
#include "edges/signals.hpp"
#include "edges/supervisor.hpp"
#include "edges/system_clock.hpp"
#include "lockstep/app/hooks.hpp"
#include "lockstep/app/run.hpp"

namespace lockstep::cli {

/// Everything of one command that is tied to the machine. Made in the order in which things need each other.
class Machine {
public:
    Machine(const Options& options, Environment environment);
    ~Machine();
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    /// Repository, configuration as far as known, run directory, console. Must succeed before ports().
    [[nodiscard]] Result<void> open(const std::string& command);
    /// The same, going on with the run in `directory`.
    [[nodiscard]] Result<void> reopen(const std::filesystem::path& directory, const RunHistory& past,
                                      std::uint64_t records);
    /// Only enough to read what earlier runs left: configuration, repository, state directory.
    [[nodiscard]] Result<void> open_reading();
    [[nodiscard]] const std::filesystem::path& runs() const { return runs_; }
    /// What is kept between runs on this repository; "" when nothing is.
    [[nodiscard]] const std::filesystem::path& state() const { return state_; }
    [[nodiscard]] const std::string& remote_url() const { return remote_url_; }

    [[nodiscard]] RunSettings settings(const std::string& command) const;
    [[nodiscard]] RunPorts ports();
    [[nodiscard]] Hooks& hooks() { return *hooks_; }
    [[nodiscard]] Console& console() { return *console_; }
    [[nodiscard]] RunStore& store() { return *clean_store_; }
    [[nodiscard]] Git& git() { return *git_; }
    [[nodiscard]] const Environment& environment() const { return environment_; }
    [[nodiscard]] const runner::Environment& runner() const { return runner_; }
    [[nodiscard]] const Config& known_config() const { return config_; }
    [[nodiscard]] bool color_on_stdout() const;

    /// Lets a test end the program here (test builds only).
    void reach(std::string_view step);

    /// From now on the final report is written.
    void end_interim();
    /// Ends processes that children of the run have left.
    [[nodiscard]] Leftovers end_leftovers();

    /// Removes the private repository and work tree (unless `keep`) and old runs.
    void clean_up(bool keep_work);

private:
    class Sinks;

    [[nodiscard]] Result<Config> configure(const std::optional<RepositoryFile>& file) const;
    [[nodiscard]] Result<void> open_git(bool with_remote);
    [[nodiscard]] Result<void> read_settings();
    [[nodiscard]] Result<void> find_state();
    [[nodiscard]] Result<void> make_store(const std::string& command);
    void open_rest();
    void take_signal(int number, int nth);
    [[nodiscard]] std::string settings_json(const std::string& command) const;
    void tell_step(const Event& event);

    const Options& options_;
    Environment environment_;
    runner::Environment runner_;
    std::atomic<int> signal_{0};
    SystemClock clock_;
    DiskFiles files_;
    MountedDisk disk_;
    DiskRootLinks roots_;
    CurlHttp http_;
    LastResort last_resort_;
    std::unique_ptr<SignalWatch> signals_;
    std::unique_ptr<Supervisor> processes_;
    std::unique_ptr<GitRepository> git_;
    std::unique_ptr<DirRunStore> store_;
    std::unique_ptr<RedactingStore> clean_store_;  ///< what everybody writes through
    std::unique_ptr<InterimReport> interim_;
    std::atomic<bool> ready_{false};  ///< whether there is a place for reports
    std::unique_ptr<Memory> memory_;
    std::unique_ptr<Console> console_;
    std::unique_ptr<Sinks> sinks_;
    std::unique_ptr<Hooks> hooks_;
    Config config_;
    std::optional<RepositoryFile> machine_file_;
    std::string remote_url_;
    std::filesystem::path state_, runs_;
    bool own_run_dir_ = false;
    std::chrono::system_clock::time_point now_;
    std::unique_ptr<Failpoints> failpoints_;  ///< in test builds only
    std::atomic<int> hosts_started_{0}, hosts_ended_{0};
};

}  // namespace lockstep::cli
