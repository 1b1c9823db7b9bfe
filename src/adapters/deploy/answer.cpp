// SPDX-License-Identifier: MIT
// The one shape in which hosts answer. What a host says is foreign text: bounded, cleaned, and never half of it.
#include <charconv>

#include "lockstep/adapters/deploy_probe.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep::deploy {

namespace {

constexpr std::size_t k_longest_answer = 1u << 20;
constexpr std::size_t k_most_fields = 4096;

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<std::string> decoded(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            result += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        result += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return result;
}

bool is_key(std::string_view text) {
    return !text.empty() && text.size() <= 40 &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string_view::npos;
}

}  // namespace

std::string Answer::get(std::string_view key) const {
    for (const auto& [name, value] : fields)
        if (name == key) return value;
    return "";
}

bool Answer::has(std::string_view key) const {
    for (const auto& [name, value] : fields)
        if (name == key) return true;
    return false;
}

std::vector<std::string> Answer::all(std::string_view key) const {
    std::vector<std::string> result;
    for (const auto& [name, value] : fields)
        if (name == key) result.push_back(value);
    return result;
}

std::optional<std::uint64_t> Answer::number(std::string_view key) const {
    const auto text = get(key);
    std::uint64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<Answer> parse_answer(std::string_view text, std::string_view nonce) {
    if (nonce.empty() || text.size() > k_longest_answer) return std::nullopt;
    Answer answer;
    while (!text.empty()) {
        const auto newline = text.find('\n');
        if (newline == std::string_view::npos) return std::nullopt;  // a line that was cut off
        const auto line = text.substr(0, newline);
        text.remove_prefix(newline + 1);
        const auto equals = line.find('=');
        // A login shell may greet before we do.
        if (equals == std::string_view::npos || !is_key(line.substr(0, equals))) continue;
        const auto key = line.substr(0, equals);
        auto value = decoded(line.substr(equals + 1));
        if (!value || answer.fields.size() >= k_most_fields) return std::nullopt;
        if (key == "end") {
            if (*value != nonce) return std::nullopt;
            answer.rest = text;
            return answer;
        }
        answer.fields.emplace_back(key, std::move(*value));
    }
    return std::nullopt;
}

bool is_store_path(std::string_view text) {
    constexpr std::string_view k_store = "/nix/store/";
    constexpr std::size_t k_hash = 32;
    if (text.substr(0, k_store.size()) != k_store) return false;
    const auto name = text.substr(k_store.size());
    return name.size() > k_hash + 1 && name.size() <= 211 + k_hash + 1 && name[k_hash] == '-' &&
           name.substr(0, k_hash).find_first_not_of("0123456789abcdfghijklmnpqrsvwxyz") == std::string_view::npos &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._?=") ==
               std::string_view::npos;
}

}  // namespace lockstep::deploy
