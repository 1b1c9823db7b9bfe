// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "lockstep/core/lockfile.hpp"
#include "support/temp_dir.hpp"
#include "support/utf8.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::json;

LockFile read_lock(std::string_view name) {
    auto result = parse_lock(test::read_file(std::filesystem::path(LOCKSTEP_TEST_DATA) / "lock" / name));
    EXPECT_TRUE(result.ok());
    return result.ok() ? *result : LockFile{};
}

std::vector<InputChange> fleet_changes() {
    return diff_locks(read_lock("fleet-before.lock"), read_lock("fleet-after.lock"));
}

const InputChange* find(const std::vector<InputChange>& changes, std::string_view input) {
    for (const auto& change : changes)
        if (change.input == input) return &change;
    return nullptr;
}

/// One direct input `x`.
LockFile with(FlakeRef locked, std::optional<FlakeRef> original = std::nullopt) {
    return {7, {{.path = "x", .direct = true, .locked = std::move(locked), .original = std::move(original)}}};
}

std::string kind(const LockFile& before, const LockFile& after) {
    const auto changes = diff_locks(before, after);
    EXPECT_LE(changes.size(), 1U);
    return changes.empty() ? "" : std::string(change_word(changes.front().change));
}

TEST(DiffLocks, FleetByInputPath) {
    const auto changes = fleet_changes();
    const std::vector<std::pair<std::string, std::string>> expected{{"berg", "updated"},
                                                                    {"blob", "updated"},
                                                                    {"dirty", "updated"},
                                                                    {"disko", "updated"},
                                                                    {"disko/nixpkgs", "follows"},
                                                                    {"flake-parts", "added"},
                                                                    {"flake-parts/nixpkgs", "added"},
                                                                    {"flake-parts/nixpkgs-lib", "added"},
                                                                    {"home-manager", "updated"},
                                                                    {"hub", "updated"},
                                                                    {"hut", "updated"},
                                                                    {"lab", "updated"},
                                                                    {"moved", "retargeted"},
                                                                    {"nixpkgs", "updated"},
                                                                    {"old", "removed"},
                                                                    {"old/systems", "removed"},
                                                                    {"registry", "updated"},
                                                                    {"reverted", "updated"},
                                                                    {"secret", "updated"},
                                                                    {"stable", "retargeted"},
                                                                    {"work", "updated"}};
    std::vector<std::pair<std::string, std::string>> actual;
    for (const auto& change : changes) actual.emplace_back(change.input, change_word(change.change));
    EXPECT_EQ(actual, expected) << "re-suffixed node keys, unchanged and merely following inputs must not be listed";
}

TEST(DiffLocks, CarriesBothSides) {
    const auto changes = fleet_changes();
    const auto* added = find(changes, "flake-parts/nixpkgs");
    ASSERT_NE(added, nullptr);
    EXPECT_EQ(added->from, std::nullopt);
    EXPECT_EQ(added->follows_to, "nixpkgs");
    EXPECT_FALSE(added->direct);
    const auto* removed = find(changes, "old");
    EXPECT_TRUE(removed->direct);
    EXPECT_TRUE(removed->from.has_value());
    EXPECT_EQ(removed->to, std::nullopt);
    const auto* follows = find(changes, "disko/nixpkgs");
    EXPECT_EQ(follows->follows_from, std::nullopt);
    EXPECT_EQ(follows->follows_to, "nixpkgs");
    EXPECT_EQ(follows->compare, "");
    const auto* stable = find(changes, "stable");
    EXPECT_EQ(stable->from->ref, "nixos-26.05") << "the branch that only flake.nix names";
    EXPECT_EQ(stable->to->ref, "nixos-26.11");
    EXPECT_NE(find(changes, "nixpkgs")->compare.find("https://github.com/NixOS/nixpkgs/compare/"), std::string::npos);
    EXPECT_EQ(find(changes, "moved")->compare, "");
}

TEST(DiffLocks, OfEqualFilesIsEmptyAndOfNothingIsEverything) {
    const auto before = read_lock("fleet-before.lock"), after = read_lock("fleet-after.lock");
    EXPECT_TRUE(diff_locks(before, before).empty());
    const auto all = diff_locks({}, after);
    EXPECT_EQ(all.size(), after.inputs.size());
    for (const auto& change : all) EXPECT_EQ(change.change, ChangeKind::added);
    for (const auto& change : diff_locks(after, {})) EXPECT_EQ(change.change, ChangeKind::removed);
}

