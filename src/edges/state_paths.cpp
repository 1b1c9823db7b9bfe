// SPDX-License-Identifier: MIT
// State directory, run ids, retention.
#include "edges/state_paths.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "edges/fd.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace fs = std::filesystem;

namespace {

bool is_plain(std::string_view path) {
    return !path.empty() && path.front() == '/';
}

/// "github.com/me/fleet" of any way to write that address.
std::string host_and_path(std::string_view url) {
    const auto scheme = url.find("://");
    const bool has_scheme = scheme != std::string_view::npos;
    if (has_scheme) url.remove_prefix(scheme + 3);
    const auto host_end = url.find_first_of(has_scheme ? "/" : "/:");
    const bool is_path = !has_scheme && (host_end == std::string_view::npos || url[host_end] == '/');
    std::string result(url);
    if (!is_path) {
        std::string_view host = url.substr(0, host_end);
        // The last '@': a password may hold others.
        if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
        result = std::string(host);
        for (auto& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        if (host_end != std::string_view::npos) {
            auto path = url.substr(host_end + 1);
            while (!path.empty() && path.front() == '/') path.remove_prefix(1);
            result += "/" + std::string(path);
        }
    }
    while (result.size() > 1 && result.back() == '/') result.pop_back();
    if (result.size() > 4 && result.compare(result.size() - 4, 4, ".git") == 0) result.resize(result.size() - 4);
    return result;
}

/// Nothing when there is no such file.
std::optional<bool> is_locked(const fs::path& journal) {
    const Fd fd(open(journal.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd.open()) return std::nullopt;
    return flock(fd.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace

Result<fs::path> state_root(const std::function<std::string(const char*)>& getenv) {
    if (const auto systemd = split(getenv("STATE_DIRECTORY"), ':').front(); is_plain(systemd)) return fs::path(systemd);
    // Relative ones are to be ignored, by the XDG specification.
    if (const auto xdg = getenv("XDG_STATE_HOME"); is_plain(xdg)) return fs::path(xdg) / "lockstep";
    if (const auto home = getenv("HOME"); is_plain(home)) return fs::path(home) / ".local" / "state" / "lockstep";
    return Error{ErrorKind::config, "there is no place for the run's state", "neither XDG_STATE_HOME nor HOME is set",
                 "set one of them, or name a directory with --run-dir"};
}

std::string repository_key(std::string_view remote_url) {
    const std::string address = host_and_path(remote_url);
    const auto slash = address.rfind('/');
    const std::string name = slash == std::string::npos ? address : address.substr(slash + 1);
    return fmt::format("{}-{:08x}", file_slug(name), static_cast<std::uint32_t>(stable_hash(address)));
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
    const auto part = now.time_since_epoch() - std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
    const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(part).count();
    return fmt::format("{}-{:02x}{}", text, millis / 4, random_hex().substr(0, 4));
}

bool is_run_id(std::string_view name) {
    constexpr std::string_view shape = "ddddddddTddddddZ-xxxxxx";
    if (name.size() != shape.size()) return false;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        const bool digit = c >= '0' && c <= '9';
        const bool fits = shape[i] == 'd' ? digit : shape[i] == 'x' ? digit || (c >= 'a' && c <= 'f') : c == shape[i];
        if (!fits) return false;
    }
    return true;
}

bool run_is_alive(const fs::path& run) {
    return is_locked(run / "journal.jsonl").value_or(false);
}

bool run_is_dead(const fs::path& run) {
    for (const auto* journal : {"journal.jsonl", k_damaged_journal})
        if (const auto locked = is_locked(run / journal)) return !*locked;
    return false;
}

void prune_runs(const fs::path& runs, int keep, const std::string& current) {
    std::vector<std::string> names;
    std::error_code failed;
    for (fs::directory_iterator it(runs, failed), end; !failed && it != end; it.increment(failed)) {
        const auto name = it->path().filename().string();
        std::error_code ignored;
        if (is_run_id(name) && it->symlink_status(ignored).type() == fs::file_type::directory) names.push_back(name);
    }
    std::sort(names.rbegin(), names.rend());
    for (auto i = static_cast<std::size_t>(std::max(keep, 1)); i < names.size(); ++i)
        if (names[i] != current && !run_is_alive(runs / names[i])) fs::remove_all(runs / names[i], failed);
}

}  // namespace lockstep
