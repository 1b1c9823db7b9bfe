// SPDX-License-Identifier: MIT
// One namespace host: looking at it from outside, and doing to it what happens to hosts.
#include <gtest/gtest.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "support/deploy_lab.hpp"

namespace lockstep::test {

namespace fs = std::filesystem;

namespace {

std::string first_line(const fs::path& path) {
    std::string line;
    std::ifstream file(path);
    std::getline(file, line);
    return line;
}

std::vector<std::string> lines(const fs::path& path) {
    std::vector<std::string> result;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) result.push_back(line);
    return result;
}

std::string link_target(const fs::path& path) {
    std::error_code failed;
    const auto target = fs::read_symlink(path, failed);
    return failed ? "" : target.string();
}

std::vector<pid_t> children(pid_t parent) {
    std::vector<pid_t> result;
    std::ifstream file("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children");
    for (pid_t child = 0; file >> child;) result.push_back(child);
    return result;
}

/// Its ids in each namespace, ours first.
std::vector<std::string> process_ids(pid_t process) {
    for (const auto& line : lines("/proc/" + std::to_string(process) + "/status"))
        if (line.rfind("NSpid:", 0) == 0) {
            std::istringstream words(line.substr(6));
            std::vector<std::string> result;
            for (std::string word; words >> word;) result.push_back(word);
            return result;
        }
    return {};
}

/// Process 1 of the namespace that a descendant of `from` made; -1 when there is none yet.
pid_t find_init(pid_t from) {
    for (const auto child : children(from)) {
        const auto ids = process_ids(child);
        if (ids.size() >= 3 && ids.back() == "1") return child;
        if (const auto found = find_init(child); found > 0) return found;
    }
    return -1;
}

constexpr const char* k_table =
    "add table inet outside; add chain inet outside in { type filter hook input priority -10; }; ";

}  // namespace

LabHost::LabHost(DeployLab& lab, std::string name, std::string address, LabHostOptions options)
    : lab_(lab), name_(std::move(name)), address_(std::move(address)) {
    const auto made = lab_.run({"/bin/sh", (lab_.dir() / "scripts/host-disk.sh").string(), lab_.dir().string(), name_,
                                std::to_string(options.nix_megabytes), std::to_string(options.boot_megabytes),
                                options.systemd ? "1" : "0"});
    if (!made.ok()) ADD_FAILURE() << "the disk of " << name_ << ": " << made.err;
    start();
}

LabHost::~LabHost() {
    if (init_ > 0) ::kill(init_, SIGKILL);
}

void LabHost::start() {
    const auto log = lab_.dir() / ("log-" + name_);
    machine_ =
        std::make_unique<LocalServer>(lab_.on_controller({"/bin/sh", (lab_.dir() / "scripts/host-run.sh").string(),
                                                          lab_.dir().string(), name_, address_}),
                                      Env{}, log);
    const auto ready = [&] {
        if (!machine_->running()) return true;
        init_ = fs::exists(disk() / "lab/up") ? find_init(machine_->pid()) : -1;
        return init_ > 0 && read_file(disk() / "lab/sshd.log").find("Server listening on 0.0.0.0") != std::string::npos;
    };
    if (!eventually(ready) || !machine_->running())
        ADD_FAILURE() << name_ << " does not start:\n" << read_file(log) << read_file(disk() / "lab/sshd.log");
}

fs::path LabHost::root() const {
    return "/proc/" + std::to_string(init_) + "/root";
}

fs::path LabHost::disk() const {
    return lab_.controller_file((lab_.dir() / "disks" / name_).string());
}

std::string LabHost::known_host() const {
    const auto key = first_line(disk() / "etc/ssh/ssh_host_ed25519_key.pub");
    return address_ + " " + key.substr(0, key.rfind(' '));
}

void LabHost::receive(const std::string& path) {
    auto& content = lab_.exports_[path];
    if (content.empty()) {
        const auto closure = lab_.run({"/bin/sh", "-c", "nix-store --export $(nix-store -qR \"$1\")", "sh", path});
        if (!closure.ok()) ADD_FAILURE() << "nix-store --export: " << closure.err;
        content = closure.out;
    }
    const auto done = run({"nix-store", "--import"}, content);
    if (!done.ok()) ADD_FAILURE() << "nix-store --import on " << name_ << ": " << done.err;
}

void LabHost::install(const std::string& path) {
    receive(path);
    write_file(disk() / "lab/first-default", path + "\n");
    sh("nix-env -p /nix/var/nix/profiles/system --set " + path + "\nln -sfn " + path +
       " /run/current-system\nln -sfn " + path + " /run/booted-system\necho " + path +
       " >/boot/loader/default\nhead -c 65536 /dev/zero >/boot/kernel-$(cat " + path + "/lab-name)");
}

std::string LabHost::running() const {
    return link_target(root() / "run/current-system");
}

std::string LabHost::booted() const {
    return link_target(root() / "run/booted-system");
}

std::string LabHost::profile_link() const {
    return link_target(disk() / "nix/var/nix/profiles/system");
}

std::string LabHost::profile() const {
    const auto link = profile_link();
    return link.empty() ? "" : link_target(disk() / "nix/var/nix/profiles" / link);
}

