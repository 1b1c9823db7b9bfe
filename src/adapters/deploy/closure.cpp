// SPDX-License-Identifier: MIT
// Closures are the largest answers of hosts: one line for each path, counted at the end.
#include "lockstep/adapters/deploy_closure.hpp"

#include <charconv>

#include "adapters/deploy/scripts.hpp"
#include "lockstep/adapters/deploy_probe.hpp"

namespace lockstep::deploy {

namespace {

constexpr std::size_t k_longest = 16U << 20U;

template <class Number>
bool read_number(std::string_view text, Number& number) {
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    return !text.empty() && failed == std::errc{} && end == text.data() + text.size();
}

}  // namespace

Command closure_command(const SshTarget& target, Connection connection, const std::string& path,
                        const std::string& nonce, const std::string& nix_bin) {
    return script_command(target, connection, "closure",
                          {{"lockstep_path", path}, {"lockstep_nonce", nonce}, {"lockstep_nix_bin", nix_bin}},
                          "closure");
}

std::optional<std::vector<ClosurePath>> parse_closure(std::string_view text, std::string_view nonce) {
    if (nonce.empty() || text.size() > k_longest) return std::nullopt;
    const auto last = "end=" + std::string(nonce) + " ";
    std::vector<ClosurePath> paths;
    while (!text.empty()) {
        const auto newline = text.find('\n');
        if (newline == std::string_view::npos) return std::nullopt;
        const auto line = text.substr(0, newline);
        text.remove_prefix(newline + 1);
        if (line.starts_with(last)) {
            std::size_t count = 0;
            if (!read_number(line.substr(last.size()), count) || count == 0 || count != paths.size())
                return std::nullopt;
            return paths;
        }
        const auto space = line.find(' ');
        ClosurePath each;
        // Greetings of a login shell come before our own lines.
        if (space == std::string_view::npos || !read_number(line.substr(0, space), each.bytes)) continue;
        if (!is_store_path(line.substr(space + 1))) continue;
        each.path = line.substr(space + 1);
        paths.push_back(std::move(each));
    }
    return std::nullopt;
}

}  // namespace lockstep::deploy
