// SPDX-License-Identifier: MIT
// posix_spawn with captured output: safe beside threads, and quick in programs with much memory (sanitizers).
#include "support/local_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <sstream>
#include <thread>

extern "C" char** environ;  // NOLINT(readability-redundant-declaration)

#include "support/loopback.hpp"

namespace lockstep::test {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

/// C strings for exec, owned here.
struct ExecVector {
    explicit ExecVector(std::vector<std::string> values) : strings(std::move(values)) {
        for (auto& text : strings) pointers.push_back(text.data());
        pointers.push_back(nullptr);
    }
    std::vector<std::string> strings;
    std::vector<char*> pointers;
};

std::vector<std::string> environment(const RunOptions& options) {
    std::map<std::string, std::string> values;
    for (char** entry = environ; !options.clean_env && *entry != nullptr; ++entry) {
        const std::string text = *entry;
        const auto equals = text.find('=');
        if (equals != std::string::npos) values[text.substr(0, equals)] = text.substr(equals + 1);
    }
    for (const auto& name : options.unset) values.erase(name);
    for (const auto& [name, value] : options.env) values[name] = value;
    std::vector<std::string> result;
    for (const auto& [name, value] : values) result.push_back(name + "=" + value);
    return result;
}

struct Stdio {
    int in, out, err;
};

/// -1 when the program could not be started. The child leads its own process group.
pid_t start(const std::vector<std::string>& argv, const RunOptions& options, Stdio stdio) {
    const std::string program = argv[0].find('/') == std::string::npos ? find_program(argv[0]) : argv[0];
    ExecVector arguments(argv);
    ExecVector variables(environment(options));
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, stdio.in, 0);
    ::posix_spawn_file_actions_adddup2(&actions, stdio.out, 1);
    ::posix_spawn_file_actions_adddup2(&actions, stdio.err, 2);
    if (!options.cwd.empty()) ::posix_spawn_file_actions_addchdir_np(&actions, options.cwd.c_str());
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t none, defaults;
    ::sigemptyset(&none);
    ::sigemptyset(&defaults);
    ::sigaddset(&defaults, SIGPIPE);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    pid_t child = -1;
    const int failed = ::posix_spawn(&child, program.c_str(), &actions, &attributes, arguments.pointers.data(),
                                     variables.pointers.data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    return failed == 0 ? child : -1;
}

int wait_status(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Feeds and drains until both outputs are at their end; false when the limit passed first.
bool pump(int in, int out, int err, const RunOptions& options, RunResult& result) {
    const auto deadline = Clock::now() + options.limit;
    std::size_t fed = 0;
    std::array<char, 65536> buffer{};
    std::array<pollfd, 3> fds{{{in, POLLOUT, 0}, {out, POLLIN, 0}, {err, POLLIN, 0}}};
    while (fds[1].fd >= 0 || fds[2].fd >= 0) {
        if (fds[0].fd >= 0 && fed == options.input.size()) {
            ::close(fds[0].fd);
            fds[0].fd = -1;
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) break;
        if (::poll(fds.data(), fds.size(), static_cast<int>(left)) < 0 && errno != EINTR) break;
        if (fds[0].fd >= 0 && fds[0].revents != 0) {
            const auto n = ::write(fds[0].fd, options.input.data() + fed, options.input.size() - fed);
            if (n > 0) fed += static_cast<std::size_t>(n);
            if (n < 0 && errno != EAGAIN && errno != EINTR) fed = options.input.size();
        }
        for (const std::size_t i : {1U, 2U}) {
            if (fds[i].fd < 0 || fds[i].revents == 0) continue;
            const auto n = ::read(fds[i].fd, buffer.data(), buffer.size());
            if (n > 0) (i == 1 ? result.out : result.err).append(buffer.data(), static_cast<std::size_t>(n));
            if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
                ::close(fds[i].fd);
                fds[i].fd = -1;
            }
        }
    }
    const bool finished = fds[1].fd < 0 && fds[2].fd < 0;
    for (const auto& entry : fds)
        if (entry.fd >= 0) ::close(entry.fd);
    return finished;
}

}  // namespace

RunResult run(const std::vector<std::string>& argv, const RunOptions& options) {
    RunResult result;
    std::array<int, 2> in{}, out{}, err{};
    if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0 ||
        ::pipe2(err.data(), O_CLOEXEC) != 0)
        std::abort();
    const pid_t child = start(argv, options, {in[0], out[1], err[1]});
    ::close(in[0]);
    ::close(out[1]);
    ::close(err[1]);
    if (child < 0) {
        for (const int fd : {in[1], out[0], err[0]}) ::close(fd);
        result.status = 127;
        return result;
    }
    ::fcntl(in[1], F_SETFL, O_NONBLOCK);
    // A child that does not read its input must not kill the test program.
    sigset_t pipe_signal, before;
    ::sigemptyset(&pipe_signal);
    ::sigaddset(&pipe_signal, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    result.timed_out = !pump(in[1], out[0], err[0], options, result);
    const timespec at_once{};
    if (::sigismember(&before, SIGPIPE) == 0)
        while (::sigtimedwait(&pipe_signal, nullptr, &at_once) > 0) {
        }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (result.timed_out) ::kill(-child, SIGKILL);
    result.status = wait_status(child);
    return result;
}

LocalServer::LocalServer(const std::vector<std::string>& argv, const Env& env, const fs::path& log) {
    const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (null < 0 || output < 0) std::abort();
    pid_ = start(argv, {.env = env}, {null, output, output});
    ::close(null);
    ::close(output);
    if (pid_ < 0) std::abort();
}

LocalServer::~LocalServer() {
    if (!running()) return;
    ::kill(-pid_, SIGTERM);
    for (int i = 0; i < 200 && running(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (!running()) return;
    ::kill(-pid_, SIGKILL);
    wait_status(pid_);
}

bool LocalServer::running() {
    if (pid_ <= 0) return false;
    const pid_t reaped = ::waitpid(pid_, nullptr, WNOHANG);
    if (reaped == 0) return true;
    ::kill(-pid_, SIGKILL);  // what it may have left in its group
    pid_ = -1;
    return false;
}

int free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = loopback(0);
    socklen_t size = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    if (fd < 0 || ::bind(fd, raw, size) != 0 || ::getsockname(fd, raw, &size) != 0) std::abort();
    ::close(fd);
    return ntohs(address.sin_port);
}

bool wait_for_port(int port, std::chrono::milliseconds limit) {
    const auto deadline = Clock::now() + limit;
    auto address = loopback(port);
    do {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const bool open = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
        ::close(fd);
        if (open) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    } while (Clock::now() < deadline);
    return false;
}

std::string find_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::istringstream folders(std::string(path == nullptr ? "/usr/bin:/bin" : path) +
                               ":/usr/sbin:/sbin:/usr/local/sbin");
    for (std::string folder; std::getline(folders, folder, ':');) {
        const auto candidate = folder + "/" + name;
        if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return "";
}

}  // namespace lockstep::test
