// SPDX-License-Identifier: MIT
// Compiled zone files made by tests: whatever machine they run on, clocks change when the test says.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lockstep::test {

/// Version 2 of RFC 8536. `changes`: moments, and the offset from then on; `first`: the offset before.
[[nodiscard]] inline std::string zone_file(std::string_view rule, std::int32_t first = 0,
                                           const std::vector<std::pair<std::int64_t, std::int32_t>>& changes = {}) {
    const auto number = [](std::int64_t value, int bytes) {
        std::string text;
        for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
            text += static_cast<char>(static_cast<std::uint64_t>(value) >> static_cast<unsigned>(shift));
        return text;
    };
    const auto header = [&](std::size_t times, std::size_t types, std::size_t characters) {
        return "TZif2" + std::string(15, '\0') + number(0, 4) + number(0, 4) + number(0, 4) +
               number(static_cast<std::int64_t>(times), 4) + number(static_cast<std::int64_t>(types), 4) +
               number(static_cast<std::int64_t>(characters), 4);
    };
    std::string times, kinds, types = number(first, 4) + std::string(2, '\0');
    for (const auto& [at, offset] : changes) {
        times += number(at, 8);
        kinds += static_cast<char>(types.size() / 6);
        types += number(offset, 4) + std::string(2, '\0');
    }
    return header(0, 1, 1) + std::string(7, '\0') + header(changes.size(), changes.size() + 1, 1) + times + kinds +
           types + std::string(1, '\0') + "\n" + std::string(rule) + "\n";
}

inline constexpr std::string_view k_berlin = "CET-1CEST,M3.5.0,M10.5.0/3";

}  // namespace lockstep::test
