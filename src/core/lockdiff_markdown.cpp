// SPDX-License-Identifier: MIT
// A list of changed inputs as Markdown tables. Every foreign word is escaped; the only links are those we made.
#include "lockstep/core/lockfile.hpp"

#include <fmt/format.h>

#include "core/lockdiff_words.hpp"
#include "core/report_parts.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep {

namespace {

std::string cell(std::string_view foreign) {
    return foreign.empty() ? "–" : markdown_inline(clean_line(foreign));
}

std::string row(const InputChange& change) {
    const auto words = words_for(change);
    std::string note;
    if (change.change != ChangeKind::updated && change.change != ChangeKind::follows)
        note = fmt::format(" ({})", change_word(change.change));
    if (!words.note.empty()) note += fmt::format(" ({})", words.note);
    const bool linked = change.compare.starts_with("https://") && !parts::link_target(change.compare).empty();
    return fmt::format("| {}{} | {} | {} | {} |\n", cell(change.input), note, cell(words.from), cell(words.to),
                       linked ? "[compare](" + change.compare + ")" : "");
}

}  // namespace

std::string lockdiff_markdown(const std::vector<InputChange>& changes) {
    if (changes.empty()) return "no inputs changed\n";
    std::string text;
    for (const auto& group : grouped(changes)) {
        std::string title(group.title);
        title.front() = static_cast<char>(title.front() - 'a' + 'A');
        text += fmt::format("{}**{}**\n\n| Input | From | To | Compare |\n| --- | --- | --- | --- |\n",
                            text.empty() ? "" : "\n", title);
        for (const auto* change : group.changes) text += row(*change);
    }
    return text;
}

}  // namespace lockstep
