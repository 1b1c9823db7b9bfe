// SPDX-License-Identifier: MIT
// Text that a runner's log parser reads. GitHub takes "::name::" behind leading blanks and "##[name]" anywhere in a
// line; the act family (Gitea, Forgejo) takes both at the start of a line only, and some of its runners still execute
// set-env.
#include <algorithm>

#include <fmt/format.h>

#include "lockstep/adapters/runner.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::runner {

namespace {

constexpr std::size_t k_data_bytes = 4'000;
constexpr std::size_t k_value_bytes = 60'000;  // act-family runners read lines of at most 64 KiB

std::string split_brackets(std::string text) {
    return replace_all(std::move(text), "##[", "# #[");
}

std::string escape_data(std::string_view foreign) {
    return replace_all(split_brackets(clean_line(foreign, k_data_bytes)), "%", "%25");
}

std::string escape_property(std::string_view foreign) {
    auto text = escape_data(clean_line(foreign, 200));
    text = replace_all(std::move(text), ":", "%3A");
    return replace_all(std::move(text), ",", "%2C");
}

/// Not a blank in any alphabet: parsers trim more than ASCII blanks before they look for "::".
bool is_graphic(char c) {
    return c > ' ' && c < '\x7F';
}

/// Runners compare names without regard to case.
std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return result;
}

std::string plain_word(std::string_view text) {
    std::string word;
    for (const char c : text)
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_')
            word += c;
    return word;
}

/// Lines as a runner's file parser sees them, each short enough for it; a longer one is cut and marked with "…".
std::vector<std::string> value_lines(std::string_view value) {
    std::string text(value);
    text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == '\0' || c == '\r'; }), text.end());
    auto lines = split(text, '\n');
    for (auto& line : lines)
        if (line.size() > k_value_bytes) line = std::string(cut_utf8(line, k_value_bytes)) + "…";
    return lines;
}

}  // namespace

std::string harmless(std::string_view foreign) {
    return split_commands(clean_text(foreign));
}

std::string split_commands(std::string_view clean) {
    std::string out;
    bool first = true;
    for (const auto& line : split(split_brackets(std::string(clean)), '\n')) {
        if (!first) out += '\n';
        first = false;
        const auto colons = line.find("::");
        const bool leads = colons != std::string::npos &&
                           std::none_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(colons), is_graphic);
        out += leads ? line.substr(0, colons + 1) + " " + line.substr(colons + 1) : line;
    }
    return out;
}

std::string command(std::string_view name, const std::vector<std::pair<std::string, std::string>>& properties,
                    std::string_view data) {
    std::string text = "::" + plain_word(name);
    char separator = ' ';
    for (const auto& [key, value] : properties) {
        text += fmt::format("{}{}={}", separator, plain_word(key), escape_property(value));
        separator = ',';
    }
    return text + "::" + escape_data(data);
}

std::string group_start(std::string_view title) {
    return command("group", {}, title);
}

std::string group_end() {
    return "::endgroup::";
}

std::string add_mask(std::string_view secret) {
    // The secret goes out as it is, or the runner would mask something else; a line break would end the command.
    auto text = replace_all(std::string(secret), "%", "%25");
    text = replace_all(std::move(text), "\r", "%0D");
    return "::add-mask::" + replace_all(std::move(text), "\n", "%0A");
}

std::string foreign_block(std::string_view raw, std::string_view token) {
    const auto mark = lower(plain_word(token));
    auto text = clean_text(raw);
    if (!text.empty() && text.back() == '\n') text.pop_back();
    std::string out = fmt::format("::stop-commands::{}\n", mark);
    if (!text.empty())
        for (const auto& line : split(text, '\n'))
            if (mark.empty() || lower(line).find(mark) == std::string::npos) out += split_brackets(line) + "\n";
    return out + fmt::format("::{}::\n", mark);
}

std::string outputs(const std::vector<std::pair<std::string, std::string>>& values, std::string_view random_hex) {
    std::string delimiter = "lockstep_" + plain_word(random_hex);
    const auto is_line_of_a_value = [&] {
        return std::any_of(values.begin(), values.end(), [&](const auto& value) {
            const auto lines = value_lines(value.second);
            return std::find(lines.begin(), lines.end(), delimiter) != lines.end();
        });
    };
    while (is_line_of_a_value()) delimiter += '_';
    std::string text;
    for (const auto& [name, value] : values) {
        text += fmt::format("{}<<{}\n", plain_word(name), delimiter);
        for (const auto& line : value_lines(value)) text += line + "\n";
        text += delimiter + "\n";
    }
    return text;
}

}  // namespace lockstep::runner
