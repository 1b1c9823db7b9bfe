// SPDX-License-Identifier: MIT
#include "lockstep/core/time_zone.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>

#include "lockstep/core/units.hpp"
#include "support/zone_file.hpp"

namespace lockstep {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

std::chrono::sys_seconds utc(std::string_view text) {
    return std::chrono::floor<seconds>(parse_utc(text).value());
}

/// The clock on the wall, written like UTC.
std::chrono::local_seconds shown(std::string_view text) {
    return std::chrono::local_seconds(utc(text).time_since_epoch());
}

TimeZone berlin() {
    return TimeZone::read(test::zone_file(test::k_berlin, 3600)).value();
}

TEST(TimeZones, OfRulesHaveSummerInTheNorthAndInTheSouth) {
    const auto north = parse_clock_rule(test::k_berlin);
    ASSERT_TRUE(north);
    EXPECT_EQ(north->offset_at(utc("2027-03-28T00:59:59Z")), hours(1));
    EXPECT_EQ(north->offset_at(utc("2027-03-28T01:00:00Z")), hours(2));
    EXPECT_EQ(north->offset_at(utc("2026-10-25T00:59:59Z")), hours(2));
    EXPECT_EQ(north->offset_at(utc("2026-10-25T01:00:00Z")), hours(1));
    const auto south = parse_clock_rule("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");
    ASSERT_TRUE(south);
    EXPECT_EQ(south->offset_at(utc("2027-01-01")), hours(11));
    EXPECT_EQ(south->offset_at(utc("2027-07-01")), hours(10) + minutes(30));
}

TEST(TimeZones, OfRulesCountDaysWithAndWithoutTheLeapDay) {
    const auto julian = parse_clock_rule("AAA0BBB,J60,J300");  // the 1st of March, always
    ASSERT_TRUE(julian);
    EXPECT_EQ(julian->offset_at(utc("2028-03-01T01:59:59Z")), hours(0));
    EXPECT_EQ(julian->offset_at(utc("2028-03-01T02:00:00Z")), hours(1));
    EXPECT_EQ(julian->offset_at(utc("2027-03-01T02:00:00Z")), hours(1));
    const auto counted = parse_clock_rule("AAA0BBB,59/0,300");
    ASSERT_TRUE(counted);
    EXPECT_EQ(counted->offset_at(utc("2028-02-29T00:00:00Z")), hours(1));
    EXPECT_EQ(counted->offset_at(utc("2027-02-28T23:59:59Z")), hours(0));
}

TEST(TimeZones, OfWordsThatAreNoRulesAreNone) {
    for (const std::string_view text :
         {"", "CET", "C-1", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
          "CET-1CEST,M3.5.0,M10.5.0/3x", "CET-1 ", "<CET-1", "CET-1CEST,J0,J3", "CET-168", "CET--1"})
        EXPECT_FALSE(parse_clock_rule(text)) << text;
}

TEST(TimeZones, OfFilesKnowTheirChangesAndThenTheRule) {
    const auto change = utc("2000-01-01").time_since_epoch().count();
    const auto zone = TimeZone::read(test::zone_file("AAA-3", 1800, {{change, 7200}, {change + 100, 10800}}));
    ASSERT_TRUE(zone.ok());
    EXPECT_EQ(zone->offset_at(utc("1980-01-01")), minutes(30));
    EXPECT_EQ(zone->offset_at(utc("2000-01-01")), hours(2));
    EXPECT_EQ(zone->offset_at(utc("2026-01-01")), hours(3));
    EXPECT_EQ(TimeZone().offset_at(utc("2026-07-01")), seconds(0));
}

TEST(TimeZones, OfFilesThatAreNoneAreErrors) {
    const auto good = test::zone_file(test::k_berlin, 3600, {{0, 3600}});
    ASSERT_TRUE(TimeZone::read(good).ok());
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_FALSE(TimeZone::read(good.substr(0, size)).ok()) << size;
    for (std::size_t at = 0; at < good.size(); ++at) {
        auto damaged = good;
        damaged[at] = static_cast<char>(0xff);
        (void)TimeZone::read(damaged).ok();  // nothing is read outside
    }
    EXPECT_FALSE(TimeZone::read(test::zone_file("nonsense", 0)).ok());
    EXPECT_FALSE(TimeZone::read(test::zone_file("", 0, {{5, 0}, {5, 0}})).ok());
}

TEST(TimeZones, AClockThatShowsATimeTwiceMeansTheFirst) {
    EXPECT_EQ(berlin().moment_of(shown("2026-10-25T02:30:00Z")), utc("2026-10-25T00:30:00Z"));
    EXPECT_EQ(berlin().moment_of(shown("2026-10-25T03:00:00Z")), utc("2026-10-25T02:00:00Z"));
}

TEST(TimeZones, ATimeThatNoClockShowsIsTheMomentOfTheChange) {
    EXPECT_EQ(berlin().moment_of(shown("2027-03-28T02:30:00Z")), utc("2027-03-28T01:00:00Z"));
    EXPECT_EQ(berlin().moment_of(shown("2027-03-28T03:00:00Z")), utc("2027-03-28T01:00:00Z"));
    EXPECT_EQ(berlin().moment_of(shown("2027-03-28T01:59:59Z")), utc("2027-03-28T00:59:59Z"));
}

/// The C library's opinion about the files of this machine.
TEST(TimeZones, AgreeWithTheCLibrary) {
    int zones = 0;
    for (const std::string name :
         {"Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Nuuk", "Australia/Lord_Howe", "Asia/Kolkata",
          "Asia/Tehran", "Africa/Casablanca", "Etc/UTC"}) {
        const std::ifstream file(std::string(k_zone_folders.front()) + "/" + name, std::ios::binary);
        if (!file) continue;
        ++zones;
        std::stringstream content;
        content << file.rdbuf();
        const auto zone = TimeZone::read(content.str());
        ASSERT_TRUE(zone.ok()) << name;
        setenv("TZ", name.c_str(), 1);
        tzset();
        const auto step = hours(7) + minutes(13);
        for (auto time = utc("1975-01-01"); time < utc("2060-01-01"); time += step) {
            const auto moment = static_cast<std::time_t>(time.time_since_epoch().count());
            std::tm parts{};
            localtime_r(&moment, &parts);
            ASSERT_EQ(zone->offset_at(time).count(), parts.tm_gmtoff) << name << " " << moment;
        }
    }
    unsetenv("TZ");
    tzset();
    if (zones == 0) GTEST_SKIP() << "no time zone database on this machine";
}

}  // namespace
}  // namespace lockstep
