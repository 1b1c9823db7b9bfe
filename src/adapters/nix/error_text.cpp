// SPDX-License-Identifier: MIT
// Patterns seen in the recordings under tests/data/nix, for 2.8.0, 2.26.3 and 2.34.8, and in git 2.39 and OpenSSH 9.2.
#include "adapters/nix/error_text.hpp"

#include <algorithm>
#include <cctype>

#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::nix {

namespace {

constexpr std::string_view k_error = "error:";

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(), [&](auto prefix) { return text.starts_with(prefix); });
}

/// Consequences of another line, which says more.
bool is_noise(std::string_view line) {
    return has_any(
        line, {"unable to read askpass response", "Refusing to point HEAD", "Could not read from remote repository"});
}

bool is_by_git(std::string_view line) {
    return starts_with_any(line, {"fatal:", "ssh:", "remote: error", "Host key verification failed",
                                  "kex_exchange_identification"}) ||
           has_any(line, {"Permission denied (", "Connection closed by", "Connection reset by"});
}

/// The number behind "HTTP error 429" or "returned error: 429"; 0 when there is none.
int http_status(std::string_view text) {
    for (const std::string_view before : {"HTTP error ", "returned error: "}) {
        const auto at = text.find(before);
        if (at == std::string_view::npos) continue;
        const auto digits = text.substr(at + before.size(), 3);
        if (digits.size() == 3 &&
            std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
            return (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
    }
    return 0;
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (auto& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return result;
}

}  // namespace

bool has_any(std::string_view text, std::initializer_list<std::string_view> patterns) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](auto pattern) { return text.find(pattern) != std::string_view::npos; });
}

std::string ErrorText::evidence() const {
    return message + "\n" + join(git, "\n");
}

ErrorText read_error(std::string_view output) {
    ErrorText result;
    const auto lines = lines_of(clean_text(output));
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto line = trim(lines[i]);
        if (!line.starts_with(k_error) || line.size() == k_error.size() || is_noise(line)) continue;
        result.message = line;
        const auto next = i + 1 < lines.size() ? trim(lines[i + 1]) : std::string_view();
        if (next.starts_with("Reason:")) result.message.append(" ").append(next);
    }
    if (has_any(result.message, {"git", "Git"}))
        for (const auto& line : lines)
            if (is_by_git(trim(line)) && !has_any(line, {"Refusing to point HEAD"}))
                result.git.emplace_back(trim(line));
    // What says something comes first.
    std::stable_partition(result.git.begin(), result.git.end(), [](const auto& line) { return !is_noise(line); });
    return result;
}

FetchTrouble fetch_trouble(std::string_view evidence) {
    const auto status = http_status(evidence);
    if (status == 429 || has_any(lower(evidence), {"rate limit", "too many requests"}))
        return FetchTrouble::rate_limited;
    if (status == 401 || status == 403 || status == 407 ||
        has_any(evidence, {"Permission denied (", "Authentication failed", "could not read Username",
                           "could not read Password", "Host key verification failed", "terminal prompts disabled"}))
        return FetchTrouble::refused;
    if (status == 404 || status == 410 ||
        has_any(evidence, {"does not appear to be a git repository", "' not found", "Cannot find Git revision",
                           "Git repository \"", "cannot find flake", "unknown revision"})) {
        // 2.26 reports the missing reference of a repository that it could not reach
        if (!has_any(evidence, {"Connection refused", "Could not resolve host", "unable to access", "timed out",
                                "Connection closed"}))
            return FetchTrouble::gone;
    }
    if (status >= 500 || status == 408 ||
        has_any(evidence, {"unable to download",
                           "unable to access",
                           "Could not resolve host",
                           "Couldn't resolve host",
                           "Connection refused",
                           "Connection timed out",
                           "Operation timed out",
                           "Connection closed by",
                           "Connection reset by",
                           "Could not connect",
                           "Couldn't connect",
                           "Failed to connect",
                           "early EOF",
                           "hung up unexpectedly",
                           "Failed to fetch git repository",
                           "Could not read from remote repository",
                           "Temporary failure in name resolution",
                           "Network is unreachable",
                           "No route to host",
                           "SSL ",
                           "curl: ("}))
        return FetchTrouble::network;
    return FetchTrouble::none;
}

bool says_no_space(std::string_view text) {
    return has_any(text, {"No space left on device", "Disk quota exceeded", "database or disk is full"});
}

bool says_no_memory(std::string_view text) {
    return has_any(text, {"out of memory", "Out of memory", "Out of Memory", "Cannot allocate memory", "std::bad_alloc",
                          "Too many heap sections"});
}

bool says_daemon_lost(std::string_view text) {
    return has_any(text, {"cannot connect to socket", "cannot connect to daemon", "daemon disconnected unexpectedly",
                          "unexpected end-of-file", "cannot open connection to remote store"});
}

}  // namespace lockstep::nix