TEST(DiffLocks, TellsUpdatesFromOtherPlaces) {
    const FlakeRef github{.type = "github", .owner = "o", .repo = "r", .rev = "1", .nar_hash = "h1"};
    const FlakeRef asked{.type = "github", .owner = "o", .repo = "r", .ref = "main"};
    auto moved = github;
    moved.rev = "2";
    EXPECT_EQ(kind(with(github, asked), with(moved, asked)), "updated");
    moved = github;
    moved.nar_hash = "h2";
    EXPECT_EQ(kind(with(github, asked), with(moved, asked)), "updated") << "same revision, other content";
    moved = github;
    moved.host = "github.com";
    EXPECT_EQ(kind(with(github, asked), with(moved, asked)), "") << "the default host, written out";
    moved.host = "evil.example.org";
    EXPECT_EQ(kind(with(github, asked), with(moved, asked)), "retargeted");
    for (auto FlakeRef::*member : {&FlakeRef::type, &FlakeRef::owner, &FlakeRef::repo, &FlakeRef::dir}) {
        moved = github;
        moved.*member = "else";
        EXPECT_EQ(kind(with(github, asked), with(moved, asked)), "retargeted")
            << "the lock moved although flake.nix did not";
        auto asked_else = asked;
        asked_else.*member = "else";
        EXPECT_EQ(kind(with(github, asked), with(github, asked_else)), "retargeted")
            << "flake.nix asks for another place";
    }
    auto branch = asked;
    branch.ref = "release";
    EXPECT_EQ(kind(with(github, asked), with(github, branch)), "retargeted");
    EXPECT_EQ(kind(with(github, asked), with(github, FlakeRef{.type = "indirect", .id = "r", .ref = "main"})), "");
}

TEST(DiffLocks, GitAndDownloads) {
    FlakeRef git{.type = "git", .url = "https://x.org/r", .ref = "main", .rev = "1"};
    auto other = git;
    other.ref = "refs/heads/main";
    EXPECT_EQ(kind(with(git), with(other)), "");
    other.ref = "";
    EXPECT_EQ(kind(with(git), with(other)), "");
    other.ref = "dev";
    EXPECT_EQ(kind(with(git), with(other)), "retargeted");
    other = git;
    other.url = "http://x.org/r";
    EXPECT_EQ(kind(with(git), with(other)), "retargeted");

    const FlakeRef channel{.type = "tarball", .url = "https://channels.x.org/unstable.tar.xz"};
    const FlakeRef one{.type = "tarball", .url = "https://releases.x.org/1.tar.xz", .nar_hash = "h1"};
    auto two = one;
    two.url = "https://releases.x.org/2.tar.xz";
    EXPECT_EQ(kind(with(one, channel), with(two, channel)), "updated");
    two.url = "http://releases.x.org/2.tar.xz";
    EXPECT_EQ(kind(with(one, channel), with(two, channel)), "retargeted") << "no longer encrypted";
    two.url = "https://evil.example.org/2.tar.xz";
    EXPECT_EQ(kind(with(one, channel), with(two, channel)), "retargeted");

    const FlakeRef store{.type = "path", .path = "/nix/store/a-source"},
        store_too{.type = "path", .path = "/nix/store/b-source"};
    EXPECT_EQ(kind(with(store), with(store_too)), "updated");
    EXPECT_EQ(kind(with(store), with({.type = "path", .path = "/home/x"})), "retargeted");
}

TEST(LockdiffGolden, Text) {
    test::expect_golden("lock/fleet.txt", lockdiff_text(fleet_changes()));
}
TEST(LockdiffGolden, Markdown) {
    test::expect_golden("lock/fleet.md", lockdiff_markdown(fleet_changes()));
}
TEST(LockdiffGolden, Json) {
    test::expect_golden("lock/fleet.json", lockdiff_json(fleet_changes()));
}

TEST(Lockdiff, NothingChanged) {
    EXPECT_EQ(lockdiff_text({}), "no inputs changed\n");
    EXPECT_EQ(lockdiff_markdown({}), "no inputs changed\n");
    EXPECT_EQ(lockdiff_json({}), "[]\n");
}

TEST(Lockdiff, JsonHasTheShapeThatScriptsReadAndNoSecrets) {
    const auto text = lockdiff_json(fleet_changes());
    EXPECT_EQ(text.find("hunter2"), std::string::npos);
    const auto list = Json::parse(text);
    ASSERT_TRUE(list.is_array());
    std::string last;
    for (const auto& item : list) {
        for (const auto* member : {"input", "change", "direct", "from", "to"}) ASSERT_TRUE(item.contains(member));
        EXPECT_EQ(item["from"].is_null(), item["change"] == "added");
        EXPECT_EQ(item["to"].is_null(), item["change"] == "removed");
        EXPECT_LT(last, item["input"].get<std::string>());
        last = item["input"];
        if (item["input"] == "disko/nixpkgs") {
            EXPECT_EQ(item["to"]["follows"], "nixpkgs");
            EXPECT_FALSE(item["from"].contains("follows"));
        }
    }
    const auto nothing = Json::parse(
        lockdiff_json(diff_locks({7, {{.path = "x", .follows = ""}}}, {7, {{.path = "x", .follows = "y"}}})));
    EXPECT_EQ(nothing[0]["from"]["follows"], "") << "an input that follows nothing is there, unlike one that is absent";
}

