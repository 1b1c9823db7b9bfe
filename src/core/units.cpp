// SPDX-License-Identifier: MIT
// Durations and sizes, from and to text. Reading is overflow-checked: these values come from files and flags.
#include "lockstep/core/units.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <limits>
#include <optional>

#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array<Unit, 5> k_durations{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Unit, 9> k_sizes{{{"B", 1},
                                       {"KiB", 1ULL << 10},
                                       {"MiB", 1ULL << 20},
                                       {"GiB", 1ULL << 30},
                                       {"TiB", 1ULL << 40},
                                       {"KB", 1'000},
                                       {"MB", 1'000'000},
                                       {"GB", 1'000'000'000},
                                       {"TB", 1'000'000'000'000}}};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Takes decimal digits off the front; nothing when there are none or they do not fit.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    std::uint64_t value = 0;
    std::size_t used = 0;
    for (; used < text.size() && is_digit(text[used]); ++used) {
        const auto digit = static_cast<std::uint64_t>(text[used] - '0');
        if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return std::nullopt;
        value = value * 10 + digit;
    }
    if (used == 0) return std::nullopt;
    text.remove_prefix(used);
    return value;
}

/// Takes letters off the front and says which unit they name (as an index).
template <std::size_t N>
std::optional<std::size_t> take_unit(std::string_view& text, const std::array<Unit, N>& units) {
    std::size_t used = 0;
    while (used < text.size() && !is_digit(text[used])) ++used;
    for (std::size_t i = 0; i < N; ++i) {
        if (units[i].name != text.substr(0, used)) continue;
        text.remove_prefix(used);
        return i;
    }
    return std::nullopt;
}

Error bad(std::string_view what, std::string_view text, std::string_view expected) {
    return Error{ErrorKind::config, fmt::format("`{}` is not a {}", clean_line(text, 60), what),
                 fmt::format("expects a {}", expected), ""};
}

Error bad_duration(std::string_view text) {
    return bad("duration", text, "duration with a unit, such as 90s, 10m or 1h30m");
}
Error bad_size(std::string_view text) {
    return bad("size", text, "size with a unit, such as 64MiB, 512KiB or 10MB");
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
    constexpr auto k_most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    std::string_view rest = text;
    std::uint64_t total = 0;
    std::size_t next_unit = 0;  // units must come in falling order, each once
    if (rest.empty()) return bad_duration(text);
    while (!rest.empty()) {
        const auto number = take_number(rest);
        if (!number) return bad_duration(text);
        const auto unit = take_unit(rest, k_durations);
        if (!unit || *unit < next_unit) return bad_duration(text);
        next_unit = *unit + 1;
        const auto factor = k_durations[*unit].factor;
        if (*number > (k_most - total) / factor) return bad_duration(text);
        total += *number * factor;
    }
    return std::chrono::milliseconds(static_cast<std::int64_t>(total));
}

Result<std::uint64_t> parse_size(std::string_view text) {
    std::string_view rest = text;
    const auto number = take_number(rest);
    if (!number) return bad_size(text);
    const auto unit = take_unit(rest, k_sizes);
    if (!unit || !rest.empty()) return bad_size(text);
    const auto factor = k_sizes[*unit].factor;
    if (*number > std::numeric_limits<std::uint64_t>::max() / factor) return bad_size(text);
    return *number * factor;
}

std::string human_duration(std::chrono::milliseconds duration) {
    const auto ms = duration.count() < 0 ? 0 : duration.count();
    if (ms < 9'950) return fmt::format("{}.{} s", (ms + 50) / 1000, (ms + 50) / 100 % 10);
    const auto seconds = (ms + 500) / 1000;
    if (seconds < 60) return fmt::format("{} s", seconds);
    if (seconds < 3600)
        return seconds % 60 == 0 ? fmt::format("{} min", seconds / 60)
                                 : fmt::format("{} min {} s", seconds / 60, seconds % 60);
    const auto minutes = (seconds + 30) / 60;
    return minutes % 60 == 0 ? fmt::format("{} h", minutes / 60)
                             : fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

std::string format_duration(std::chrono::milliseconds duration) {
    auto rest = static_cast<std::uint64_t>(duration.count() < 0 ? 0 : duration.count());
    if (rest == 0) return "0s";
    std::string mixed;
    std::string single;  // "90m" is shorter than "1h30m"
    for (const auto& unit : k_durations) {
        if (single.empty() && static_cast<std::uint64_t>(duration.count()) % unit.factor == 0)
            single = fmt::format("{}{}", static_cast<std::uint64_t>(duration.count()) / unit.factor, unit.name);
        if (const auto count = rest / unit.factor; count > 0) mixed += fmt::format("{}{}", count, unit.name);
        rest %= unit.factor;
    }
    return single.size() <= mixed.size() ? single : mixed;
}

std::string human_size(std::uint64_t bytes) {
    constexpr std::array<std::string_view, 6> k_names{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) return fmt::format("{} B", bytes);
    auto value = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    while (value >= 1023.95 && unit + 1 < k_names.size()) {
        value /= 1024;
        ++unit;
    }
    return fmt::format("{:.1f} {}", value, k_names[unit]);
}

std::string format_size(std::uint64_t bytes) {
    if (bytes == 0) return "0B";
    std::string shortest = fmt::format("{}B", bytes);
    for (const auto& unit : k_sizes) {
        if (bytes % unit.factor != 0) continue;
        auto text = fmt::format("{}{}", bytes / unit.factor, unit.name);
        if (text.size() < shortest.size()) shortest = std::move(text);
    }
    return shortest;
}

}  // namespace lockstep
