// SPDX-License-Identifier: MIT
// Units of configuration and reports: what reads back, what is refused, what overflows.
#include "lockstep/core/units.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace lockstep {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

TEST(Units, ReadsDurations) {
    const std::vector<std::pair<std::string, milliseconds>> cases{{"500ms", 500ms},
                                                                  {"90s", 90s},
                                                                  {"10m", 10min},
                                                                  {"2h", 2h},
                                                                  {"1h30m", 90min},
                                                                  {"2d", 48h},
                                                                  {"1d2h3m4s5ms", 93784005ms},
                                                                  {"0s", 0ms}};
    for (const auto& [text, expected] : cases) {
        const auto value = parse_duration(text);
        ASSERT_TRUE(value.ok()) << text;
        EXPECT_EQ(*value, expected) << text;
    }
}

TEST(Units, RefusesDurationsThatSayNothingOrTooMuch) {
    for (const auto* text :
         {"", "10", "m", "10x", "10 m", " 10m", "-5s", "1.5h", "30m1h", "1h1h", "10M", "1h30", "9223372036854775808ms",
          "106751991168d", "99999999999999999999s", "106751991167d999999999999h"}) {
        const auto value = parse_duration(text);
        ASSERT_FALSE(value.ok()) << text;
        EXPECT_EQ(value.error().kind, ErrorKind::config);
    }
    EXPECT_TRUE(parse_duration("9223372036854775807ms").ok());
}

TEST(Units, ShortestDurationReadsBack) {
    const std::vector<std::pair<milliseconds, std::string>> cases{
        {0ms, "0s"}, {90s, "90s"}, {10min, "10m"},     {60s, "1m"},  {90min, "90m"},
        {6h, "6h"},  {48h, "2d"},  {1500ms, "1500ms"}, {25h, "25h"}, {3661s, "3661s"}};
    for (const auto& [value, text] : cases) {
        EXPECT_EQ(format_duration(value), text);
        EXPECT_EQ(*parse_duration(text), value) << text;
    }
    for (const std::int64_t count : {1LL, 999LL, 86'399'999LL, 123'456'789LL, 9'223'372'036'854'775'807LL})
        EXPECT_EQ(parse_duration(format_duration(milliseconds(count))).value(), milliseconds(count));
}

TEST(Units, ReadsSizes) {
    const std::vector<std::pair<std::string, std::uint64_t>> cases{
        {"100B", 100},     {"512KiB", 512 << 10}, {"64MiB", 64 << 20},
        {"1GiB", 1 << 30}, {"2TiB", 2ULL << 40},  {"10MB", 10'000'000},
        {"0B", 0}};
    for (const auto& [text, expected] : cases) {
        const auto value = parse_size(text);
        ASSERT_TRUE(value.ok()) << text;
        EXPECT_EQ(*value, expected) << text;
    }
}

TEST(Units, RefusesOtherSizes) {
    for (const auto* text :
         {"", "64", "MiB", "64 MiB", "64mib", "64M", "1.5GiB", "-1B", "1KiB2B", "18446744073709551616B", "16777216TiB"})
        EXPECT_FALSE(parse_size(text).ok()) << text;
    EXPECT_EQ(parse_size("18446744073709551615B").value(), std::numeric_limits<std::uint64_t>::max());
}

TEST(Units, ShortestSizeReadsBack) {
    EXPECT_EQ(format_size(0), "0B");
    EXPECT_EQ(format_size(64ULL << 20), "64MiB");
    EXPECT_EQ(format_size(10'000'000), "10MB");
    EXPECT_EQ(format_size(1025), "1025B");
    for (const std::uint64_t value : {1ULL, 1023ULL, 900ULL << 10, 123'456'789ULL, ~0ULL})
        EXPECT_EQ(parse_size(format_size(value)).value(), value);
}

TEST(Units, SpeaksToPeople) {
    EXPECT_EQ(human_duration(-1s), "0.0 s");
    EXPECT_EQ(human_duration(400ms), "0.4 s");
    EXPECT_EQ(human_duration(960ms), "1.0 s");
    EXPECT_EQ(human_duration(9949ms), "9.9 s");
    EXPECT_EQ(human_duration(9950ms), "10 s");
    EXPECT_EQ(human_duration(59500ms), "1 min");
    EXPECT_EQ(human_duration(185s), "3 min 5 s");
    EXPECT_EQ(human_duration(3599s), "59 min 59 s");
    EXPECT_EQ(human_duration(124min), "2 h 4 min");
    EXPECT_EQ(human_duration(120min), "2 h");
    EXPECT_EQ(human_size(812), "812 B");
    EXPECT_EQ(human_size(1024), "1.0 KiB");
    EXPECT_EQ(human_size(1'468'006), "1.4 MiB");
    EXPECT_EQ(human_size((1ULL << 20) - 1), "1.0 MiB");
    EXPECT_EQ(human_size(~0ULL), "16.0 EiB");
}

TEST(Units, WritesMomentsInUtc) {
    const auto moment = std::chrono::system_clock::time_point(std::chrono::seconds(1'795'226'400));
    EXPECT_EQ(format_utc(moment), "2026-11-21T02:00:00Z");
    EXPECT_EQ(format_utc(std::chrono::system_clock::time_point(-1ms)), "1969-12-31T23:59:59Z");
    EXPECT_EQ(format_date(1'795'226'400), "2026-11-21");
    EXPECT_EQ(format_date(951'782'400), "2000-02-29");
    EXPECT_EQ(format_date(0), "");
    EXPECT_EQ(format_date(std::numeric_limits<std::int64_t>::max()), "");
    EXPECT_EQ(format_date(std::numeric_limits<std::int64_t>::min()), "");
}

TEST(Units, ReadsMoments) {
    for (const auto* text :
         {"2026-11-21T02:00:00Z", "2026-11-21T03:00:00+01:00", "2026-11-20T21:30:00-04:30", "@1795226400"}) {
        const auto value = parse_utc(text);
        ASSERT_TRUE(value.ok()) << text;
        EXPECT_EQ(format_utc(*value), "2026-11-21T02:00:00Z") << text;
    }
    EXPECT_EQ(format_utc(parse_utc("2028-02-29").value()), "2028-02-29T00:00:00Z");
    EXPECT_EQ(format_utc(parse_utc("2261-12-31T23:59:59Z").value()), "2261-12-31T23:59:59Z");
    for (const auto* text : {"", "now", "2026-11-31", "2027-02-29", "2026-1-1", "2026-11-21T02:00:00",
                             "2026-11-21T24:00:00Z", "2026-11-21 02:00:00Z", "2026-11-21T02:00:00Zx", "1969-12-31",
                             "2262-01-01", "@", "@-1", "@1x", "@99999999999", "2026--1-21", "2026-11-21T-1:00:00Z"})
        EXPECT_FALSE(parse_utc(text).ok()) << text;
}

}  // namespace
}  // namespace lockstep
