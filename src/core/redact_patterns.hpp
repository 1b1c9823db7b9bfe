// SPDX-License-Identifier: MIT
// What redaction looks for, as tables: where a match may begin is found by looking at every second block of three
// bytes, then the place is looked at closely.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lockstep/core/redact.hpp"

namespace lockstep {

/// Whether the character belongs to such a tail.
[[nodiscard]] bool continues(RedactionPatterns::Tail tail, char c);

struct RedactionPatterns::Table {
    enum class Kind : std::uint8_t { literal, prefix, address, header };
    struct Match {
        bool unknown = false;    ///< more text is needed to tell
        std::size_t length = 0;  ///< of what is secret; 0: nothing begins here
        std::size_t ahead = 0;   ///< so many bytes before it begins
        Tail tail = Tail::nothing;
    };

    explicit Table(std::vector<std::string> literals);

    /// First place at or after `from` where a match may begin; text.size() when there is none.
    [[nodiscard]] std::size_t candidate(std::string_view text, std::size_t from) const;
    /// Everything that begins at `at`: all matches of literals as one, and at most one of the others.
    void match(std::string_view text, std::size_t at, bool final, Match& literal, Match& other) const;

    std::size_t longest = 0;
    static constexpr unsigned k_hash_bits = 14;

private:
    struct Entry {
        std::uint32_t window, index;  ///< the first four bytes; which literal or prefix
        Kind kind;
    };
    void add(std::string_view window, Kind kind, std::size_t index);
    void add_literal(std::size_t index);
    void add_fixed();

    std::vector<std::string> literals_;
    std::vector<Entry> entries_;                            ///< by window
    std::array<std::uint8_t, 1U << k_hash_bits> blocks_{};  ///< by hash: which block of a window it may be
    std::bitset<1U << k_hash_bits> windows_;                ///< of hashes: most places that look right are not
    std::bitset<1U << 8U> begins_one_;
    std::bitset<1U << 16U> begins_two_;
    std::vector<std::uint32_t> begins_three_;
};

}  // namespace lockstep
