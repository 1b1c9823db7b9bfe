// SPDX-License-Identifier: MIT
#include "lockstep/core/maintenance_window.hpp"

#include <gtest/gtest.h>

#include "lockstep/core/units.hpp"
#include "support/zone_file.hpp"

namespace lockstep {
namespace {

Millis at(std::string_view text) {
    return std::chrono::duration_cast<Millis>(parse_utc(text).value().time_since_epoch());
}

std::string words_of(const std::vector<DeployWindow>& spans, std::size_t most) {
    std::string text;
    const auto show = [](Millis time) {
        auto words = format_utc(std::chrono::system_clock::time_point(time));
        return words.substr(5, 11);
    };
    for (std::size_t n = 0; n < std::min(most, spans.size()); ++n)
        text += (n == 0 ? "" : ", ") + show(spans[n].from) + " to " + show(spans[n].until);
    return text;
}

ZonedWindow window(std::string_view text) {
    auto parsed = parse_maintenance_window(text);
    EXPECT_TRUE(parsed.ok()) << text << (parsed.ok() ? "" : ": " + parsed.error().why);
    const bool berlin = parsed.ok() && parsed->zone == "Europe/Berlin";
    return {parsed.value(), berlin ? TimeZone::read(test::zone_file(test::k_berlin, 3600)).value() : TimeZone()};
}

/// 2026-11-21 is a Saturday.
std::string spans(std::string_view text, std::string_view now, std::size_t most = 2) {
    return words_of(window_spans({window(text)}, at(now)), most);
}

TEST(MaintenanceWindows, AreReadAsTheyAreWritten) {
    const auto full = parse_maintenance_window("mon-fri,sun  02:00-05:30 Europe/Berlin");
    ASSERT_TRUE(full.ok());
    EXPECT_EQ(full->days, (std::array<bool, 7>{true, true, true, true, true, true, false}));
    EXPECT_EQ(full->from, std::chrono::minutes(120));
    EXPECT_EQ(full->until, std::chrono::minutes(330));
    EXPECT_EQ(full->zone, "Europe/Berlin");
    EXPECT_EQ(parse_maintenance_window("22:00-04:00")->until, std::chrono::minutes(28 * 60));
    EXPECT_EQ(parse_maintenance_window("fri-mon 00:00-24:00")->days,
              (std::array<bool, 7>{true, true, false, false, false, true, true}));
    EXPECT_EQ(*parse_maintenance_window("daily 01:00-02:00"), *parse_maintenance_window("01:00-02:00"));
}

TEST(MaintenanceWindows, ThatCannotBeMeantAreRefusedWithAReason) {
    for (const std::string_view text :
         {"", "mon", "mon-", "monday 02:00-05:00", "02:00", "2:00-5:00", "02:00-05:60", "24:00-02:00", "25:00-26:00",
          "02:00-02:00", "mon-tue-wed 02:00-05:00", "02:00-05:00 UTC more", "02:00 - 05:00", "-02:00-05:00",
          "02:00-05:00 ../../etc/passwd", "02:00-05:00 /etc/localtime"}) {
        const auto parsed = parse_maintenance_window(text);
        ASSERT_FALSE(parsed.ok()) << text;
        EXPECT_EQ(parsed.error().kind, ErrorKind::config);
        EXPECT_FALSE(parsed.error().why.empty()) << text;
        EXPECT_NE(parsed.error().hint.find("mon-fri 02:00-05:00"), std::string::npos);
    }
}

TEST(MaintenanceWindows, OpenOnTheirDaysOnly) {
    EXPECT_EQ(spans("mon-fri 02:00-05:00 UTC", "2026-11-21T12:00:00Z"),
              "11-23T02:00 to 11-23T05:00, 11-24T02:00 to 11-24T05:00");
    EXPECT_EQ(spans("sat 02:00-05:00 UTC", "2026-11-21T04:59:59Z"),
              "11-21T02:00 to 11-21T05:00, 11-28T02:00 to 11-28T05:00");
    EXPECT_EQ(spans("sat 02:00-05:00 UTC", "2026-11-21T05:00:00Z", 1), "11-28T02:00 to 11-28T05:00");
}

TEST(MaintenanceWindows, GoOverMidnightAndBelongToTheDayOnWhichTheyBegin) {
    EXPECT_EQ(spans("fri 22:00-04:00 UTC", "2026-11-21T03:00:00Z", 1), "11-20T22:00 to 11-21T04:00");
    EXPECT_EQ(spans("sat 22:00-04:00 UTC", "2026-11-21T03:00:00Z", 1), "11-21T22:00 to 11-22T04:00");
    EXPECT_EQ(spans("fri 23:00-22:59 UTC", "2026-11-21T22:58:00Z", 1), "11-20T23:00 to 11-21T22:59");
}

TEST(MaintenanceWindows, ThatTouchOrOverlapAreOne) {
    const auto now = at("2026-11-21T23:00:00Z");
    EXPECT_EQ(words_of(window_spans({window("sun 00:00-03:00"), window("sat 22:00-24:00"), window("sun 02:00-04:00"),
                                     window("sun 06:00-07:00")},
                                    now),
                       2),
              "11-21T22:00 to 11-22T04:00, 11-22T06:00 to 11-22T07:00");
    EXPECT_EQ(window_spans({window("daily 00:00-24:00")}, now).size(), 1U);
    DeployPolicy policy;
    policy.windows = window_spans({window("01:00-03:00"), window("02:00-04:00 Europe/Berlin")}, now);
    EXPECT_TRUE(check_deploy_policy(policy).ok());
}

TEST(MaintenanceWindows, FollowTheClocksOfTheirZone) {
    EXPECT_EQ(spans("02:00-05:00 Europe/Berlin", "2026-11-21T12:00:00Z", 1), "11-22T01:00 to 11-22T04:00");
    EXPECT_EQ(spans("02:00-05:00 Europe/Berlin", "2026-07-21T12:00:00Z", 1), "07-22T00:00 to 07-22T03:00");
    EXPECT_EQ(spans("mon 00:30-01:30 Europe/Berlin", "2026-11-21T12:00:00Z", 1), "11-22T23:30 to 11-23T00:30");
}

TEST(MaintenanceWindows, AreShorterOrLongerWhenClocksChange) {
    // 02:00 does not exist on the 28th of March 2027, and comes twice on the 25th of October 2026.
    EXPECT_EQ(spans("02:00-05:00 Europe/Berlin", "2027-03-27T12:00:00Z", 1), "03-28T01:00 to 03-28T03:00");
    EXPECT_EQ(spans("02:00-05:00 Europe/Berlin", "2026-10-24T12:00:00Z", 1), "10-25T00:00 to 10-25T04:00");
    EXPECT_EQ(spans("01:00-02:30 Europe/Berlin", "2026-10-24T12:00:00Z", 1), "10-24T23:00 to 10-25T00:30");
    EXPECT_EQ(spans("22:00-05:00 Europe/Berlin", "2027-03-27T12:00:00Z", 1), "03-27T21:00 to 03-28T03:00");
}

TEST(MaintenanceWindows, ThatClocksSkipDoNotOpenThatNight) {
    EXPECT_EQ(spans("02:10-02:50 Europe/Berlin", "2027-03-27T12:00:00Z", 1), "03-29T00:10 to 03-29T00:50");
}

TEST(MaintenanceWindows, AreOpenFromTheirBeginningToBeforeTheirEnd) {
    const std::vector<DeployWindow> spans{{Millis(100), Millis(200)}, {Millis(300), Millis(400)}};
    EXPECT_FALSE(window_around(spans, Millis(99)));
    EXPECT_EQ(window_around(spans, Millis(100)), spans[0]);
    EXPECT_EQ(window_around(spans, Millis(199)), spans[0]);
    EXPECT_FALSE(window_around(spans, Millis(200)));
}

TEST(MaintenanceWindows, AreToldWithTheWayThere) {
    const auto now = at("2026-11-21T12:00:00Z");
    EXPECT_EQ(window_words(window_spans({window("mon 02:00-05:00")}, now), now),
              "the next window opens at 2026-11-23T02:00:00Z, in 38 h");
    EXPECT_EQ(window_words(window_spans({window("sat 11:00-13:00")}, now), now),
              "the window that is open closes at 2026-11-21T13:00:00Z, in 1 h");
    EXPECT_EQ(window_words({}, now), "no window opens within two weeks");
}

}  // namespace
}  // namespace lockstep
