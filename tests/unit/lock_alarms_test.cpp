// SPDX-License-Identifier: MIT
// One hand-made pair of locks per alarm, and honest pairs that must raise none.
#include "lockstep/core/lock_alarms.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "support/temp_dir.hpp"

namespace lockstep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::int64_t k_now = 1'795'226'400;  // 2026-11-21
constexpr std::int64_t k_day = 86'400;

std::string rev(char c) {
    return std::string(40, c);
}
std::string hash(char c) {
    return "sha256-" + std::string(43, c) + "=";
}

FlakeRef nixpkgs(char version, std::int64_t modified) {
    return {.type = "github",
            .owner = "NixOS",
            .repo = "nixpkgs",
            .rev = rev(version),
            .nar_hash = hash(version),
            .last_modified = modified};
}
FlakeRef wish(std::string ref = "nixos-unstable") {
    return {.type = "github", .owner = "NixOS", .repo = "nixpkgs", .ref = std::move(ref)};
}
FlakeRef tarball(std::string url, char version) {
    return {.type = "tarball", .url = std::move(url), .nar_hash = hash(version), .last_modified = k_now - 9 * k_day};
}

LockInput input(std::string path, FlakeRef locked, std::optional<FlakeRef> original) {
    LockInput made{.path = std::move(path), .locked = std::move(locked), .original = std::move(original)};
    made.direct = made.path.find('/') == std::string::npos;
    return made;
}
LockInput direct(FlakeRef locked) {
    return input("nixpkgs", std::move(locked), wish());
}
LockFile lock(std::vector<LockInput> inputs) {
    return {7, std::move(inputs)};
}

std::vector<LockAlarm> alarms_of(const LockFile& before, const LockFile& after, bool same_flake = true) {
    return lock_alarms(before, after, {same_flake, k_now});
}
std::vector<std::string> codes(const std::vector<LockAlarm>& alarms) {
    std::vector<std::string> found;
    for (const auto& alarm : alarms) found.push_back(alarm.code + " " + alarm.input);
    return found;
}
/// Of one direct input.
std::vector<LockAlarm> between(const LockInput& before, const LockInput& after, bool same_flake = true) {
    return alarms_of(lock({before}), lock({after}), same_flake);
}
LockInput old_one() {
    return direct(nixpkgs('a', k_now - 20 * k_day));
}

TEST(HonestLocks, ANewRevisionOfTheSameRepositoryIsSilent) {
    EXPECT_THAT(between(old_one(), direct(nixpkgs('b', k_now - 3600))), IsEmpty());
}

TEST(HonestLocks, WhatDidNotChangeIsSilentHoweverOdd) {
    auto odd = direct(tarball("http://example.org/x.tar.gz", 'a'));
    odd.original = FlakeRef{.type = "indirect", .id = "x"};
    odd.locked->nar_hash.clear();
    odd.locked->last_modified = k_now + 9 * k_day;
    EXPECT_THAT(between(odd, odd), IsEmpty());
}

TEST(HonestLocks, AFirstLockIsSilent) {
    EXPECT_THAT(alarms_of({}, lock({input("home", nixpkgs('a', k_now), wish()),
                                    input("home/nixpkgs", nixpkgs('b', k_now), wish())})),
                IsEmpty());
}

TEST(HonestLocks, WhatANewDirectInputBringsIsSilent) {
    const auto home = input("home", nixpkgs('c', k_now), wish());
    const auto below = input("home/nixpkgs", nixpkgs('d', k_now), wish());
    EXPECT_THAT(alarms_of(lock({old_one()}), lock({home, below, old_one()})), IsEmpty());
}

TEST(HonestLocks, NestedFollowsAreSilentWhateverTheyFollow) {
    auto follows = input("home/nixpkgs", nixpkgs('a', k_now - 20 * k_day), wish());
    follows.follows = "nixpkgs";
    auto moved_along = follows;
    moved_along.locked = FlakeRef{.type = "tarball", .url = "http://example.org/x"};
    auto fresh = moved_along;
    fresh.path = "home/other";
    EXPECT_THAT(alarms_of(lock({follows}), lock({moved_along, fresh})), IsEmpty());
}

TEST(HonestLocks, ADownloadMayNameItsVersionInItsAddress) {
    auto before = tarball("https://releases.example.org/1/x.tar.xz", 'a'), after = before;
    before.rev = rev('a');
    after.url = "https://releases.example.org/2/x.tar.xz";
    after.rev = rev('b');
    after.nar_hash = hash('b');
    EXPECT_THAT(between(direct(before), direct(after)), IsEmpty());
}

