// SPDX-License-Identifier: MIT
// The real program on the controller of a lab: a repository whose hosts are the lab's, with a bare remote.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lockstep/core/text.hpp"
#include "support/deploy_lab.hpp"
#include "support/nix_lab.hpp"

namespace lockstep::test {

struct ProgramEnd {
    int code = -1;
    std::string out, err;
    std::filesystem::path run_dir;
    nlohmann::json report, status;  ///< report.json, deployment-status.json; null when absent

    [[nodiscard]] std::string state_of(const std::string& host) const {
        if (status.is_object())
            for (const auto& each : status["hosts"])
                if (each["name"] == host) return each["state"];
        return "";
    }
};

class DeployProgram {
public:
    /// Hosts that run v1; the repository says `settings` below `deploy:` and wants v2 of each.
    explicit DeployProgram(const std::vector<std::string>& hosts, const std::string& settings = "",
                           const std::map<std::string, std::string>& modes = {})
        : repository(lab.dir() / "fleet") {
        for (const auto& name : hosts) {
            const auto found = modes.find(name);
            modes_[name] = found == modes.end() ? "ok" : found->second;
            lab.host(name).install(lab.system({.name = "v1"}));
        }
        std::filesystem::create_directories(repository);
        auto toplevel = read_file(lab.dir() / "toplevel.nix");
        const std::string current = "builtins.currentSystem";
        toplevel.replace(toplevel.find(current), current.size(), '"' + this_system() + '"');
        write_file(repository / "toplevel.nix", toplevel);
        write_file(repository / "stc.sh", read_file(lab.dir() / "scripts/switch-to-configuration.sh"));
        write_file(repository / "known_hosts", read_file(lab.known_hosts_file()));
        std::string fleet;
        for (const auto& name : hosts) fleet += "    " + name + ": { addresses: [" + lab.host(name).address() + "] }\n";
        write_file(
            repository / "lockstep.yaml",
            "config_version: 1\nfleet:\n  defaults: { user: root }\n  hosts:\n" + fleet +
                "deploy:\n  known_hosts: known_hosts\n  check_signatures: false\n  reach_within: 0s\n"
                "  confirm_timeout: 8s\n  activate_timeout: 10s\n  commit_timeout: 10s\n  rollback_timeout: 10s\n"
                "  health_within: 2s\n" +
                settings);
        write_file(lab.dir() / "machine.yaml",
                   "config_version: 1\nprove: { min_free: 1MiB }\nfleet:\n  defaults: { identity_file: " +
                       lab.identity_file() + " }\n");
        git({"init", "-q", "-b", "main", "."});
        write_flake("v2");
        git({"init", "-q", "--bare", "-b", "main", (lab.dir() / "fleet.git").string()});
        git({"remote", "add", "origin", (lab.dir() / "fleet.git").string()});
        commit("first");
    }

    /// The system that each host is to get, by name and mode.
    void write_flake(const std::string& version) {
        std::string text =
            "{ outputs = _: let top = mode: import ./toplevel.nix { name = \"" + version +
            "\"; inherit mode; kernel = \"6.1\"; initrd = \"1\"; params = \"quiet\"; size = \"0\"; stc = "
            "./stc.sh; sh = \"/bin/sh\"; };\n in { nixosConfigurations = {\n";
        for (const auto& [name, mode] : modes_)
            text += "  " + name + ".config.system.build.toplevel = top \"" + mode + "\";\n";
        write_file(repository / "flake.nix", text + "}; }; }\n");
    }
    /// From now on the version of each host is what the input `catalogue` says, so that `run` has something to update.
    void follow_input(const std::string& version) {
        const auto catalogue = lab.dir() / "catalogue";
        std::filesystem::create_directories(catalogue);
        git_at(catalogue, {"init", "-q", "-b", "main", "."});
        publish(version);
        auto text = read_file(repository / "flake.nix");
        const auto name = text.find("name = \"");
        const auto end = text.find('"', name + 8);
        text.replace(name, end + 1 - name, "name = builtins.readFile \"${catalogue}/version\"");
        text.replace(text.find("outputs = _:"), 12,
                     "inputs.catalogue = { url = \"git+file://" + catalogue.string() +
                         "\"; flake = false; };\n outputs = { self, catalogue }:");
        write_file(repository / "flake.nix", text);
        git({"add", "--all"});
        const auto locked = lab.run(
            {"nix", "--extra-experimental-features", "nix-command flakes", "flake", "lock", repository.string()});
        if (!locked.ok()) ADD_FAILURE() << "nix flake lock: " << locked.err;
        git({"config", "user.name", "Lab"});
        git({"config", "user.email", "lab@example.org"});
        commit("follow the catalogue");
    }
    void publish(const std::string& version) const {
        write_file(lab.dir() / "catalogue/version", version);
        git_at(lab.dir() / "catalogue", {"add", "--all"});
        git_at(lab.dir() / "catalogue", {"commit", "-q", "-m", version});
    }
    /// Where base is on the remote.
    [[nodiscard]] std::string base() const {
        return std::string(trim(lab.run({"git", "-C", (lab.dir() / "fleet.git").string(), "rev-parse", "main"}).out));
    }

