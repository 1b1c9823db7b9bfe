// SPDX-License-Identifier: MIT
// sshd as an ordinary program: own configuration, keys and log in a temporary directory, stopped by its process id.
#include "support/ssh_server.hpp"

#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

namespace lockstep::test {

namespace fs = std::filesystem;

namespace {

/// sshd started by root insists on this directory, which packages create when the service starts.
const fs::path k_privilege_directory = "/run/sshd";

std::string user_name() {
    const auto* entry = ::getpwuid(::geteuid());
    return entry == nullptr ? "" : entry->pw_name;
}

std::string line_of(const fs::path& file) {
    auto text = read_file(file);
    return text.substr(0, text.find('\n'));
}

}  // namespace

std::string SshServer::unavailable() {
    for (const char* program : {"sshd", "ssh", "ssh-keygen"})
        if (find_program(program).empty()) return std::string(program) + " is not installed";
    if (user_name().empty()) return "the user has no name";
    std::error_code failed;
    if (::geteuid() == 0 && !fs::exists(k_privilege_directory)) fs::create_directory(k_privilege_directory, failed);
    return failed ? k_privilege_directory.string() + " cannot be made" : "";
}

SshServer::SshServer(fs::path root) {
    make_key("host_key");
    make_key("user_key");
    // The port is chosen before sshd binds it, so another program may take it in between.
    for (int attempt = 0; attempt < 5; ++attempt) {
        port_ = free_port();
        configure(root);
        server_ = std::make_unique<LocalServer>(
            std::vector<std::string>{find_program("sshd"), "-D", "-e", "-f", (dir_ / "sshd_config").string()}, Env{},
            dir_ / "log");
        for (int i = 0; i < 400 && server_->running(); ++i)
            if (wait_for_port(port_, std::chrono::milliseconds(50)) &&
                log().find("Server listening") != std::string::npos)
                return;  // a port that answers may be another program's
    }
    ADD_FAILURE() << "sshd does not come up:\n" << log();
}

void SshServer::make_key(const std::string& name) const {
    const auto made = run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", (dir_ / name).string()});
    if (!made.ok()) ADD_FAILURE() << "ssh-keygen: " << made.err;
}

void SshServer::configure(const fs::path& root) const {
    const auto file = [&](const char* name) { return (dir_ / name).string(); };
    write_file(file("authorized_keys"), line_of(dir_ / "user_key.pub") + "\n");
    write_file(file("known_hosts"),
               "[127.0.0.1]:" + std::to_string(port_) + " " + line_of(dir_ / "host_key.pub") + "\n");
    write_file(file("serve"),
               "#!/bin/sh\n"
               "export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1\n"
               "program=${SSH_ORIGINAL_COMMAND%% *}\n"
               "path=${SSH_ORIGINAL_COMMAND#* }\n"
               "path=${path#\"'\"}; path=${path%\"'\"}\n"
               "case $program in\n"
               "  git-upload-pack|git-receive-pack) exec \"$program\" '" +
                   root.string() +
                   "'\"/${path#/}\" ;;\n"
                   "esac\n"
                   "echo 'only git is served here' >&2\n"
                   "exit 128\n");
    fs::permissions(dir_ / "serve", fs::perms::owner_all);
    write_file(file("sshd_config"),
               "ListenAddress 127.0.0.1\nPort " + std::to_string(port_) + "\nHostKey " + file("host_key") +
                   "\nAuthorizedKeysFile " + file("authorized_keys") + "\nForceCommand " + file("serve") +
                   "\nPidFile none\nStrictModes no\nUsePAM no\nPubkeyAuthentication yes\n"
                   "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
                   "PermitRootLogin prohibit-password\nAcceptEnv GIT_PROTOCOL\nLogLevel VERBOSE\n");
    write_file(file("client_config"), "Host *\n  IdentityFile " + file("user_key") + "\n  UserKnownHostsFile " +
                                          file("known_hosts") +
                                          "\n  GlobalKnownHostsFile /dev/null\n  IdentitiesOnly yes\n"
                                          "  IdentityAgent none\n  StrictHostKeyChecking yes\n  BatchMode yes\n");
}

std::string SshServer::url(const std::string& repository) const {
    return "ssh://" + user_name() + "@127.0.0.1:" + std::to_string(port_) + "/" + repository;
}

std::string SshServer::log() const {
    return read_file(dir_ / "log");
}

void SshServer::forge_known_host() const {
    write_file(dir_ / "known_hosts",
               "[127.0.0.1]:" + std::to_string(port_) + " " + line_of(dir_ / "user_key.pub") + "\n");
}

}  // namespace lockstep::test
