// SPDX-License-Identifier: MIT
// The main job and its smaller relatives, as functions from settings and ports to a report.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lockstep/adapters/runner.hpp"
#include "lockstep/core/config.hpp"
#include "lockstep/core/deploy_record.hpp"
#include "lockstep/core/journal.hpp"
#include "lockstep/core/report.hpp"
#include "lockstep/ports/clock.hpp"
#include "lockstep/ports/disk.hpp"
#include "lockstep/ports/events.hpp"
#include "lockstep/ports/files.hpp"
#include "lockstep/ports/forge.hpp"
#include "lockstep/ports/git.hpp"
#include "lockstep/ports/memory.hpp"
#include "lockstep/ports/process.hpp"
#include "lockstep/ports/roots.hpp"
#include "lockstep/ports/run_store.hpp"

namespace lockstep {

/// The repository's own configuration file, as it stands at the base commit.
struct RepositoryFile {
    std::string name, text;
};

struct RunSettings {
    std::string command = "run";  ///< "run", "plan", "build"
    bool dry_run = false;
    bool detailed_exit_code = false;
    bool retry_failed = false;      ///< earlier failures are not believed
    bool hosts_from_flags = false;  ///< selectors came by flag: mistakes in them are usage errors
    std::filesystem::path repo = ".";
    std::filesystem::path state_dir;              ///< what is kept between runs on this repository; "" when nothing is
    std::chrono::system_clock::time_point now{};  ///< the date of the run: branch name, commit time
    runner::Environment environment;
    std::string tool_version;
    std::string host;  ///< what this machine calls itself
    int cores = 1;
    std::uint64_t memory_bytes = 0;
    std::string secret_nonce;  ///< 128 random bits in hex, fresh for each run
};

/// Held while the run lasts; releasing is destroying.
class HeldLock {
public:
    virtual ~HeldLock() = default;
};

struct RunPorts {
    ProcessRunner& processes;
    Git& git;
    RunStore& store;
    Clock& clock;
    EventSink& events;
    Files& files;
    Memory& memory;
    /// All sources of configuration put together; every mistake at once.
    std::function<Result<Config>(const std::optional<RepositoryFile>&)> configure;
    /// The forge that the configuration and the remote mean; nullptr for `none`.
    std::function<Result<std::unique_ptr<Forge>>(const Config&, const RemoteFacts&)> make_forge;
    /// One run per remote and base on this machine.
    std::function<Result<std::unique_ptr<HeldLock>>(const std::string& remote_url, const std::string& base)> lock;
    /// The signal that asked us to stop, or 0.
    std::function<int()> interrupted;
    /// Reads an environment variable of the run ("" when unset).
    std::function<std::string(const char*)> getenv;
    /// After an interruption, lets a few last commands run. Empty: they run anyhow.
    std::function<void()> admit_last;
    /// Whether a run of that id on that machine is known to be dead: only this machine's own can be. Empty: nobody
    /// knows.
    std::function<bool(const std::string& host, const std::string& run)> is_dead;
    /// Called at the named steps of a run; test programs fail, stall or die there. Empty: nothing happens.
    std::function<Result<void>(std::string_view step)> failpoint;
    Disk* disk = nullptr;        ///< nullptr: room is not looked at
    RootLinks* roots = nullptr;  ///< nullptr: nothing is kept from garbage collections
    /// Where the parts of a system that take a reboot are, by name, as links in this machine's store say. May be empty.
    std::function<std::map<std::string, std::string>(const std::string& system)> boot_parts = {};
    /// Brings what the report proved onto the canary hosts, which wait with it until `land` was answered; `landed`:
    /// that was done before, and they are only told. `interrupted`: the signal that ends it, or 0. Empty: nothing is
    /// deployed.
    std::function<Result<DeployRecord>(const RunReport& proved, bool landed, const std::function<LandingAnswer()>& land,
                                       const std::function<int()>& interrupted)>
        canary = {};
    /// Ends every child and every wait, as a signal does. Any thread; must not block. May be empty, like the next.
    std::function<void()> end_all = {};
    /// Told what is known at the beginning and the end of each stage, should the run not get to its report.
    std::function<void(const RunReport&)> so_far = {};
};

/// Update, prove, land or propose. Always returns a report with a verdict; what it could not do is in there.
[[nodiscard]] RunReport run_update(const RunSettings& settings, const RunPorts& ports);

/// What an earlier process of the run left.
struct Resumption {
    RunHistory history;
    std::optional<RunReport> proof;  ///< its report as it stood when the hosts were proved
};
/// Goes on with a run that was cut off: reads the remote first and settles what is unknown, keeps the candidate when
/// its base still stands, and the proof when its outputs are still valid. The settings are those of the run, `now` too;
/// the store is the run's own.
[[nodiscard]] RunReport resume_update(const RunSettings& settings, const RunPorts& ports, const Resumption& past);

/// Frees the lock that a run left on the remote: when it has expired, its run is dead, or by force. Gives a sentence.
/// Errors: locked (the holder may be alive), infrastructure and what run_update has for the remote.
[[nodiscard]] Result<std::string> unlock_remote(const RunSettings& settings, const RunPorts& ports, bool force);

/// Proves the checked-out commit: no update, no remote.
[[nodiscard]] RunReport run_build(const RunSettings& settings, const RunPorts& ports);

/// What a run would do, as text for people. Updates in the private work tree only; builds nothing, changes nothing.
struct Plan {
    RunReport report;  ///< inputs, targets (not_started), notices
    std::string text;
};
[[nodiscard]] Plan run_plan(const RunSettings& settings, const RunPorts& ports);

}  // namespace lockstep
