// SPDX-License-Identifier: MIT
// The directories, settings and variables of a lab.
#include "support/nix_lab.hpp"

#include <gtest/gtest.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace lockstep::test {

namespace fs = std::filesystem;

namespace {

bool on_path(const std::string& program) {
    const char* path = std::getenv("PATH");
    std::string rest = path == nullptr ? "" : path;
    while (!rest.empty()) {
        const auto colon = rest.find(':');
        if (access((rest.substr(0, colon) + "/" + program).c_str(), X_OK) == 0) return true;
        rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
    }
    return false;
}

constexpr const char* k_nix_conf = R"(experimental-features = nix-command flakes
substituters =
sandbox = false
build-users-group =
flake-registry =
max-jobs = 2
fsync-metadata = false
download-attempts = 1
connect-timeout = 2
system-features = benchmark
)";

constexpr const char* k_git_config = R"([user]
	name = Lab
	email = lab@example.org
[init]
	defaultBranch = main
[protocol "file"]
	allow = always
[commit]
	gpgSign = false
[advice]
	detachedHead = false
[gc]
	auto = 0
)";

}  // namespace

bool nix_on_path() {
    const bool found = on_path("nix") && on_path("nix-store") && on_path("git");
    const char* required = std::getenv("LOCKSTEP_REQUIRE_NIX");
    if (!found && required != nullptr && *required == '1')
        ADD_FAILURE() << "LOCKSTEP_REQUIRE_NIX=1, but nix or git is not on PATH";
    return found;
}

std::string this_system() {
    utsname name{};
    if (uname(&name) != 0) return "x86_64-linux";
    return std::string(static_cast<const char*>(name.machine)) + "-linux";
}

NixLab::NixLab() {
    const auto set = [&](const std::string& name, const std::string& value) {
        environment_.push_back(name + "=" + value);
    };
    const auto in = [&](std::string_view name) { return (dir_ / name).string(); };
    set("NIX_STORE_DIR", in("store"));
    set("NIX_STATE_DIR", in("var"));
    set("NIX_LOG_DIR", in("log"));
    set("NIX_CONF_DIR", in("etc"));
    set("NIX_USER_CONF_FILES", "/dev/null");
    set("NIX_REMOTE", "");
    set("NIX_CONFIG", "");
    set("NIX_PATH", "");
    set("HOME", in("home"));
    set("XDG_CACHE_HOME", in("cache"));
    set("XDG_CONFIG_HOME", in("home/.config"));
    set("XDG_STATE_HOME", in("home/.local/state"));
    set("XDG_DATA_HOME", in("home/.local/share"));
    set("GIT_CONFIG_NOSYSTEM", "1");
    set("GIT_CONFIG_GLOBAL", in("home/.gitconfig"));
    set("GIT_CONFIG_COUNT", "0");
    write_file(dir_ / "etc/nix.conf", k_nix_conf);
    write_file(dir_ / "home/.gitconfig", k_git_config);
    const auto ran = run(nix::version_command(""));
    const auto version = nix::parse_version(ran.out);
    if (version.ok())
        setup_.version = *version;
    else
        ADD_FAILURE() << version.error().why;
}

void NixLab::configure(std::string_view lines) {
    std::ofstream(dir_ / "etc/nix.conf", std::ios::app) << lines << '\n';
}

Ran NixLab::run(const Command& command) const {
    EXPECT_TRUE(command.stdin_text.empty() && command.env_unset.empty()) << "not supported by the lab";
    auto environment = environment_;
    for (const auto& [name, value] : command.env_set) environment.push_back(name + "=" + value);
    return run_program(command.argv, environment, command.cwd);
}

std::string NixLab::git(const fs::path& repository, std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"git", "-C", repository.string()});
    auto out = run_ok(arguments, environment_);
    while (out.ends_with('\n')) out.pop_back();
    return out;
}

std::vector<std::string> NixLab::names(const std::string& flake, const std::string& set) const {
    const auto ran = run(nix::names_command(setup_, flake, {set}));
    const auto names = nix::parse_names(ran.out);
    if (!names.ok() || !names->at(set)) {
        ADD_FAILURE() << "no names in " << set << "\n" << ran.err;
        return {};
    }
    return *names->at(set);
}

std::string NixLab::derivation(const std::string& flake, const std::string& host, const std::string& set) const {
    const auto kind = target_kind_of_set(set);
    if (!kind.ok()) {
        ADD_FAILURE() << kind.error().why;
        return {};
    }
    const auto target = make_target(set, *kind, host);
    const auto ran = run(nix::evaluate_command(setup_, flake, {target}, "0123456789abcdef"));
    const auto drvs = nix::parse_evaluation(ran.out);
    return drvs.ok() && drvs->contains(target.name) ? drvs->at(target.name) : std::string();
}

bool NixLab::valid(const std::string& path) const {
    const auto ran = run(nix::invalid_paths_command(setup_, {path}));
    EXPECT_EQ(ran.code, 0) << ran.err;
    return nix::parse_invalid_paths(ran.out).empty();
}

}  // namespace lockstep::test
