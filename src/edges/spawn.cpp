// SPDX-License-Identifier: MIT
// posix_spawn with everything that a supervised child needs.
#include "edges/spawn.hpp"

#include <fcntl.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers)
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>

#include "edges/spawn_prepare.hpp"

namespace lockstep {

namespace {

constexpr int k_wide_pipe = 1 << 20;

struct Pipe {
    Fd read, write;

    /// False with errno when descriptors ran out. Both ends lie above stderr: a program that was started with a closed
    /// stdin must not get a pipe of its child there.
    bool make(bool wide) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) return false;
        read = Fd(ends[0]);
        write = Fd(ends[1]);
        for (Fd* end : {&read, &write}) {
            if (end->get() > 2) continue;
            *end = Fd(fcntl(end->get(), F_DUPFD_CLOEXEC, 3));
            if (!end->open()) return false;
        }
        if (wide) (void)fcntl(read.get(), F_SETPIPE_SZ, k_wide_pipe);  // only speed: smaller pipes work as well
        return true;
    }
};

/// Only our end: a child's program may not expect O_NONBLOCK.
void set_non_blocking(const Fd& fd) {
    fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
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

int start(Spawned& child, const Command& command, const Environment& environment, const std::string& program,
          const std::array<int, 3>& streams) {
    Actions actions;
    const Attributes attributes;
    if (streams[0] >= 0)
        posix_spawn_file_actions_adddup2(&actions.value, streams[0], 0);
    else
        posix_spawn_file_actions_addopen(&actions.value, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions.value, streams[1], 1);
    posix_spawn_file_actions_adddup2(&actions.value, streams[2], 2);
    posix_spawn_file_actions_addclosefrom_np(&actions.value, 3);
    if (!command.cwd.empty()) posix_spawn_file_actions_addchdir_np(&actions.value, command.cwd.c_str());

    std::vector<std::string> words = command.argv, variables;
    for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
    return posix_spawn(&child.pid, program.c_str(), &actions.value, &attributes.value, pointers(words).data(),
                       pointers(variables).data());
}

/// A program file that is just being written counts as passing too: somebody forked while they had it open.
bool passing(int code) {
    return code == EMFILE || code == ENFILE || code == EAGAIN || code == ENOMEM || code == ETXTBSY;
}

}  // namespace

std::variant<Spawned, NotSpawned> spawn(const Command& command, const std::vector<std::string>& base_environment,
                                        bool wide_pipes) {
    const Environment environment = environment_of(command, base_environment);
    const std::string program = command.argv.empty() ? "" : find_program(command.argv.front(), environment);
    if (auto fault = fault_of(command, environment, program); !fault.empty()) return NotSpawned{std::move(fault)};
    const auto refuse = [&](int code) {
        return NotSpawned{spawn_reason(code, command, environment, program), passing(code)};
    };

    Pipe in, out, err;
    if (!out.make(wide_pipes) || !err.make(wide_pipes)) return refuse(errno);
    if (!command.stdin_text.empty() && !in.make(false)) return refuse(errno);
    Fd place_for_pidfd(fcntl(out.read.get(), F_DUPFD_CLOEXEC, 3));
    if (!place_for_pidfd.open()) return refuse(errno);
    Spawned child;
    if (const int code = start(child, command, environment, program, {in.read.get(), out.write.get(), err.write.get()});
        code != 0)
        return refuse(code);
    place_for_pidfd.reset();
    // glibc 2.36's <sys/pidfd.h> lacks extern "C", so the system call is made by number. It sets close-on-exec.
    child.pidfd = Fd(static_cast<int>(syscall(SYS_pidfd_open, child.pid, 0)));
    if (!child.pidfd.open()) {
        const int code = errno;
        kill(-child.pid, SIGKILL);
        waitpid(child.pid, nullptr, 0);
        return NotSpawned{"it was ended at once, because it could not be watched: " +
                          spawn_reason(code, command, environment, program)};
    }
    for (const Fd* end : {&in.write, &out.read, &err.read})
        if (end->open()) set_non_blocking(*end);
    child.in = std::move(in.write);
    child.out = std::move(out.read);
    child.err = std::move(err.read);
    return child;
}

}  // namespace lockstep