TEST(HonestLocks, ABranchAndARegistryNameSpelledOutAreSilent) {
    auto before = old_one(), after = direct(nixpkgs('b', k_now));
    before.original = FlakeRef{.type = "indirect", .id = "nixpkgs"};
    after.original = wish("nixos-26.05");
    EXPECT_THAT(between(before, after), IsEmpty());
}

TEST(HonestLocks, LocksOfRealFleetsRaiseOnlyWhatIsInThem) {
    const auto read = [](const char* name) {
        return *parse_lock(test::read_file(std::filesystem::path(LOCKSTEP_TEST_DATA) / "lock" / name));
    };
    const auto alarms = lock_alarms(read("fleet-before.lock"), read("fleet-after.lock"), {true, k_now});
    EXPECT_THAT(codes(alarms), Not(testing::Contains("moved nixpkgs")));
    EXPECT_THAT(codes(alarms), testing::Contains("moved moved"));
    EXPECT_THAT(codes(alarms), testing::Contains("backwards reverted"));
}

TEST(SameRevOtherHash, IsAnAlarm) {
    auto after = nixpkgs('a', k_now - 20 * k_day);
    after.nar_hash = hash('z');
    const auto alarms = between(old_one(), direct(after));
    ASSERT_THAT(codes(alarms), ElementsAre("same-rev-other-hash nixpkgs"));
    EXPECT_EQ(alarms[0].severity, AlarmSeverity::critical);
    EXPECT_THAT(alarms[0].detail, HasSubstr(rev('a')));
    EXPECT_THAT(alarms[0].detail, HasSubstr(hash('a')));
    EXPECT_THAT(alarms[0].detail, HasSubstr(hash('z')));
}

TEST(SameRevOtherHash, IsNothingOddForADirtyTree) {
    FlakeRef before{.type = "git", .url = "file:///x", .rev = rev('a') + "-dirty", .nar_hash = hash('a')};
    auto after = before;
    after.nar_hash = hash('b');
    EXPECT_THAT(between(direct(before), direct(after)), IsEmpty());
}

TEST(Moved, ByEveryMemberOfItsSource) {
    const auto before = nixpkgs('a', k_now - 20 * k_day);
    std::vector<FlakeRef> others(4, nixpkgs('b', k_now));
    others[0].owner = "N1xOS";
    others[1].repo = "nixpkgs2";
    others[2].host = "git.example.org";
    others[3] = {.type = "git", .url = "https://github.com/NixOS/nixpkgs", .rev = rev('b'), .nar_hash = hash('b')};
    for (const auto& after : others) {
        const auto alarms = between(direct(before), direct(after));
        EXPECT_THAT(codes(alarms), ElementsAre("moved nixpkgs")) << location(after);
        EXPECT_THAT(between(direct(before), direct(after), false), IsEmpty()) << "flake.nix asks for it";
    }
    const auto alarms = between(direct(before), direct(others[0]));
    EXPECT_THAT(alarms.at(0).detail, HasSubstr("github:NixOS/nixpkgs"));
    EXPECT_THAT(alarms.at(0).detail, HasSubstr("github:N1xOS/nixpkgs"));
    EXPECT_EQ(alarms.at(0).severity, AlarmSeverity::critical);
}

TEST(Moved, ByTheAddressOfAGitRepositoryOrTheSiteOfADownload) {
    FlakeRef git{.type = "git", .url = "https://a.example.org/x", .rev = rev('a'), .nar_hash = hash('a')};
    auto other = git;
    other.url = "https://a.example.org/y";
    EXPECT_THAT(codes(between(direct(git), direct(other))), ElementsAre("moved nixpkgs"));
    auto before = tarball("https://a.example.org/x.tar", 'a'), after = tarball("https://b.example.org/x.tar", 'a');
    EXPECT_THAT(codes(between(direct(before), direct(after))), ElementsAre("moved nixpkgs"));
}

TEST(Moved, ByWhatIsAskedForAlone) {
    auto after = direct(nixpkgs('b', k_now));
    after.original->owner = "evil";
    EXPECT_THAT(codes(between(old_one(), after)), ElementsAre("moved nixpkgs"));
}

TEST(Moved, ADirectInputThatNoLongerFollows) {
    auto before = old_one();
    before.follows = "other/nixpkgs";
    EXPECT_THAT(codes(between(before, direct(nixpkgs('b', k_now)))), ElementsAre("moved nixpkgs"));
}

