// SPDX-License-Identifier: MIT
// State directory, run ids, retention.
#include "edges/state_paths.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>
#include <vector>

#include <fmt/format.h>

#include "lockstep/core/check.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace fs = std::filesystem;

namespace {

bool looks_like_a_run(const std::string& name) {
    if (name.size() < 18 || name[8] != 'T' || name[15] != 'Z' || name[16] != '-') return false;
    return std::all_of(name.begin(), name.begin() + 8, [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

Result<fs::path> state_root(const std::function<std::string(const char*)>& getenv) {
    if (const auto systemd = getenv("STATE_DIRECTORY"); !systemd.empty()) return fs::path(split(systemd, ':').front());
    if (const auto xdg = getenv("XDG_STATE_HOME"); !xdg.empty() && xdg.front() == '/')
        return fs::path(xdg) / "lockstep";
    if (const auto home = getenv("HOME"); !home.empty()) return fs::path(home) / ".local" / "state" / "lockstep";
    return Error{ErrorKind::config, "there is no place for the run's state", "neither XDG_STATE_HOME nor HOME is set",
                 "set one of them, or name a directory with --run-dir"};
}

std::string repository_key(std::string_view remote_url) {
    std::string_view name = remote_url;
    while (!name.empty() && name.back() == '/') name.remove_suffix(1);
    if (const auto slash = name.find_last_of("/:"); slash != std::string_view::npos) name = name.substr(slash + 1);
    if (name.size() > 4 && name.substr(name.size() - 4) == ".git") name.remove_suffix(4);
    return fmt::format("{}-{:08x}", file_slug(name), static_cast<std::uint32_t>(stable_hash(remote_url)));
}

std::string random_hex() {
    std::array<unsigned char, 16> bytes{};
    LOCKSTEP_CHECK(getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    std::string text;
    for (const auto byte : bytes) text += fmt::format("{:02x}", byte);
    return text;
}

std::string new_run_id(std::chrono::system_clock::time_point now) {
    const auto seconds = std::chrono::system_clock::to_time_t(now);
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    char text[32];
    std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
    return std::string(text) + "-" + random_hex().substr(0, 6);
}

void prune_runs(const fs::path& runs, int keep, const std::string& current) {
    std::vector<std::string> names;
    std::error_code failed;
    for (fs::directory_iterator it(runs, failed), end; !failed && it != end; it.increment(failed)) {
        const auto name = it->path().filename().string();
        std::error_code ignored;
        if (looks_like_a_run(name) && it->is_directory(ignored) && !it->is_symlink(ignored)) names.push_back(name);
    }
    std::sort(names.rbegin(), names.rend());
    for (std::size_t i = static_cast<std::size_t>(std::max(keep, 1)); i < names.size(); ++i)
        if (names[i] != current) fs::remove_all(runs / names[i], failed);
}

}  // namespace lockstep
