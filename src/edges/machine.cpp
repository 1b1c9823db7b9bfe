// SPDX-License-Identifier: MIT
// Cores and memory from the scheduler, /proc/meminfo and cgroup v2.
#include "edges/machine.hpp"

#include <unistd.h>

#include <array>

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

namespace lockstep {

namespace {

std::string first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::optional<std::uint64_t> number(const std::string& text) {
    std::istringstream stream(text);
    std::uint64_t value = 0;
    if (stream >> value) return value;
    return std::nullopt;
}

/// "/sys/fs/cgroup/<path>" of this process under cgroup v2, or "".
std::string cgroup_dir() {
    std::ifstream file("/proc/self/cgroup");
    for (std::string line; std::getline(file, line);)
        if (line.rfind("0::", 0) == 0) return "/sys/fs/cgroup" + line.substr(3);
    return "";
}

int affinity_cores() {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

std::uint64_t available_memory() {
    std::ifstream file("/proc/meminfo");
    for (std::string line; std::getline(file, line);)
        if (line.rfind("MemAvailable:", 0) == 0) return number(line.substr(13)).value_or(0) * 1024;
    return 0;
}

}  // namespace

MachineFacts machine_facts() {
    MachineFacts facts{.cores = affinity_cores(), .memory_bytes = available_memory()};
    const std::string group = cgroup_dir();
    if (group.empty()) return facts;
    std::istringstream quota(first_line(group + "/cpu.max"));
    double limit = 0, period = 0;
    if (quota >> limit >> period && period > 0 && limit > 0)
        facts.cores = std::clamp(static_cast<int>(limit / period + 0.5), 1, facts.cores);
    const auto most = number(first_line(group + "/memory.max"));
    const auto used = number(first_line(group + "/memory.current"));
    if (most && used && *most > *used) facts.memory_bytes = std::min(facts.memory_bytes, *most - *used);
    return facts;
}

std::string host_name() {
    std::array<char, 256> name{};
    return gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

}  // namespace lockstep
