// SPDX-License-Identifier: MIT
// Reading /proc: "stat" for one process, "task/*/children" for the tree (a kernel with CONFIG_PROC_CHILDREN).
#include "edges/supervisor_procfs.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <string_view>

#include "edges/fd.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_most = 4096;

std::string read_all(const std::string& path) {
    const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    std::array<char, 4096> part{};
    while (fd.open()) {
        const auto got = read(fd.get(), part.data(), part.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        text.append(part.data(), static_cast<std::size_t>(got));
    }
    return text;
}

pid_t number(std::string_view text) {
    pid_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

std::optional<ProcessFacts> process_facts(pid_t pid) {
    const std::string text = read_all("/proc/" + std::to_string(pid) + "/stat");
    // pid (name) state parent group session …; the name may hold anything, so its end is the last ')'.
    const auto open = text.find('('), close = text.rfind(')');
    if (open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
    const auto fields = words(std::string_view(text).substr(close + 1));
    if (fields.size() < 4) return std::nullopt;
    return ProcessFacts{.pid = pid,
                        .group = number(fields[2]),
                        .session = number(fields[3]),
                        .dead = fields[0] == "Z" || fields[0] == "X",
                        .name = text.substr(open + 1, close - open - 1)};
}

std::uint64_t resident_bytes(pid_t pid) {
    const std::string text = read_all("/proc/" + std::to_string(pid) + "/statm");
    const auto fields = words(text);
    std::uint64_t pages = 0;
    if (fields.size() > 1) std::from_chars(fields[1].data(), fields[1].data() + fields[1].size(), pages);
    return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::vector<pid_t> children_of(pid_t pid) {
    std::vector<pid_t> children;
    std::error_code failed;
    const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
    for (fs::directory_iterator it(tasks, failed), end; !failed && it != end; it.increment(failed))
        for (const auto& word : words(read_all(it->path().string() + "/children")))
            if (const pid_t child = number(word); child > 0) children.push_back(child);
    return children;
}

std::vector<ProcessFacts> descendants_of(pid_t pid) {
    std::vector<ProcessFacts> found;
    std::vector<pid_t> open{pid};
    while (!open.empty() && found.size() < k_most) {
        const pid_t parent = open.back();
        open.pop_back();
        for (const pid_t child : children_of(parent)) {
            auto facts = process_facts(child);
            if (!facts) continue;
            found.push_back(std::move(*facts));
            open.push_back(child);
        }
    }
    return found;
}

}  // namespace lockstep
