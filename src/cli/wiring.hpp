// SPDX-License-Identifier: MIT
// The composition root: makes the edges that a command asks for and hands them over as ports. The only place that sees
// app and edges together.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "cli/environment.hpp"
#include "cli/options.hpp"
#include "edges/console.hpp"
#include "edges/curl_http.hpp"
#include "edges/dir_run_store.hpp"
#include "edges/disk_files.hpp"
#include "edges/disk_space.hpp"
#include "edges/gc_roots.hpp"
#include "edges/git_repository.hpp"
#include "edges/redacting_store.hpp"
#include "edges/signals.hpp"
#include "edges/supervisor.hpp"
#include "edges/system_clock.hpp"
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

    [[nodiscard]] RunSettings settings(const std::string& command) const;
    [[nodiscard]] RunPorts ports();
    [[nodiscard]] Console& console() { return *console_; }
    [[nodiscard]] RunStore& store() { return *clean_store_; }
    [[nodiscard]] Git& git() { return *git_; }
    [[nodiscard]] const Environment& environment() const { return environment_; }
    [[nodiscard]] const runner::Environment& runner() const { return runner_; }
    [[nodiscard]] const Config& known_config() const { return config_; }
    [[nodiscard]] bool color_on_stdout() const;

    /// Removes the private repository and work tree (unless `keep`) and old runs.
    void clean_up(bool keep_work);

private:
    class Sinks;

    [[nodiscard]] Result<Config> configure(const std::optional<RepositoryFile>& file) const;
    [[nodiscard]] Result<void> open_git(bool with_remote);
    [[nodiscard]] Result<void> open_store();

    const Options& options_;
    Environment environment_;
    runner::Environment runner_;
    std::atomic<int> signal_{0};
    SystemClock clock_;
    DiskFiles files_;
    MountedDisk disk_;
    DiskRootLinks roots_;
    CurlHttp http_;
    std::unique_ptr<SignalWatch> signals_;
    std::unique_ptr<Supervisor> processes_;
    std::unique_ptr<GitRepository> git_;
    std::unique_ptr<DirRunStore> store_;
    std::unique_ptr<RedactingStore> clean_store_;  ///< what everybody writes through
    std::unique_ptr<Memory> memory_;
    std::unique_ptr<Console> console_;
    std::unique_ptr<Sinks> sinks_;
    Config config_;
    std::optional<RepositoryFile> machine_file_;
    std::string remote_url_;
    std::filesystem::path state_, runs_;
    bool own_run_dir_ = false;
    std::chrono::system_clock::time_point now_;
};

}  // namespace lockstep::cli
