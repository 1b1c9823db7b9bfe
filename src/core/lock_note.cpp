// SPDX-License-Identifier: MIT
// The text of a lock, there and back.
#include "lockstep/core/lock_note.hpp"

#include <fmt/format.h>

#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

std::string value_of(std::string_view text, std::string_view name) {
    const std::string start = std::string(name) + ": ";
    for (const auto& line : lines_of(text))
        if (line.starts_with(start)) return clean_line(line.substr(start.size()), 200);
    return "";
}

}  // namespace

std::string lock_note_text(const LockNote& note) {
    return fmt::format(
        "A run of lockstep updates {}\n\nLockstep-Lock: 1\nRun: {}\nHost: {}\nBase: {}\nSince: {}\nExpires: {}\n",
        clean_line(note.base, 200), clean_line(note.run, 200), clean_line(note.host, 200), clean_line(note.base, 200),
        format_utc(note.since), format_utc(note.expires));
}

std::optional<LockNote> parse_lock_note(std::string_view text) {
    if (text.size() > (64U << 10U) || value_of(text, "Lockstep-Lock") != "1") return std::nullopt;
    const auto since = parse_utc(value_of(text, "Since")), expires = parse_utc(value_of(text, "Expires"));
    if (!since.ok() || !expires.ok()) return std::nullopt;
    return LockNote{value_of(text, "Run"), value_of(text, "Host"), value_of(text, "Base"), since.value(),
                    expires.value()};
}

std::string lock_ref(std::string_view base) {
    return "refs/lockstep/lock/" + file_slug(base);
}

}  // namespace lockstep
