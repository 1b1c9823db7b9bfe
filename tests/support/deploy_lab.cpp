// SPDX-License-Identifier: MIT
// The controller: namespaces of its own, a Nix store, and the systems that tests deploy.
#include "support/deploy_lab.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

namespace lockstep::test {

namespace fs = std::filesystem;

namespace {

fs::path scripts() {
    return fs::path(LOCKSTEP_SOURCE_DIR) / "tests/support/deploy_lab";
}

pid_t only_child(pid_t parent) {
    pid_t child = -1;
    std::ifstream("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children") >> child;
    return child;
}

}  // namespace

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
}

std::string DeployLab::unavailable() {
    if (::geteuid() != 0) return "namespace hosts need root";
    for (const char* program : {"unshare", "nsenter", "setpriv", "setsid", "flock", "ip", "nft", "sshd", "ssh",
                                "ssh-keygen", "nix", "nix-store"})
        if (find_program(program).empty()) return std::string(program) + " is not installed";
    for (const char* program : {"nix", "nix-store"})
        if (fs::canonical(find_program(program)).string().rfind("/nix/", 0) == 0)
            return std::string(program) + " lies in /nix, which the lab's hosts have for themselves";
    static const auto tried =
        test::run({"unshare", "--mount", "--net", "--pid", "--uts", "--fork", "--mount-proc", "true"});
    return tried.ok() ? "" : "namespaces cannot be made: " + tried.err;
}

DeployLab::DeployLab() {
    fs::create_directories(dir_ / "disks");
    fs::copy(scripts(), dir_ / "scripts", fs::copy_options::recursive);
    write_file(dir_ / "conf/nix.conf",
               "sandbox = false\nbuild-users-group =\nsubstituters =\nexperimental-features = nix-command flakes\n"
               "max-jobs = 2\n");
    write_file(dir_ / "known_hosts", "");
    fs::create_directories(dir_ / "home");
    environment_ = {{"HOME", (dir_ / "home").string()},
                    {"XDG_CACHE_HOME", (dir_ / "home/.cache").string()},
                    {"NIX_CONF_DIR", (dir_ / "conf").string()},
                    {"NIX_USER_CONF_FILES", ""},
                    {"NIX_REMOTE", ""},
                    {"SSH_AUTH_SOCK", ""}};
    const auto key = test::run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", identity_file()});
    if (!key.ok()) ADD_FAILURE() << "ssh-keygen: " << key.err;
    machine_ = std::make_unique<LocalServer>(
        std::vector<std::string>{"setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--net", "--pid", "--fork",
                                 "--kill-child=KILL", "--mount-proc", "/bin/sh",
                                 (dir_ / "scripts/lab-init.sh").string(), dir_.path().string()},
        Env{}, dir_ / "log");
    if (!eventually([&] { return fs::exists(dir_ / "ready") || !machine_->running(); }) || !machine_->running())
        ADD_FAILURE() << "the lab does not start:\n" << read_file(dir_ / "log");
    init_ = only_child(machine_->pid());
}

DeployLab::~DeployLab() {
    if (::testing::Test::HasFailure())
        for (const auto& [name, host] : hosts_) {
            std::cerr << "── trace of " << name << '\n';
            for (const auto& line : host->trace()) std::cerr << line << '\n';
        }
    hosts_.clear();
    // Process 1 of the namespace takes everything with it: daemons, ssh masters, builds.
    if (init_ > 0) ::kill(init_, SIGKILL);
}

std::vector<std::string> DeployLab::on_controller(const std::vector<std::string>& argv, const std::string& cwd) const {
    std::vector<std::string> result{"nsenter", "--target", std::to_string(init_), "--mount", "--net", "--pid",
                                    "--",      "setpriv",  "--pdeathsig",         "KILL",    "--"};
    if (cwd != "/")
        for (const char* word : {"env", "-C"}) result.emplace_back(word);
    if (cwd != "/") result.push_back(cwd);
    result.insert(result.end(), argv.begin(), argv.end());
    return result;
}

RunResult DeployLab::run(const std::vector<std::string>& argv, const RunOptions& options) const {
    auto changed = options;
    changed.env.insert(changed.env.begin(), environment_.begin(), environment_.end());
    changed.cwd.clear();
    return test::run(on_controller(argv, options.cwd.empty() ? "/" : options.cwd.string()), changed);
}

fs::path DeployLab::controller_file(const std::string& path) const {
    return fs::path("/proc/" + std::to_string(init_) + "/root") / fs::path(path).relative_path();
}

std::string DeployLab::system(const LabSystem& description) {
    const auto size = std::to_string(description.megabytes);
    std::string key;
    for (const auto& part :
         {description.name, description.mode, description.kernel, description.initrd, description.kernel_params, size})
        key += part + '\n';
    if (const auto known = systems_.find(key); known != systems_.end()) return known->second;
    fs::copy_file(scripts() / "toplevel.nix", dir_ / "toplevel.nix", fs::copy_options::skip_existing);
    const auto built = run({"nix-build",
                            "--no-out-link",
                            (dir_ / "toplevel.nix").string(),
                            "--argstr",
                            "name",
                            description.name,
                            "--argstr",
                            "mode",
                            description.mode,
                            "--argstr",
                            "kernel",
                            description.kernel,
                            "--argstr",
                            "initrd",
                            description.initrd,
                            "--argstr",
                            "params",
                            description.kernel_params,
                            "--argstr",
                            "size",
                            size,
                            "--arg",
                            "stc",
                            (dir_ / "scripts/switch-to-configuration.sh").string(),
                            "--argstr",
                            "sh",
                            "/bin/sh"});
    if (!built.ok()) ADD_FAILURE() << "nix-build: " << built.err;
    return systems_[key] = built.out.substr(0, built.out.find('\n'));
}

LabHost& DeployLab::host(const std::string& name, LabHostOptions options) {
    auto& host = hosts_[name];
    if (host == nullptr) {
        host = std::make_unique<LabHost>(*this, name, "10.77.0." + std::to_string(hosts_.size() + 10), options);
        std::ofstream(dir_ / "known_hosts", std::ios::app) << host->known_host() << '\n';
    }
    return *host;
}

}  // namespace lockstep::test
