// SPDX-License-Identifier: MIT
// Compiled zone files, and what follows from them.
#include "lockstep/core/time_zone.hpp"

#include <algorithm>

namespace lockstep {

namespace {

using std::chrono::local_seconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr std::size_t k_header = 44;
constexpr std::size_t k_type = 6;  ///< bytes of a kind of local time

std::int64_t big_endian(std::string_view bytes) {
    std::uint64_t value = static_cast<unsigned char>(bytes.front()) >= 0x80 ? ~std::uint64_t{0} : 0;
    for (const char c : bytes) value = value << 8U | static_cast<unsigned char>(c);
    return static_cast<std::int64_t>(value);
}

/// How many of each part follow a header.
struct Counts {
    std::size_t is_utc = 0, is_standard = 0, leaps = 0, times = 0, types = 0, characters = 0;

    [[nodiscard]] std::size_t bytes(std::size_t time_size) const {
        return times * (time_size + 1) + types * k_type + characters + leaps * (time_size + 4) + is_standard + is_utc;
    }
};

std::optional<Counts> counts_of(std::string_view header) {
    constexpr std::int64_t k_most = 100'000;  // real files stay below 300
    if (header.size() < k_header || !header.starts_with("TZif") || header[4] < '2') return std::nullopt;
    Counts counts;
    std::size_t at = 20;
    for (auto* part :
         {&counts.is_utc, &counts.is_standard, &counts.leaps, &counts.times, &counts.types, &counts.characters}) {
        const auto value = big_endian(header.substr(at, 4));
        if (value < 0 || value > k_most) return std::nullopt;
        *part = static_cast<std::size_t>(value);
        at += 4;
    }
    return counts;
}

Error no_zone() {
    return {ErrorKind::config, "a file of the time zone database cannot be read",
            "it is no TZif file of version 2 or newer", ""};
}

}  // namespace

Result<TimeZone> TimeZone::read(std::string_view file) {
    // The first part has times of four bytes and is there for old readers.
    const auto old = counts_of(file);
    if (!old || file.size() < k_header + old->bytes(4)) return no_zone();
    file.remove_prefix(k_header + old->bytes(4));
    const auto counts = counts_of(file);
    if (!counts || counts->types == 0 || file.size() < k_header + counts->bytes(8) + 2) return no_zone();
    file.remove_prefix(k_header);
    const auto times = file.substr(0, counts->times * 8);
    const auto kinds = file.substr(times.size(), counts->times);
    const auto types = file.substr(times.size() + kinds.size(), counts->types * k_type);
    const auto offset = [&](std::size_t type) { return seconds(big_endian(types.substr(type * k_type, 4))); };

    TimeZone zone;
    zone.first_ = offset(0);
    for (std::size_t n = 0; n < counts->times; ++n) {
        const auto type = static_cast<unsigned char>(kinds[n]);
        const sys_seconds at{seconds(big_endian(times.substr(n * 8, 8)))};
        if (type >= counts->types || (!zone.changes_.empty() && at <= zone.changes_.back().at)) return no_zone();
        zone.changes_.push_back({at, offset(type)});
    }
    auto footer = file.substr(counts->bytes(8));
    const auto end = footer.find('\n', 1);
    if (footer.front() != '\n' || end == std::string_view::npos) return no_zone();
    footer = footer.substr(1, end - 1);
    if (footer.empty()) return zone;
    zone.rule_ = parse_clock_rule(footer);
    if (!zone.rule_) return no_zone();
    return zone;
}

seconds TimeZone::offset_at(sys_seconds time) const {
    const auto after = std::upper_bound(changes_.begin(), changes_.end(), time,
                                        [](sys_seconds moment, const Change& change) { return moment < change.at; });
    if (after == changes_.end() && rule_) return rule_->offset_at(time);
    return after == changes_.begin() ? first_ : std::prev(after)->offset;
}

local_seconds TimeZone::shown_at(sys_seconds time) const {
    return local_seconds(time.time_since_epoch() + offset_at(time));
}

sys_seconds TimeZone::moment_of(local_seconds shown) const {
    // Clocks are not changed twice within two days.
    constexpr std::chrono::hours k_day{24};
    const sys_seconds as_utc{shown.time_since_epoch()};
    auto before = as_utc - k_day;
    auto after = as_utc + k_day;
    const auto earlier = offset_at(before);
    const auto later = offset_at(after);
    for (const auto offset : {earlier, later})
        if (offset_at(as_utc - offset) == offset) return as_utc - offset;
    while (after - before > seconds(1)) {
        const auto middle = before + (after - before) / 2;
        (offset_at(middle) == earlier ? before : after) = middle;
    }
    return after;
}

}  // namespace lockstep
