// SPDX-License-Identifier: MIT
// posix_spawn with everything that a supervised child needs.
#include "edges/spawn.hpp"

#include <fcntl.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers)
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr int k_pipe_bytes = 1 << 20;

std::map<std::string, std::string> environment_of(const Command& command, const std::vector<std::string>& base) {
    std::map<std::string, std::string> values;
    for (const auto& pair : base) {
        const auto equals = pair.find('=');
        if (equals != std::string::npos) values[pair.substr(0, equals)] = pair.substr(equals + 1);
    }
    for (const auto& name : command.env_unset) values.erase(name);
    for (const auto& [name, value] : command.env_set) values[name] = value;
    return values;
}

bool executable(const std::string& path) {
    struct stat info {};
    return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && access(path.c_str(), X_OK) == 0;
}

/// The program's path by the child's own PATH, or "" when there is none.
std::string find_program(const std::string& name, const std::map<std::string, std::string>& environment) {
    if (name.find('/') != std::string::npos) return name;
    const auto path = environment.find("PATH");
    for (const auto& dir : split(path == environment.end() ? "/usr/bin:/bin" : path->second, ':'))
        if (const std::string candidate = (dir.empty() ? "." : dir) + "/" + name; executable(candidate))
            return candidate;
    return "";
}

struct Pipe {
    Fd read, write;
};

Result<Pipe> make_pipe(bool ours_is_read) {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0)
        return Error{ErrorKind::infrastructure, "no pipe", std::strerror(errno), "raise the limit of open files"};
    Pipe pipe{Fd(fds[0]), Fd(fds[1])};
    const int ours = ours_is_read ? fds[0] : fds[1];
    fcntl(ours, F_SETFL, fcntl(ours, F_GETFL) | O_NONBLOCK);
    (void)fcntl(fds[0], F_SETPIPE_SZ, k_pipe_bytes);  // only speed: smaller pipes work as well
    return pipe;
}

struct Actions {
    posix_spawn_file_actions_t value{};
    Actions() { posix_spawn_file_actions_init(&value); }
    ~Actions() { posix_spawn_file_actions_destroy(&value); }
    Actions(const Actions&) = delete;
    Actions& operator=(const Actions&) = delete;
};

struct Attributes {
    posix_spawnattr_t value{};
    Attributes() {
        posix_spawnattr_init(&value);
        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        sigdelset(&all, SIGKILL);
        sigdelset(&all, SIGSTOP);
        posix_spawnattr_setsigmask(&value, &none);
        posix_spawnattr_setsigdefault(&value, &all);
        posix_spawnattr_setpgroup(&value, 0);
        posix_spawnattr_setflags(&value, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    ~Attributes() { posix_spawnattr_destroy(&value); }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (auto& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
    if (this != &other) {
        reset();
        fd_ = other.release();
    }
    return *this;
}

int Fd::release() {
    return std::exchange(fd_, -1);
}

void Fd::reset() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
}

Result<Spawned> spawn(const Command& command, const std::vector<std::string>& base_environment) {
    const auto refuse = [&](const std::string& why) {
        return Error{ErrorKind::infrastructure,
                     command.argv.empty() ? "an empty command" : command.argv.front() + " cannot be started", why, ""};
    };
    if (command.argv.empty()) return refuse("it has no words");
    const auto values = environment_of(command, base_environment);
    const std::string program = find_program(command.argv.front(), values);
    if (program.empty()) return refuse("there is no program `" + command.argv.front() + "` on PATH");
    struct stat info {};
    if (!command.cwd.empty() && (stat(command.cwd.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)))
        return refuse("there is no directory " + command.cwd);

    LOCKSTEP_TRY(auto out, make_pipe(true));
    LOCKSTEP_TRY(auto err, make_pipe(true));
    Pipe in;
    if (!command.stdin_text.empty()) {
        LOCKSTEP_TRY(in, make_pipe(false));
    }
    Actions actions;
    Attributes attributes;
    if (in.read.open())
        posix_spawn_file_actions_adddup2(&actions.value, in.read.get(), 0);
    else
        posix_spawn_file_actions_addopen(&actions.value, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions.value, out.write.get(), 1);
    posix_spawn_file_actions_adddup2(&actions.value, err.write.get(), 2);
    posix_spawn_file_actions_addclosefrom_np(&actions.value, 3);
    if (!command.cwd.empty()) posix_spawn_file_actions_addchdir_np(&actions.value, command.cwd.c_str());

    std::vector<std::string> words = command.argv, environment;
    for (const auto& [name, value] : values) environment.push_back(name + "=" + value);
    auto argv = pointers(words);
    auto envp = pointers(environment);
    Spawned child;
    if (const int code =
            posix_spawn(&child.pid, program.c_str(), &actions.value, &attributes.value, argv.data(), envp.data());
        code != 0)
        return refuse(std::strerror(code));
    // glibc 2.36's <sys/pidfd.h> lacks extern "C".
    child.pidfd = Fd(static_cast<int>(syscall(SYS_pidfd_open, child.pid, 0)));
    if (!child.pidfd.open()) {
        const std::string why = std::strerror(errno);
        kill(-child.pid, SIGKILL);
        waitpid(child.pid, nullptr, 0);
        return refuse("no pidfd: " + why);
    }
    child.out = std::move(out.read);
    child.err = std::move(err.read);
    child.in = std::move(in.write);
    return child;
}

}  // namespace lockstep
