// SPDX-License-Identifier: MIT
// Fault table, row 31: midnight, time zones, leap days and clocks that jump, in whole runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "graph/fault_rig.hpp"

namespace lockstep::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using std::chrono::year;

constexpr auto k_before_midnight = std::chrono::sys_seconds(sys_days(year(2026) / 12 / 31)) + 23h + 59min + 59s;

class FaultRow31 : public ::testing::Test {
protected:
    FaultRow31() : machine_(remote_.dir() / "machine", remote_), clock_(k_before_midnight) {
        machine_.clock = &clock_;
        machine_.settings.now = clock_.now();
    }

    /// No number of the report is negative, whatever its name.
    static void expect_no_negative(const nlohmann::json& value, const std::string& where = "") {
        if (value.is_number()) {
            EXPECT_GE(value.get<double>(), 0) << where;
        }
        if (value.is_structured())
            for (const auto& [key, inner] : value.items()) expect_no_negative(inner, where + "/" + key);
    }

    FaultRemote remote_;
    Machine machine_;
    JumpingClock clock_;
};

TEST_F(FaultRow31, DateIsThatOfTheStartOverMidnight) {
    machine_.config.land.mode = LandMode::pull_request;
    machine_.nix().moment = [this](const char*) { clock_.pass(5s); };
    clock_.pass(5s);  // midnight comes between the start of the program and its first look at the repository
    const auto report = machine_.run();
    EXPECT_EQ(report.ending.outcome, Outcome::proposed_green) << how_it_ended(report);
    EXPECT_EQ(report.repo.branch, "flake-update/2026-12-31");
    EXPECT_NE(remote_.bare().ref("flake-update/2026-12-31"), "");
    const auto seconds = std::to_string(k_before_midnight.time_since_epoch().count());
    EXPECT_EQ(remote_.bare().git({"log", "-1", "--format=%at %ct", report.repo.candidate_commit}),
              seconds + " " + seconds);
    EXPECT_GE(report.run.duration, 5s) << "the clock did move on";
}

TEST_F(FaultRow31, NothingIsNegativeWhenTheClockJumps) {
    for (const auto jump : {-2h, 48h, -24h * 400}) {
        machine_.nix().moment = [this, jump](const char*) {
            clock_.pass(10ms);
            clock_.jump(jump);
        };
        const auto report = machine_.run();
        EXPECT_EQ(report.ending.outcome, Outcome::landed) << how_it_ended(report);
        EXPECT_LT(report.run.duration, 1min) << "durations are those of time that passed";
        expect_no_negative(nlohmann::json::parse(report_json(report)));
        remote_.restore();
        ++machine_.nix().upstream_lock;
    }
}

TEST_F(FaultRow31, DateIsThatOfTheConfiguredZone) {
    struct Case {
        const char* zone;
        std::chrono::sys_seconds at;
        const char* date;
    };
    const auto at = [](auto day, std::chrono::seconds time) { return std::chrono::sys_seconds(sys_days(day)) + time; };
    machine_.settings.dry_run = true;
    for (const auto& one :
         {Case{"UTC", at(year(2028) / 2 / 29, 12h), "2028-02-29"},
          Case{"Pacific/Kiritimati", at(year(2028) / 2 / 28, 10h), "2028-02-29"},
          Case{"Pacific/Kiritimati", at(year(2028) / 2 / 29, 10h), "2028-03-01"},
          Case{"Asia/Kolkata", at(year(2026) / 12 / 31, 18h + 30min), "2027-01-01"},
          Case{"Asia/Kolkata", at(year(2026) / 12 / 31, 18h + 30min - 1s), "2026-12-31"},
          Case{"America/New_York", at(year(2027) / 1 / 1, 5h - 1s), "2026-12-31"},
          Case{"America/New_York", at(year(2026) / 3 / 8, 7h), "2026-03-08"},  // the hour that does not exist
          Case{"Europe/Berlin", at(year(2026) / 10 / 24, 22h), "2026-10-25"},  // still summer
          Case{"Europe/Berlin", at(year(2026) / 10 / 25, 23h - 1s), "2026-10-25"}}) {
        machine_.config.time_zone = one.zone;
        machine_.settings.now = one.at;
        const auto report = machine_.run();
        EXPECT_EQ(report.ending.outcome, Outcome::would_land) << how_it_ended(report);
        EXPECT_EQ(report.repo.branch, std::string("flake-update/") + one.date) << one.zone;
    }
}

}  // namespace
}  // namespace lockstep::test