std::string LabHost::boot_default() const {
    return first_line(disk() / "boot/loader/default");
}

std::string LabHost::boot_id() const {
    return first_line(disk() / "lab/boot-id");
}

std::string LabHost::machine_id() const {
    return first_line(disk() / "etc/machine-id");
}

std::vector<std::string> LabHost::trace() const {
    return lines(disk() / "lab/trace");
}

std::vector<std::string> LabHost::steps() const {
    std::vector<std::string> result;
    for (const auto& line : trace()) {
        const auto space = line.find(' ');
        result.push_back(line.rfind("boot ", 0) == 0 ? line : line.substr(space + 1));
    }
    return result;
}

std::string LabHost::file(const std::string& path) const {
    return read_file(root() / fs::path(path).relative_path());
}

bool LabHost::exists(const std::string& path) const {
    std::error_code ignored;
    return fs::exists(fs::symlink_status(root() / fs::path(path).relative_path(), ignored));
}

RunResult LabHost::run(const std::vector<std::string>& argv, const std::string& input) const {
    std::vector<std::string> inside{"nsenter", "--target", std::to_string(init_), "--mount", "--net", "--pid",
                                    "--uts",   "--"};
    inside.insert(inside.end(), argv.begin(), argv.end());
    return test::run(
        inside, {.env = {{"PATH", "/run/lab/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, {"HOME", "/root"}, {"NIX_REMOTE", ""}},
                 .input = input});
}

std::string LabHost::sh(const std::string& script) const {
    const auto done = run({"/bin/sh", "-c", script});
    if (!done.ok()) ADD_FAILURE() << "on " << name_ << ": " << script << ": " << done.err;
    return done.out;
}

void LabHost::cut_network() const {
    sh(std::string("nft '") + k_table + "add rule inet outside in iifname eth0 drop'");
}

void LabHost::refuse_new() const {
    sh(std::string("nft '") + k_table + "add rule inet outside in iifname eth0 tcp flags & (syn|ack) == syn drop'");
}

void LabHost::restore_network() const {
    sh("nft delete table inet outside 2>/dev/null; nft delete table inet lab 2>/dev/null; :");
}

void LabHost::kill_sessions() const {
    sh("listener=$(cat /run/sshd.pid); for p in $(pgrep -x sshd); do [ $p = $listener ] || kill -KILL $p; done");
}

void LabHost::stop_sessions() const {
    sh("listener=$(cat /run/sshd.pid); for p in $(pgrep -x sshd); do [ $p = $listener ] || kill -STOP $p; done");
}

void LabHost::power_cut() {
    if (init_ > 0) ::kill(init_, SIGKILL);
    init_ = -1;
    if (!eventually([&] { return !machine_->running(); })) ADD_FAILURE() << name_ << " goes on without power";
}

void LabHost::boot() {
    std::error_code ignored;
    fs::remove(disk() / "lab/sshd.log", ignored);
    start();
}

void LabHost::reboot_behaviour(const std::string& mode) const {
    write_file(disk() / "lab/reboot-mode", mode);
}

bool LabHost::await_reboot(const std::string& old_boot_id, std::chrono::milliseconds limit) {
    return eventually(
        [&] {
            if (!machine_->running()) {
                init_ = -1;
                return false;
            }
            if (boot_id() == old_boot_id || !fs::exists(disk() / "lab/up")) return false;
            init_ = find_init(machine_->pid());
            return init_ > 0;
        },
        limit);
}

void LabHost::slow_start(int times, const std::string& unit) const {
    write_file(disk() / "lab/slow-start", std::to_string(times) + " " + unit + "\n");
}

void LabHost::fill_store() const {
    sh("head -c 4G /dev/zero >/nix/lab-filler 2>/dev/null; test -s /nix/lab-filler");
}

void LabHost::fill_boot() const {
    sh("head -c 4G /dev/zero >/boot/lab-filler 2>/dev/null; test -s /boot/lab-filler");
}

void LabHost::hold_switch_lock() const {
    // One process that locks and lives, as the real one does. It waits for the lock: who looks below has it for a
    // moment.
    sh("mkdir -p /run/nixos; setsid flock /run/nixos/switch-to-configuration.lock sleep 1000 </dev/null "
       ">/dev/null 2>&1 & echo $! >/run/lab/lock-holder");
    if (!eventually([&] {
            return run({"flock", "-n", "/run/nixos/switch-to-configuration.lock", "true"}).status != 0;
        }))
        ADD_FAILURE() << "the lock is not taken";
}

void LabHost::release_switch_lock() const {
    sh("kill -s KILL -- -$(cat /run/lab/lock-holder)");
    if (!eventually([&] {
            return run({"flock", "-n", "/run/nixos/switch-to-configuration.lock", "true"}).status == 0;
        }))
        ADD_FAILURE() << "the lock is still taken";
}

void LabHost::drift(const std::string& path) const {
    sh("ln -sfn " + path + " /run/current-system");
}

void LabHost::fail_unit(const std::string& unit) const {
    sh("echo " + unit + " >>/run/lab/failed-units");
}

void LabHost::repair_unit(const std::string& unit) const {
    sh("grep -vx " + unit + " /run/lab/failed-units >/tmp/units; cat /tmp/units >/run/lab/failed-units");
}

}  // namespace lockstep::test
