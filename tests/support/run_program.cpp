// SPDX-License-Identifier: MIT
// fork, exec, poll: as small as it can be.
#include "support/run_program.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>

namespace lockstep::test {

namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (auto& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

[[noreturn]] void become(char** argv, char** env, const std::string& cwd, int out, int err) {
    const int null = open("/dev/null", O_RDONLY);
    dup2(null, 0);
    dup2(out, 1);
    dup2(err, 2);
    if (!cwd.empty() && chdir(cwd.c_str()) != 0) _exit(127);
    execvpe(argv[0], argv, env);
    _exit(127);
}

void drain(int out, int err, Ran& ran) {
    std::array<pollfd, 2> open_ends = {pollfd{out, POLLIN, 0}, pollfd{err, POLLIN, 0}};
    std::array<std::string*, 2> texts = {&ran.out, &ran.err};
    int left = 2;
    while (left > 0) {
        if (poll(open_ends.data(), open_ends.size(), -1) < 0 && errno != EINTR) break;
        for (std::size_t i = 0; i < open_ends.size(); ++i) {
            if (open_ends[i].fd < 0 || open_ends[i].revents == 0) continue;
            std::array<char, 65536> buffer{};
            const auto size = read(open_ends[i].fd, buffer.data(), buffer.size());
            if (size > 0) {
                texts[i]->append(buffer.data(), static_cast<std::size_t>(size));
            } else if (size == 0 || errno != EINTR) {
                open_ends[i].fd = -1;
                --left;
            }
        }
    }
}

}  // namespace

std::vector<std::string> environment_with(const std::vector<std::string>& changes) {
    std::map<std::string, std::string> merged;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        merged[text.substr(0, text.find('='))] = text;
    }
    for (const auto& change : changes) merged[change.substr(0, change.find('='))] = change;
    std::vector<std::string> result;
    for (auto& [name, entry] : merged) result.push_back(std::move(entry));
    return result;
}

Ran run_program(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
                const std::string& cwd) {
    Ran ran;
    auto arguments = argv;
    auto variables = environment_with(environment);
    auto argument_pointers = pointers(arguments), variable_pointers = pointers(variables);
    std::array<int, 2> out{}, err{};
    if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(err.data(), O_CLOEXEC) != 0) {
        ADD_FAILURE() << "no pipe for " << argv.at(0);
        return ran;
    }
    const pid_t child = fork();
    if (child == 0) become(argument_pointers.data(), variable_pointers.data(), cwd, out[1], err[1]);
    close(out[1]);
    close(err[1]);
    if (child > 0) drain(out[0], err[0], ran);
    close(out[0]);
    close(err[0]);
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (child < 0 || ran.code == 127) ADD_FAILURE() << "cannot run " << argv.at(0) << ran.err;
    return ran;
}

std::string run_ok(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
                   const std::string& cwd) {
    auto ran = run_program(argv, environment, cwd);
    std::string line;
    for (const auto& argument : argv) line += argument + " ";
    EXPECT_EQ(ran.code, 0) << line << "\n" << ran.out << ran.err;
    return std::move(ran.out);
}

}  // namespace lockstep::test