TEST(HashMissing, IsAnAlarm) {
    auto after = nixpkgs('b', k_now);
    after.nar_hash.clear();
    const auto alarms = between(old_one(), direct(after));
    ASSERT_THAT(codes(alarms), ElementsAre("hash-missing nixpkgs"));
    EXPECT_EQ(alarms[0].severity, AlarmSeverity::critical);
    EXPECT_THAT(alarms[0].detail, HasSubstr(hash('a')));
    EXPECT_THAT(codes(alarms_of({}, lock({direct(after)}))), ElementsAre("hash-missing nixpkgs"));
}

TEST(HashMissing, IsHowNixLocksAnInputInsideOfTheFlake) {
    EXPECT_THAT(alarms_of({}, lock({direct({.type = "path", .path = "./sub"})})), IsEmpty());
    EXPECT_THAT(codes(alarms_of({}, lock({direct({.type = "path", .path = "/srv/x"})}))),
                ElementsAre("hash-missing nixpkgs"));
}

TEST(Backwards, ByMoreThanADay) {
    const auto at = [](std::int64_t days) { return direct(nixpkgs('b', k_now - 20 * k_day + days)); };
    EXPECT_THAT(between(old_one(), at(-k_day)), IsEmpty());
    const auto alarms = between(old_one(), at(-k_day - 1));
    ASSERT_THAT(codes(alarms), ElementsAre("backwards nixpkgs"));
    EXPECT_EQ(alarms[0].severity, AlarmSeverity::critical);
    EXPECT_EQ(alarms[0].detail, "went back from aaaaaaaaaa (2026-11-01) to bbbbbbbbbb (2026-10-31)");
}

TEST(Backwards, OrInTheFuture) {
    EXPECT_THAT(between(old_one(), direct(nixpkgs('b', k_now + k_day))), IsEmpty());
    EXPECT_THAT(codes(between(old_one(), direct(nixpkgs('b', k_now + k_day + 1)))), ElementsAre("backwards nixpkgs"));
}

TEST(Backwards, TakesAnyNumberAndNoDateForNothing) {
    using Limits = std::numeric_limits<std::int64_t>;
    auto before = old_one();
    before.locked->last_modified = Limits::max();
    EXPECT_THAT(codes(between(before, direct(nixpkgs('b', Limits::min())))), ElementsAre("backwards nixpkgs"));
    EXPECT_THAT(codes(between(before, direct(nixpkgs('b', Limits::max())))), ElementsAre("backwards nixpkgs"));
    EXPECT_THAT(between(old_one(), direct(nixpkgs('b', 0))), IsEmpty()) << "a download without a date";
}

TEST(PlainHttp, IsAnAlarmForWhatIsLockedAndForWhatIsAskedFor) {
    const auto before = tarball("https://a.example.org/x.tar", 'a');
    for (const auto* type : {"git", "tarball", "file"})
        for (const auto* url : {"http://a.example.org/x", "HTTP://a.example.org/x", "http://127.example.org/x",
                                "http://localhost.example.org/x", "http://localhost@a.example.org/x"}) {
            const FlakeRef ref{.type = type, .url = url, .rev = rev('b'), .nar_hash = hash('b')};
            const auto alarms = alarms_of({}, lock({direct(ref)}));
            EXPECT_THAT(codes(alarms), ElementsAre("plain-http nixpkgs")) << type << " " << url;
            EXPECT_EQ(alarms.at(0).severity, AlarmSeverity::critical);
        }
    auto asked = direct(before);
    asked.original = FlakeRef{.type = "tarball", .url = "http://a.example.org/latest"};
    EXPECT_THAT(codes(alarms_of({}, lock({asked}))), ElementsAre("plain-http nixpkgs"));
}

TEST(PlainHttp, IsFineOnThisMachineAndWithEncryption) {
    for (const auto* url : {"http://localhost:8080/x", "http://127.0.0.1/x", "http://[::1]:80/x", "https://example.org",
                            "ssh://git@example.org/x", "file:///srv/x"}) {
        const FlakeRef ref{.type = "git", .url = url, .rev = rev('b'), .nar_hash = hash('b')};
        EXPECT_THAT(alarms_of({}, lock({direct(ref)})), IsEmpty()) << url;
    }
}

TEST(PlainHttp, NeverShowsCredentials) {
    const auto alarms = alarms_of({}, lock({direct(tarball("http://user:s3cret@example.org/x?token=s3cret", 'a'))}));
    ASSERT_EQ(alarms.size(), 1U);
    EXPECT_THAT(alarms[0].detail, HasSubstr("example.org/x"));
    EXPECT_THAT(alarms[0].detail, Not(HasSubstr("s3cret")));
}