TEST(Lockdiff, NoRendererShowsCredentials) {
    for (const auto& text : {lockdiff_text(fleet_changes()), lockdiff_markdown(fleet_changes())})
        EXPECT_EQ(text.find("hunter2"), std::string::npos);
    FlakeRef with_token{.type = "tarball", .url = "https://x.org/a?private_token=hunter2", .nar_hash = "h"};
    const auto added = diff_locks({}, with(with_token));
    for (const auto& text : {lockdiff_text(added), lockdiff_markdown(added), lockdiff_json(added)})
        EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
}

TEST(Lockdiff, MarkdownLinksOnlyWhatWeMade) {
    auto change = fleet_changes().front();
    change.compare = "javascript:alert(1)";
    EXPECT_EQ(lockdiff_markdown({change}).find("]("), std::string::npos);
    for (const auto* address :
         {"https://x.org/) <img>", "https://x.org/\xff`", "https://a@x.org/", "https://x.org/\x1b[2J"}) {
        change.compare = address;
        EXPECT_EQ(lockdiff_markdown({change}).find("]("), std::string::npos) << address;
    }
}

TEST(Lockdiff, HostileNamesStayTextInEveryRenderer) {
    std::mt19937 random(11);
    for (int round = 0; round < 500; ++round) {
        const auto foreign = [&] { return test::hostile_bytes(random, 12); };
        const FlakeRef ref{.type = foreign(),
                           .owner = foreign(),
                           .repo = foreign(),
                           .host = foreign(),
                           .url = foreign(),
                           .path = foreign(),
                           .id = foreign(),
                           .ref = foreign(),
                           .rev = foreign(),
                           .dir = foreign(),
                           .nar_hash = foreign(),
                           .last_modified = -5};
        auto other = ref;
        other.rev = foreign() + "x";
        const LockFile before{7, {{.path = foreign(), .direct = true, .locked = ref, .original = ref}}};
        auto after = before;
        after.inputs[0].locked = other;
        if (round % 3 == 0) after.inputs[0].follows = foreign();
        if (round % 5 == 0) after.inputs[0].path += "z";
        const auto changes = diff_locks(before, after);
        const auto text = lockdiff_text(changes), markdown = lockdiff_markdown(changes), json = lockdiff_json(changes);
        for (const auto& output : {text, markdown, json}) {
            ASSERT_TRUE(test::is_valid_utf8(output));
            ASSERT_EQ(output.find_first_of("\x1b\r\a"), std::string::npos);
            ASSERT_EQ(output.back(), '\n');
        }
        ASSERT_EQ(Json::parse(json).size(), changes.size());
        ASSERT_EQ(std::count(text.begin(), text.end(), '\n'),
                  static_cast<long>(changes.size()) + (changes.empty() ? 1 : 1))
            << text;
        ASSERT_EQ(markdown.find('<'), std::string::npos) << markdown;
        ASSERT_EQ(std::count(markdown.begin(), markdown.end(), '\n'),
                  static_cast<long>(changes.size()) + (changes.empty() ? 1 : 4));
    }
}

TEST(Lockdiff, SaysWhereARevisionChangedItsContent) {
    FlakeRef ref{.type = "github", .owner = "o", .repo = "r", .rev = std::string(40, 'a'), .nar_hash = "h1"};
    auto tampered = ref;
    tampered.nar_hash = "h2";
    const auto changes = diff_locks(with(ref), with(tampered));
    EXPECT_EQ(lockdiff_text(changes), "direct inputs:\n  x: aaaaaaaaaa → aaaaaaaaaa, same revision, other content\n");
    EXPECT_NE(lockdiff_markdown(changes).find("| x (same revision, other content) |"), std::string::npos);
}

TEST(Lockdiff, SillyTimesHaveNoDate) {
    FlakeRef ref{.type = "github",
                 .owner = "o",
                 .repo = "r",
                 .rev = std::string(40, 'a'),
                 .last_modified = 9'223'372'036'854'775'807};
    EXPECT_EQ(lockdiff_text(diff_locks({}, with(ref))), "direct inputs:\n  x: added, github:o/r aaaaaaaaaa\n");
    ref.last_modified = 1;
    EXPECT_EQ(lockdiff_text(diff_locks({}, with(ref))),
              "direct inputs:\n  x: added, github:o/r aaaaaaaaaa (1970-01-01)\n");
}

}  // namespace
}  // namespace lockstep
