// SPDX-License-Identifier: MIT
// Environment, PATH and the reasons of failed starts.
#include "edges/spawn_prepare.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

bool is_directory(const std::string& path) {
    struct stat info {};
    return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool is_executable(const std::string& path) {
    struct stat info {};
    return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && access(path.c_str(), X_OK) == 0;
}

bool holds_nul(const std::string& text) {
    return text.find('\0') != std::string::npos;
}

std::string path_of(const Environment& environment) {
    const auto path = environment.find("PATH");
    return path == environment.end() ? "/usr/bin:/bin" : path->second;
}

std::size_t bytes_of(const Command& command, const Environment& environment) {
    std::size_t bytes = 0;
    for (const auto& word : command.argv) bytes += word.size() + 1;
    for (const auto& [name, value] : environment) bytes += name.size() + value.size() + 2;
    return bytes;
}

}  // namespace

Environment environment_of(const Command& command, const std::vector<std::string>& base) {
    Environment values;
    for (const auto& pair : base)
        if (const auto equals = pair.find('='); equals != std::string::npos)
            values[pair.substr(0, equals)] = pair.substr(equals + 1);
    for (const auto& name : command.env_unset) values.erase(name);
    for (const auto& [name, value] : command.env_set) values[name] = value;
    return values;
}

std::string find_program(const std::string& name, const Environment& environment) {
    if (name.find('/') != std::string::npos) return name;
    if (name.empty()) return "";
    for (const auto& folder : split(path_of(environment), ':')) {
        const std::string candidate = folder + "/" + name;
        if (candidate.front() == '/' && !folder.empty() && is_executable(candidate)) return candidate;
    }
    return "";
}

std::string fault_of(const Command& command, const Environment& environment, const std::string& program) {
    if (command.argv.empty()) return "the command has no words";
    if (std::any_of(command.argv.begin(), command.argv.end(), holds_nul)) return "an argument holds a NUL byte";
    for (const auto& [name, value] : environment) {
        if (name.empty() || name.find('=') != std::string::npos || holds_nul(name))
            return "\"" + name + "\" is no name of an environment variable";
        if (holds_nul(value)) return "the environment variable " + name + " holds a NUL byte";
    }
    if (!command.cwd.empty() && (holds_nul(command.cwd) || !is_directory(command.cwd)))
        return "there is no directory " + command.cwd + " to run it in";
    if (program.empty())
        return "there is no program \"" + command.argv.front() + "\" on PATH (" + path_of(environment) + ")";
    return "";
}

std::string spawn_reason(int code, const Command& command, const Environment& environment, const std::string& program) {
    const std::string file = program.front() == '/' || command.cwd.empty() ? program : command.cwd + "/" + program;
    switch (code) {
        case ENOENT:
            return access(file.c_str(), F_OK) == 0
                       ? "the interpreter or loader that " + program + " names does not exist"
                       : "there is no program " + program;
        case EACCES:
            return program +
                   " may not be executed: " + (is_directory(file) ? "it is a directory" : "permission denied");
        case ENOEXEC:
            return program + " is not a program: unknown format, or a script without #!";
        case E2BIG:
            return "the arguments and the environment are too long: " + std::to_string(bytes_of(command, environment)) +
                   " bytes, the kernel refuses them";
        case EAGAIN:
            return "the limit of processes is reached (ulimit -u, or the cgroup's pids.max)";
        case EMFILE:
            return "the limit of open files is reached (ulimit -n)";
        default:
            return program + ": " + std::strerror(code);
    }
}

}  // namespace lockstep