TEST(NewTransitiveInput, BelowAnInputThatWasThere) {
    const auto below = input("nixpkgs/evil", nixpkgs('c', k_now), wish());
    const auto alarms = alarms_of(lock({old_one()}), lock({old_one(), below}));
    ASSERT_THAT(codes(alarms), ElementsAre("new-transitive-input nixpkgs/evil"));
    EXPECT_EQ(alarms[0].severity, AlarmSeverity::critical);
    EXPECT_THAT(alarms[0].detail, HasSubstr("cccccccccc"));
}

TEST(NewTransitiveInput, OrThatStoppedFollowing) {
    auto before = input("home/nixpkgs", nixpkgs('a', k_now), wish());
    before.follows = "nixpkgs";
    const auto home = input("home", nixpkgs('c', k_now), wish());
    const auto after = input("home/nixpkgs", nixpkgs('a', k_now), wish());
    EXPECT_THAT(codes(alarms_of(lock({home, before}), lock({home, after}))),
                ElementsAre("new-transitive-input home/nixpkgs"));
}

TEST(MutableSourceChanged, WithoutARevisionIsAWarning) {
    const auto alarms = between(direct(tarball("https://a.example.org/x.tar", 'a')),
                                direct(tarball("https://a.example.org/x.tar", 'b')));
    ASSERT_THAT(codes(alarms), ElementsAre("mutable-source-changed nixpkgs"));
    EXPECT_EQ(alarms[0].severity, AlarmSeverity::warn);
    EXPECT_THAT(alarms[0].detail, HasSubstr(hash('a')));
    EXPECT_THAT(alarms[0].detail, HasSubstr(hash('b')));
}

TEST(FromRegistry, IsAWarning) {
    auto before = old_one(), after = direct(nixpkgs('b', k_now));
    before.original = after.original = FlakeRef{.type = "indirect", .id = "nixpkgs"};
    const auto alarms = between(before, after);
    ASSERT_THAT(codes(alarms), ElementsAre("from-registry nixpkgs"));
    EXPECT_EQ(alarms[0].severity, AlarmSeverity::warn);
}

TEST(LockAlarms, CriticalOnesComeFirst) {
    auto a = input("a", tarball("https://example.org/x", 'a'), std::nullopt), a2 = a;
    a2.locked->nar_hash = hash('b');
    auto b = input("b", nixpkgs('a', k_now), wish()), b2 = b;
    b2.locked->owner = "evil";
    EXPECT_THAT(codes(alarms_of(lock({a, b}), lock({a2, b2}))), ElementsAre("moved b", "mutable-source-changed a"));
}

TEST(JudgeAlarms, StopsByGlobAndIgnoreWins) {
    const std::vector<LockAlarm> raised{{AlarmSeverity::critical, "moved", "a", "x"},
                                        {AlarmSeverity::warn, "from-registry", "b", "y"},
                                        {AlarmSeverity::critical, "backwards", "c\n", "z"}};
    const auto judged = judge_alarms(raised, {{"from-*", "backwards"}, {"back*"}});
    EXPECT_THAT(codes(judged.alarms), ElementsAre("from-registry b", "moved a"));
    EXPECT_TRUE(judged.alarms[0].stops);
    EXPECT_FALSE(judged.alarms[1].stops);
    EXPECT_THAT(judged.ignored, ElementsAre("backwards of c"));
    EXPECT_EQ(alarm_headline(judged.alarms), "lock alarm: from-registry");
    EXPECT_TRUE(any_stops(judged.alarms));
    EXPECT_FALSE(any_stops(raised));
    EXPECT_EQ(alarm_headline(raised), "");
}

TEST(AlarmTexts, AreOneCleanLineEach) {
    const std::vector<LockAlarm> alarms{{AlarmSeverity::critical, "moved", "a\n::error::@you", "x\x1b[31m<b>", true}};
    EXPECT_EQ(alarms_text(alarms).find('\x1b'), std::string::npos);
    EXPECT_EQ(alarms_text(alarms).find('\n'), alarms_text(alarms).size() - 1);
    EXPECT_THAT(alarms_markdown(alarms), Not(HasSubstr("<b>")));
    EXPECT_EQ(alarms_text(std::vector<LockAlarm>(5, alarms[0]), 2).substr(0, 2), "!!");
    EXPECT_THAT(alarms_text(std::vector<LockAlarm>(5, alarms[0]), 2), HasSubstr("… and 3 more\n"));
}

}  // namespace
}  // namespace lockstep
