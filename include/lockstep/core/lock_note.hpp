// SPDX-License-Identifier: MIT
// What the lock on a remote says: who updates a base branch, since when, and until when others must wait.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace lockstep {

struct LockNote {
    std::string run, host, base;
    std::chrono::system_clock::time_point since{}, expires{};
    bool operator==(const LockNote&) const = default;
};

/// The message of the lock's commit.
[[nodiscard]] std::string lock_note_text(const LockNote& note);
/// Nothing when the text is no lock of ours; foreign values are cleaned.
[[nodiscard]] std::optional<LockNote> parse_lock_note(std::string_view text);

/// The ref that holds the lock of a base branch: outside of refs/heads, one path component for any name.
[[nodiscard]] std::string lock_ref(std::string_view base);

}  // namespace lockstep
