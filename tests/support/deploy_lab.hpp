// SPDX-License-Identifier: MIT
// A fleet on one machine: hosts that are namespaces, each with its own network, processes, /nix, /boot and sshd, and a
// runner's side ("controller") with a Nix store of its own. Never the machine's store; nothing is left behind, also
// after a crash of the test. Needs root. What runs inside lies in deploy_lab/*.sh.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/local_process.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::test {

class DeployLab;

struct LabHostOptions {
    bool systemd = true;  ///< false: neither systemd-run nor systemctl
    int nix_megabytes = 64;
    int boot_megabytes = 4;
};

/// A system whose bin/switch-to-configuration does what `mode` says: ok, fail1, fail2, fail4 UNIT…, inhibit, nocheck,
/// exit100, exit N, slow SECONDS, hang, cutnet, cutnew, killsshd, filldisk, lockheld, writes, chatty LINES, bootfail,
/// stopunit UNIT, killunit UNIT, slowboot SECONDS, fail-from N RC, fail-at N RC, die-at N (N counts this system's runs
/// of `test`).
struct LabSystem {
    std::string name;  ///< "v1"
    std::string mode = "ok";
    std::string kernel = "6.1", initrd = "1", kernel_params = "quiet";
    int megabytes = 0;  ///< of ballast in the closure
};

class LabHost {
public:
    LabHost(DeployLab& lab, std::string name, std::string address, LabHostOptions options);
    ~LabHost();
    LabHost(const LabHost&) = delete;
    LabHost& operator=(const LabHost&) = delete;

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const std::string& address() const { return address_; }
    /// A line for known_hosts.
    [[nodiscard]] std::string known_host() const;

    /// Makes a system of the controller's store the one that runs, was booted, and is the profile's and the boot
    /// loader's.
    void install(const std::string& path);
    /// Puts a system into the host's store, no more.
    void receive(const std::string& path);

    // What is. "" when there is none, or the host is down.
    [[nodiscard]] std::string running() const;
    [[nodiscard]] std::string booted() const;
    [[nodiscard]] std::string profile() const;       ///< the path behind the link
    [[nodiscard]] std::string profile_link() const;  ///< "system-2-link"
    [[nodiscard]] std::string boot_default() const;  ///< what the boot loader starts
    [[nodiscard]] std::string boot_id() const;
    [[nodiscard]] std::string machine_id() const;
    /// "UPTIME NAME ACTION WORD" of each run of a switch-to-configuration, and "boot PATH".
    [[nodiscard]] std::vector<std::string> trace() const;
    /// The same without the time: "v2 test rc=0".
    [[nodiscard]] std::vector<std::string> steps() const;
    [[nodiscard]] std::string file(const std::string& path) const;  ///< content of a file on the host
    [[nodiscard]] bool exists(const std::string& path) const;

    /// Runs argv on the host without ssh.
    RunResult run(const std::vector<std::string>& argv, const std::string& input = "") const;
    /// run(); anything but exit code 0 fails the test. Gives stdout.
    std::string sh(const std::string& script) const;

    // What may happen to it.
    void cut_network() const;                              ///< everything is dropped, in both directions
    void refuse_new() const;                               ///< new connections are dropped, those that are stay
    void restore_network() const;                          ///< the end of both
    void kill_sessions() const;                            ///< each ssh session ends; sshd stays
    void stop_sessions() const;                            ///< each ssh session hangs (SIGSTOP)
    void power_cut();                                      ///< at once; the disk stays
    void boot();                                           ///< after power_cut(): what the boot loader says
    void reboot_behaviour(const std::string& mode) const;  ///< "restart", "never", "old"
    /// After each boot from now on systemd says "starting" so many times; then the unit, if one is named, has failed.
    void slow_start(int times, const std::string& unit = "") const;
    void fill_store() const;
    void fill_boot() const;
    /// Holds the lock of switch-to-configuration until release.
    void hold_switch_lock() const;
    void release_switch_lock() const;
    void drift(const std::string& path) const;  ///< someone else switched
    void fail_unit(const std::string& unit) const;
    void repair_unit(const std::string& unit) const;
    [[nodiscard]] bool up() const { return init_ > 0; }
    /// After a reboot that the host did by itself: looks for the new one; false when none came within the limit.
    bool await_reboot(const std::string& old_boot_id, std::chrono::milliseconds limit = std::chrono::seconds(10));

private:
    void start();
    [[nodiscard]] std::filesystem::path root() const;
    [[nodiscard]] std::filesystem::path disk() const;

    DeployLab& lab_;
    std::string name_, address_;
    std::unique_ptr<LocalServer> machine_;
    pid_t init_ = -1;
};

class DeployLab {
public:
    /// Why there can be none on this machine ("" = there can): for GTEST_SKIP.
    [[nodiscard]] static std::string unavailable();

    DeployLab();
    ~DeployLab();

    /// Started on first use, within about half a second.
    LabHost& host(const std::string& name, LabHostOptions options = {});
    /// Built with Nix in the controller's store; its path. The same description gives the same path.
    std::string system(const LabSystem& description);

    /// argv as it runs on the controller; killed with SIGKILL when the process that started it is.
    [[nodiscard]] std::vector<std::string> on_controller(const std::vector<std::string>& argv,
                                                         const std::string& cwd = "/") const;
    [[nodiscard]] const Env& environment() const { return environment_; }
    RunResult run(const std::vector<std::string>& argv, const RunOptions& options = {}) const;

    [[nodiscard]] std::string identity_file() const { return (dir_ / "user_key").string(); }
    /// Holds the keys of all hosts so far.
    [[nodiscard]] std::string known_hosts_file() const { return (dir_ / "known_hosts").string(); }
    [[nodiscard]] const std::filesystem::path& dir() const { return dir_.path(); }
    /// A file of the controller, which sees more than the test does: disks and its own /nix.
    [[nodiscard]] std::filesystem::path controller_file(const std::string& path) const;

private:
    friend class LabHost;
    TempDir dir_;
    Env environment_;
    std::unique_ptr<LocalServer> machine_;
    pid_t init_ = -1;
    std::map<std::string, std::unique_ptr<LabHost>> hosts_;
    std::map<std::string, std::string> systems_, exports_;
};

#define LOCKSTEP_NEEDS_DEPLOY_LAB() \
    if (const auto why = ::lockstep::test::DeployLab::unavailable(); !why.empty()) GTEST_SKIP() << why

/// Asks every 10 ms until it holds; false when the limit passed first.
[[nodiscard]] bool eventually(const std::function<bool()>& condition,
                              std::chrono::milliseconds limit = std::chrono::seconds(15));

}  // namespace lockstep::test
