// SPDX-License-Identifier: MIT
// Building by derivation path with the old programs: `nix build X.drv` builds nothing from 2.15 on, and its output and
// flags changed several times, while `nix-store --realise` is the same in all versions.
#include <array>
#include <cstdlib>
#include <utility>

#include "adapters/nix/call.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::nix {

namespace {

/// Nix counts whole seconds and takes 0 for "no limit": a limit under a second becomes one second.
std::string seconds(Millis duration) {
    return std::to_string((duration.count() + 999) / 1000);
}

/// "1.50 MiB" in bytes; 0 for anything else.
std::uint64_t printed_size(const std::string& text) {
    constexpr std::array<std::pair<std::string_view, double>, 5> units{
        {{"B", 1}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}, {"TiB", 1099511627776}}};
    const auto parts = words(text);
    if (parts.size() != 2) return 0;
    const double number = std::strtod(std::string(parts[0]).c_str(), nullptr);
    for (const auto& [unit, factor] : units)
        if (parts[1] == unit && number >= 0 && number < 1e12) return static_cast<std::uint64_t>(number * factor);
    return 0;
}

/// A silent builder is ended by Nix, which says so: that must come first.
constexpr Millis k_time_to_say_so{5'000};

void add_paths(Command& command, const std::vector<std::string>& paths) {
    for (const auto& path : paths) LOCKSTEP_CHECK(path.starts_with('/'));  // nix-store takes no "--" before operands
    command.argv.insert(command.argv.end(), paths.begin(), paths.end());
}

}  // namespace

Command realise_command(const Setup& setup, const RealiseRequest& request) {
    LOCKSTEP_CHECK(!request.drvs.empty());  // `nix-store --realise` of nothing succeeds
    auto command = start_call(setup, "nix-store", {"--realise"});
    add_options(command, setup);
    command.argv.insert(command.argv.end(), {"--keep-going", "--max-jobs", std::to_string(request.slots),
                                             "--log-format", "internal-json", "-v"});
    if (request.build_timeout.count() > 0)
        command.argv.insert(command.argv.end(), {"--timeout", seconds(request.build_timeout)});
    if (request.silent_timeout.count() > 0) {
        command.argv.insert(command.argv.end(), {"--max-silent-time", seconds(request.silent_timeout)});
        command.silence = request.silent_timeout + request.silent_timeout / 10 + k_time_to_say_so;
    }
    add_paths(command, request.drvs);
    forbid_prompts(command);
    command.label = "nix-store --realise (" + plural(request.drvs.size(), "derivation") + ")";
    return command;
}

Command dry_run_command(const Setup& setup, const std::vector<std::string>& drvs) {
    LOCKSTEP_CHECK(!drvs.empty());
    auto command = start_call(setup, "nix-store", {"--realise", "--dry-run"});
    add_options(command, setup);
    add_paths(command, drvs);
    forbid_prompts(command);
    command.label = "nix-store --realise --dry-run";
    return command;
}

DryRun parse_dry_run(std::string_view stderr_text) {
    DryRun result;
    std::vector<std::string>* list = nullptr;
    for (const auto& line : lines_of(stderr_text)) {
        if (line.starts_with("  /")) {
            if (list != nullptr) list->push_back(std::string(trim(line)));
            continue;
        }
        list = nullptr;
        if (line.ends_with("will be built:")) list = &result.build;
        // "these 2 paths will be fetched (1.50 MiB download, 3.00 MiB unpacked):"
        const auto fetched = line.find(" will be fetched");
        if (fetched == std::string::npos) continue;
        list = &result.fetch;
        const auto open = line.find('(', fetched);
        const auto download = line.find(" download, ", fetched);
        const auto unpacked = line.find(" unpacked)", fetched);
        if (open == std::string::npos || download == std::string::npos || unpacked == std::string::npos) continue;
        result.download = line.substr(open + 1, download - open - 1);
        result.unpacked = line.substr(download + 11, unpacked - download - 11);
        result.download_bytes = printed_size(result.download);
    }
    return result;
}

Command invalid_paths_command(const Setup& setup, const std::vector<std::string>& paths) {
    auto command = start_call(setup, "nix-store", {"--check-validity", "--print-invalid"});
    add_options(command, setup);
    add_paths(command, paths);
    command.label = "nix-store --check-validity (" + plural(paths.size(), "path") + ")";
    return command;
}

std::set<std::string> parse_invalid_paths(std::string_view out) {
    std::set<std::string> paths;
    for (auto& line : lines_of(out))
        if (line.starts_with('/')) paths.insert(std::move(line));
    return paths;
}

}  // namespace lockstep::nix
