// SPDX-License-Identifier: MIT
// A list of changed inputs as plain text, for terminals and commit messages.
#include "lockstep/core/lockfile.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/lockdiff_words.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_widest_name = 40;

std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string label(const InputChange& change) {
    return clean_line(change.input, 200) + ":";
}

std::string sentence(const InputChange& change) {
    const auto words = words_for(change);
    const auto from = clean_line(words.from), to = clean_line(words.to);
    const auto note = words.note.empty() ? std::string() : fmt::format(", {}", words.note);
    switch (change.change) {
        case ChangeKind::added:
            return "added, " + to;
        case ChangeKind::removed:
            return "removed, was " + from;
        case ChangeKind::retargeted:
            return "retargeted, " + from + " → " + to + note;
        case ChangeKind::follows:
        case ChangeKind::updated:
            break;
    }
    return from + " → " + to + note;
}

}  // namespace

std::string lockdiff_text(const std::vector<InputChange>& changes) {
    if (changes.empty()) return "no inputs changed\n";
    std::string text;
    for (const auto& group : grouped(changes)) {
        std::size_t widest = 0;
        for (const auto* change : group.changes) widest = std::max(widest, width(label(*change)));
        widest = std::min(widest, k_widest_name);
        text += fmt::format("{}{}:\n", text.empty() ? "" : "\n", group.title);
        for (const auto* change : group.changes) {
            const auto name = label(*change);
            const std::string padding(widest - std::min(widest, width(name)), ' ');
            text += fmt::format("  {}{} {}\n", name, padding, sentence(*change));
        }
    }
    return text;
}

}  // namespace lockstep