    void commit(const std::string& message) {
        git({"add", "--all"});
        git({"commit", "-q", "-m", message});
        git({"push", "-q", "origin", "main"});
    }
    void git(std::vector<std::string> argv) const { git_at(repository, std::move(argv)); }
    void git_at(const std::filesystem::path& directory, std::vector<std::string> argv) const {
        argv.insert(argv.begin(),
                    {"git", "-C", directory.string(), "-c", "user.name=Lab", "-c", "user.email=l@example.org"});
        const auto done = lab.run(argv);
        if (!done.ok()) ADD_FAILURE() << "git: " << done.err;
    }

    [[nodiscard]] ProgramEnd run(std::vector<std::string> arguments, const std::string& failpoint = "") {
        arguments.insert(arguments.begin(), LOCKSTEP_BINARY);
        // What stands behind dashes belongs to hosts.
        arguments.insert(std::find(arguments.begin(), arguments.end(), "--"),
                         {"--repo", repository.string(), "--config", (lab.dir() / "machine.yaml").string(), "--plain"});
        if (terminated_at_failpoint)
            arguments.insert(
                arguments.begin(),
                {"sh", "-c", R"("$@" & read reached <"$LOCKSTEP_TEST_STALL_FIFO"; kill -TERM $!; wait $!)", "sh"});
        const auto fifo = lab.dir() / "failpoint.fifo";
        if (terminated_at_failpoint && mkfifo(fifo.c_str(), 0600) != 0) ADD_FAILURE() << fifo;
        RunOptions options;
        options.env = {{"LOCKSTEP_TEST_STALL_FIFO", terminated_at_failpoint ? fifo.string() : ""},
                       {"XDG_STATE_HOME", (lab.dir() / "state").string()},
                       {"LOCKSTEP_TEST_FAILPOINT", failpoint}};
        options.env.insert(options.env.end(), extra.begin(), extra.end());
        options.limit = std::chrono::seconds(110);
        const auto done = lab.run(arguments, options);
        ProgramEnd end{.code = done.status, .out = done.out, .err = done.err};
        std::filesystem::create_directories(lab.dir() / "state");
        for (const auto& entry : std::filesystem::recursive_directory_iterator(lab.dir() / "state"))
            if (entry.path().filename() == "journal.jsonl" && entry.path().parent_path() > end.run_dir)
                end.run_dir = entry.path().parent_path();
        end.report = nlohmann::json::parse(read_file(end.run_dir / "report.json"), nullptr, false);
        end.status = nlohmann::json::parse(read_file(end.run_dir / "deployment-status.json"), nullptr, false);
        return end;
    }
    /// The system that `build` proved for a host.
    [[nodiscard]] static std::string proved(const ProgramEnd& built, const std::string& host) {
        for (const auto& each : built.report["hosts"])
            if (each["name"] == host) return each["out"];
        ADD_FAILURE() << host << " was not proved: " << built.err;
        return "";
    }

    DeployLab lab;
    std::filesystem::path repository;
    Env extra;                             ///< of the program, after what every run gets
    bool terminated_at_failpoint = false;  ///< when it stalls there, SIGTERM is sent

private:
    std::map<std::string, std::string> modes_;
};

}  // namespace lockstep::test
