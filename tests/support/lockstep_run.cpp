// SPDX-License-Identifier: MIT
// Starting the program, and looking at what it left.
#include "support/lockstep_run.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace lockstep::test {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> program_with(const std::vector<std::string>& arguments) {
    std::vector<std::string> argv{LOCKSTEP_BINARY};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return argv;
}

/// Adds the run directory that was not there before, and its report.
void find_run(LockstepEnd& end, const std::vector<fs::path>& before, const std::vector<fs::path>& after) {
    for (const auto& dir : after)
        if (std::find(before.begin(), before.end(), dir) == before.end()) end.run_dir = dir;
    if (end.run_dir.empty()) return;
    const auto text = read_file(end.run_dir / "report.json");
    if (text.empty()) return;
    end.report = nlohmann::json::parse(text, nullptr, false);
    EXPECT_FALSE(end.report.is_discarded()) << "report.json is no JSON:\n" << text.substr(0, 2000);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (auto& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

[[noreturn]] void become(char** argv, char** env, const char* out, const char* err) {
    setpgid(0, 0);
    dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
    dup2(open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), 1);
    dup2(open(err, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), 2);
    execve(argv[0], argv, env);
    _exit(127);
}

}  // namespace

nlohmann::json LockstepEnd::host(const std::string& name) const {
    if (report.is_object() && report.contains("hosts"))
        for (const auto& one : report["hosts"])
            if (one.value("name", "") == name) return one;
    return nullptr;
}

std::vector<std::string> Lockstep::environment(const std::vector<std::string>& more) const {
    auto all = lab_.environment();
    all.push_back("XDG_STATE_HOME=" + state().string());
    for (const char* name : {"STATE_DIRECTORY", "CREDENTIALS_DIRECTORY", "CI", "GITHUB_ACTIONS", "GITEA_ACTIONS",
                             "FORGEJO_ACTIONS", "GITHUB_TOKEN", "GITEA_TOKEN", "FORGEJO_TOKEN"})
        all.push_back(std::string(name) + "=");
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

std::vector<fs::path> Lockstep::run_dirs() const {
    std::vector<fs::path> found;
    std::error_code none;
    for (const auto& repository : fs::directory_iterator(state() / "lockstep", none))
        for (const auto& run : fs::directory_iterator(repository.path() / "runs", none)) found.push_back(run.path());
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.filename() < b.filename(); });
    return found;
}

LockstepEnd Lockstep::run(const std::vector<std::string>& arguments, const std::vector<std::string>& more,
                          const std::string& cwd) const {
    const auto before = run_dirs();
    auto ran = run_program(program_with(arguments), environment(more), cwd);
    LockstepEnd end{.code = ran.code, .out = std::move(ran.out), .err = std::move(ran.err)};
    find_run(end, before, run_dirs());
    return end;
}

StartedLockstep::StartedLockstep(const NixLab& lab, const std::vector<std::string>& arguments,
                                 const std::vector<std::string>& environment)
    : program_(lab), out_(lab / "started.out"), err_(lab / "started.err"), before_(program_.run_dirs()) {
    auto argv = program_with(arguments);
    auto env = environment_with(program_.environment(environment));
    auto argv_pointers = pointers(argv), env_pointers = pointers(env);
    pid_ = fork();
    if (pid_ == 0) become(argv_pointers.data(), env_pointers.data(), out_.c_str(), err_.c_str());
    if (pid_ < 0) ADD_FAILURE() << "cannot fork";
}

StartedLockstep::~StartedLockstep() {
    if (pid_ <= 0) return;
    kill(-pid_, SIGKILL);
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
}

void StartedLockstep::signal(int number) const {
    if (pid_ > 0) kill(pid_, number);
}

void OpenGate::release() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
}

std::optional<OpenGate> StartedLockstep::open_gate(const fs::path& fifo) const {
    // A blocking open() would wait for ever for a program that fails first; the builder's open() cannot be waited for
    // in any other way, so ask again until either has happened.
    for (;;) {
        const int fd = open(fifo.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        if (fd >= 0) return OpenGate(fd);
        siginfo_t ended{};
        if (waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid != 0)
            return std::nullopt;
        usleep(5000);
    }
}

bool StartedLockstep::reached(const fs::path& fifo) const {
    const int line = open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    const int ended = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
    pollfd fds[] = {{line, POLLIN, 0}, {ended, POLLIN, 0}};
    while (poll(fds, 2, -1) < 0 && errno == EINTR) {
    }
    const bool told = (fds[0].revents & POLLIN) != 0;
    close(line);
    close(ended);
    return told;
}

LockstepEnd StartedLockstep::wait() {
    LockstepEnd end;
    int status = 0;
    while (pid_ > 0 && waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    end.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    pid_ = -1;
    end.out = read_file(out_);
    end.err = read_file(err_);
    find_run(end, before_, program_.run_dirs());
    return end;
}

Snapshot snapshot(const fs::path& root) {
    Snapshot found;
    const auto add = [&](const fs::path& path) {
        struct stat info {};
        if (lstat(path.c_str(), &info) != 0) return;
        auto text = std::to_string(info.st_mode) + " ";
        if (S_ISLNK(info.st_mode)) text += fs::read_symlink(path).string();
        if (S_ISREG(info.st_mode)) text += read_file(path);
        found[path == root ? "" : path.lexically_relative(root).string()] = std::move(text);
    };
    add(root);
    for (const auto& entry : fs::recursive_directory_iterator(root)) add(entry.path());
    return found;
}

std::string difference(const Snapshot& before, const Snapshot& after) {
    std::string lines;
    for (const auto& [path, content] : before) {
        const auto now = after.find(path);
        if (now == after.end()) lines += "removed " + path + "\n";
        if (now != after.end() && now->second != content) lines += "changed " + path + "\n";
    }
    for (const auto& [path, content] : after)
        if (!before.contains(path)) lines += "added " + path + "\n";
    return lines;
}

std::vector<std::string> processes_of(const NixLab& lab) {
    std::vector<std::string> found;
    const auto needle = lab.root().string() + "/";
    std::error_code none;
    for (const auto& entry : fs::directory_iterator("/proc", none)) {
        const auto name = entry.path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos || name == std::to_string(getpid())) continue;
        auto line = read_file(entry.path() / "cmdline");
        if (line.find(needle) == std::string::npos &&
            read_file(entry.path() / "environ").find(needle) == std::string::npos)
            continue;
        std::replace(line.begin(), line.end(), '\0', ' ');
        found.push_back(name + ": " + line);
    }
    return found;
}

}  // namespace lockstep::test
