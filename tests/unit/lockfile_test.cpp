// SPDX-License-Identifier: MIT
#include "lockstep/core/lockfile.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "support/temp_dir.hpp"
#include "support/utf8.hpp"

namespace lockstep {
namespace {

using Names = std::vector<std::string>;

std::string data(std::string_view name) {
    return test::read_file(std::filesystem::path(LOCKSTEP_TEST_DATA) / "lock" / name);
}

/// A lock file around nodes; `github(x)` makes the rest of one.
std::string lock(const std::string& nodes, int version = 7) {
    return R"({"version":)" + std::to_string(version) + R"(,"root":"root","nodes":{)" + nodes + "}}";
}
std::string locked(const std::string& rev = "1") {
    return R"("locked":{"type":"github","owner":"o","repo":"r","rev":")" + rev +
           R"(","narHash":"sha256-x","lastModified":5})";
}

LockFile parsed(std::string_view text) {
    auto result = parse_lock(text);
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().why);
    return result.ok() ? *result : LockFile{};
}

Names paths(const LockFile& file) {
    Names names;
    for (const auto& input : file.inputs) names.push_back(input.path);
    return names;
}

void expect_error(const std::string& text, const std::string& part) {
    const auto result = parse_lock(text);
    ASSERT_FALSE(result.ok()) << text.substr(0, 200);
    EXPECT_EQ(result.error().kind, ErrorKind::config);
    EXPECT_NE(result.error().why.find(part), std::string::npos) << result.error().why;
    EXPECT_FALSE(result.error().hint.empty());
    EXPECT_LT(result.error().why.size(), 600U);
    EXPECT_EQ(result.error().why.find_first_of("\x1b\n"), std::string::npos);
}

TEST(ParseLock, ListsEveryInputPathSorted) {
    const auto file = parsed(data("fleet-before.lock"));
    EXPECT_EQ(file.version, 7);
    EXPECT_EQ(
        paths(file),
        (Names{"berg", "blob",        "dirty",    "disko",    "disko/nixpkgs", "home-manager", "home-manager/nixpkgs",
               "hub",  "hut",         "lab",      "local",    "local/nothing", "moved",        "nixpkgs",
               "old",  "old/systems", "registry", "reverted", "secret",        "stable",       "theme",
               "work"}));
    auto direct = file.direct_names();
    EXPECT_EQ(direct.size(), 18U);
    EXPECT_TRUE(std::is_sorted(direct.begin(), direct.end()));
    EXPECT_EQ(file.find("nope"), nullptr);
    EXPECT_EQ(file.find("zzz"), nullptr);
    ASSERT_NE(file.find("old/systems"), nullptr);
    EXPECT_FALSE(file.find("old/systems")->direct);
}

TEST(ParseLock, ReadsWhatIsKnownOfAnInput) {
    const auto file = parsed(data("fleet-before.lock"));
    const auto* nixpkgs = file.find("nixpkgs");
    ASSERT_NE(nixpkgs, nullptr);
    EXPECT_TRUE(nixpkgs->direct);
    EXPECT_EQ(nixpkgs->follows, std::nullopt);
    EXPECT_EQ(nixpkgs->original,
              (FlakeRef{.type = "github", .owner = "NixOS", .repo = "nixpkgs", .ref = "nixos-unstable"}));
    ASSERT_TRUE(nixpkgs->locked.has_value());
    EXPECT_EQ(nixpkgs->locked->rev.size(), 40U);
    EXPECT_EQ(nixpkgs->locked->nar_hash.substr(0, 7), "sha256-");
    EXPECT_GT(nixpkgs->locked->last_modified, 1'700'000'000);
    EXPECT_TRUE(nixpkgs->is_flake);
    EXPECT_FALSE(file.find("theme")->is_flake);
    EXPECT_EQ(file.find("local")->locked, (FlakeRef{.type = "path", .path = "./local"}));
    EXPECT_EQ(file.find("lab")->locked->host, "gitlab.example.org");
    EXPECT_EQ(file.find("registry")->original, (FlakeRef{.type = "indirect", .id = "flake-utils"}));
    EXPECT_TRUE(file.find("dirty")->locked->rev.ends_with("-dirty"));
}

TEST(ParseLock, FollowsIsResolvedButNotEntered) {
    const auto file = parsed(data("fleet-before.lock"));
    const auto* follower = file.find("home-manager/nixpkgs");
    ASSERT_NE(follower, nullptr);
    EXPECT_EQ(follower->follows, "nixpkgs");
    EXPECT_EQ(follower->locked, file.find("nixpkgs")->locked);
    const auto* nothing = file.find("local/nothing");
    ASSERT_NE(nothing, nullptr);
    EXPECT_EQ(nothing->follows, "");
    EXPECT_EQ(nothing->locked, std::nullopt);
}

TEST(ParseLock, FollowsThroughFollowsAndIntoTheVoid) {
    const auto file =
        parsed(lock(R"("root":{"inputs":{"a":"A","b":["a","x"],"c":["b"],"gone":["a","nope"],"l":["m"],"m":["l"]}},)"
                    R"("A":{"inputs":{"x":"X","y":["c"]},)" +
                    locked("a") + R"(},"X":{)" + locked("x") + "}"));
    EXPECT_EQ(file.find("b")->locked->rev, "x");
    EXPECT_EQ(file.find("c")->locked->rev, "x");
    EXPECT_EQ(file.find("a/y")->locked->rev, "x");
    EXPECT_EQ(file.find("a/y")->follows, "c");
    EXPECT_EQ(file.find("gone")->locked, std::nullopt);
    EXPECT_EQ(file.find("gone")->follows, "a/nope");
    EXPECT_EQ(file.find("l")->locked, std::nullopt) << "two inputs that follow each other";
}

TEST(ParseLock, CyclesOfNodesAreCut) {
    const auto file = parsed(lock(R"("root":{"inputs":{"a":"A"}},"A":{"inputs":{"b":"B"},)" + locked("a") +
                                  R"(},"B":{"inputs":{"a":"A","self":"B"},)" + locked("b") + "}"));
    EXPECT_EQ(paths(file), (Names{"a", "a/b", "a/b/a", "a/b/self"}));
    EXPECT_EQ(file.find("a/b/a")->locked->rev, "a");
}

TEST(ParseLock, OldVersionsKeepTheHashBesideTheReference) {
    const auto file = parsed(data("version5.lock"));
    EXPECT_EQ(file.version, 5);
    EXPECT_EQ(file.find("nixpkgs")->locked->nar_hash, "sha256-Ri5gTnDIe9xtAbzYpXF1JDPDGmWPSpFjM9fhAxwVMtE=");
    EXPECT_EQ(file.find("nixpkgs")->locked->last_modified, 1587398327);
}

TEST(ParseLock, AFlakeWithoutInputs) {
    EXPECT_TRUE(parsed(lock(R"("root":{})")).inputs.empty());
    EXPECT_TRUE(parsed("\xEF\xBB\xBF" + lock(R"("root":{})") + "\r\n").inputs.empty());
}

TEST(ParseLock, NamesTheLineOfAConflictMarker) {
    expect_error(data("conflict.lock"), "line 8 is a merge conflict marker");
    EXPECT_NE(parse_lock(data("conflict.lock")).error().hint.find("nix flake lock"), std::string::npos);
    expect_error("{\r\n=======\r\n}", "line 2 is a merge conflict marker");
    EXPECT_TRUE(parse_lock(lock(R"("root":{"inputs":{"<<<<<<<":"A"}},"A":{)" + locked() + "}")).ok());
}

TEST(ParseLock, RefusesWhatIsNoLockFile) {
    expect_error("", "not valid JSON");
    expect_error("{\n\"version\": 7,\n oops", "line 3");
    expect_error("\x1b[31m", "not valid JSON");
    expect_error("{\"a\":\"\xFF\"}", "not valid JSON");
    expect_error("[]", "not a JSON object");
    expect_error("null", "not a JSON object");
    expect_error("{}", "no \"version\"");
    expect_error(R"({"version":"7"})", "no \"version\"");
    expect_error(R"({"version":7})", "\"root\"");
    expect_error(R"({"version":7,"root":"r"})", "no \"nodes\"");
    expect_error(R"({"version":7,"root":"r","nodes":[]})", "no \"nodes\"");
    for (const int version : {0, 4, 8, -1})
        expect_error(lock(R"("root":{})", version), "its version is " + std::to_string(version));
    expect_error(R"({"version":18446744073709551615,"root":"r","nodes":{}})", "its version is");
}

TEST(ParseLock, NamesTheNodeThatIsWrong) {
    expect_error(lock(""), "node \"root\", which is not there");
    expect_error(lock(R"("root":{"inputs":{"a":"A"}})"), "input \"a\" names the node \"A\", which is not there");
    expect_error(lock(R"("root":{"inputs":{"a":"A"}},"A":{})"), "node \"A\" has no member \"locked\"");
    expect_error(lock(R"("root":[])"), "node \"root\" is not an object");
    expect_error(lock(R"("root":{"inputs":[]})"), "node \"root\" has \"inputs\"");
    expect_error(lock(R"("root":{"inputs":{"a":5}})"), "an input \"a\" that is neither");
    expect_error(lock(R"("root":{"inputs":{"a":["x",5]}})"), "an input \"a\" that is neither");
    expect_error(lock(R"("root":{"inputs":{"a/b":"A"}})"), "named \"a/b\"");
    expect_error(lock(R"("root":{"inputs":{"":"A"}})"), "named \"\"");
    expect_error(lock(R"("root":{},"A":{"locked":[]})"), "node \"A\" has a member \"locked\"");
    expect_error(lock(R"("root":{},"A":{"locked":{}})"), "without a type");
    expect_error(lock(R"("root":{},"A":{"locked":{"type":"git","rev":7}})"),
                 "node \"A\" has a \"rev\" that is not text");
    expect_error(lock(R"("root":{},"A":{"original":{"type":"git","url":{}}})"), "\"url\" that is not text");
    expect_error(lock(R"("root":{},"A":{"locked":{"type":"git","lastModified":"x"}})"), "\"lastModified\"");
    expect_error(lock(R"("root":{},"A":{"flake":"no"})"), "\"flake\"");
    expect_error(lock(R"("root":{},"\u001b[31m\nA":5)"), "is not an object");
}

TEST(ParseLock, DeepNestingIsAnErrorNotACrash) {
    expect_error(std::string(1'000'000, '['), "nested deeper than 64 levels");
    std::string objects;
    for (int i = 0; i < 1'000'000; ++i) objects += "{\"a\":";
    expect_error(objects, "nested deeper than 64 levels");
    const std::string brackets_in_text(1000, '[');
    EXPECT_TRUE(
        parse_lock(lock(R"("root":{},"A":{)" + locked(brackets_in_text + "\\\"" + brackets_in_text) + "}")).ok());
}

TEST(ParseLock, LongChainsAndExplosionsAreBounded) {
    std::string chain = R"("root":{"inputs":{"n":"n0"}})", twins = R"("root":{"inputs":{"n":"n0"}})";
    for (int i = 0; i < 100; ++i) {
        const auto key = "n" + std::to_string(i), next = "n" + std::to_string(i + 1);
        chain += ",\"" + key + R"(":{"inputs":{"n":")" + next + "\"}," + locked() + "}";
        if (i < 40)
            twins += ",\"" + key + R"(":{"inputs":{"a":")" + next + R"(","b":")" + next + "\"}," + locked() + "}";
    }
    chain += R"(,"n100":{)" + locked() + "}";
    twins += R"(,"n40":{)" + locked() + "}";
    expect_error(lock(chain), "nested deeper than 64 levels");
    expect_error(lock(twins), "more inputs than any flake has");

    std::string wide = R"("root":{"inputs":{)";
    for (int i = 0; i < 2000; ++i) wide += (i == 0 ? "\"i" : ",\"i") + std::to_string(i) + R"(":"big")";
    expect_error(lock(wide + R"(}},"big":{)" + locked(std::string(1'000'000, 'x')) + "}"),
                 "more inputs than any flake has");
    expect_error(std::string((std::size_t{64} << 20U) + 1, ' '), "larger than 64 MiB");
}

TEST(ParseLock, FollowsThatGrowAreBounded) {
    std::string nodes = R"("root":{"inputs":{"z":"Z")";
    for (int i = 0; i < 60; ++i) {
        const auto next = "\"f" + std::to_string(i + 1) + "\"";
        nodes += ",\"f" + std::to_string(i) + "\":[" + next + "," + next + "]";
    }
    const auto file = parsed(lock(nodes + R"(,"f60":["z"]}},"Z":{)" + locked() + "}"));
    EXPECT_EQ(file.find("f0")->locked, std::nullopt);
    EXPECT_TRUE(file.find("f60")->locked.has_value());
}

TEST(ParseLock, DamagedFilesGiveAResultOfEitherKind) {
    const auto good = data("fleet-before.lock");
    std::mt19937 random(5);
    std::uniform_int_distribution<std::size_t> place(0, good.size() - 1);
    std::uniform_int_distribution<int> byte(0, 255);
    int errors = 0;
    for (int round = 0; round < 400; ++round) {
        auto text = good;
        for (int i = 0; i < 3; ++i) text[place(random)] = static_cast<char>(byte(random));
        const auto result = parse_lock(round % 2 == 0 ? text : std::string_view(text).substr(0, place(random)));
        if (result.ok()) continue;
        ++errors;
        ASSERT_TRUE(test::is_valid_utf8(result.error().why));
    }
    EXPECT_GT(errors, 200);
}

TEST(Location, PointsAtAPlaceWithoutSecrets) {
    EXPECT_EQ(location({.type = "github", .owner = "NixOS", .repo = "nixpkgs", .ref = "nixos-unstable"}),
              "github:NixOS/nixpkgs/nixos-unstable");
    EXPECT_EQ(location({.type = "github", .owner = "o", .repo = "r", .host = "github.com"}), "github:o/r");
    EXPECT_EQ(location({.type = "gitlab", .owner = "a%2Fb", .repo = "r", .host = "gl.example.org", .dir = "nix"}),
              "gitlab:a%2Fb/r?host=gl.example.org&dir=nix");
    EXPECT_EQ(location({.type = "sourcehut", .owner = "~u", .repo = "r"}), "sourcehut:~u/r");
    EXPECT_EQ(location({.type = "git", .url = "https://u:p@x.org/r.git", .ref = "refs/heads/main"}),
              "git+https://x.org/r.git?ref=main");
    EXPECT_EQ(location({.type = "git", .url = "https://token@x.org:8443/r"}), "git+https://x.org:8443/r");
    EXPECT_EQ(location({.type = "git", .url = "ssh://git:pw@x.org/r"}), "git+ssh://git@x.org/r");
    EXPECT_EQ(location({.type = "git", .url = "file:///srv/r"}), "git+file:///srv/r");
    EXPECT_EQ(location({.type = "tarball", .url = "https://x.org/a.tar.gz?ref=main&access_token=abc#frag"}),
              "https://x.org/a.tar.gz?ref=main&access_token=REDACTED");
    EXPECT_EQ(location({.type = "file", .url = "https://x.org/f"}), "https://x.org/f");
    EXPECT_EQ(location({.type = "path", .path = "./a"}), "path:./a");
    EXPECT_EQ(location({.type = "indirect", .id = "nixpkgs", .ref = "nixos-26.05"}), "flake:nixpkgs/nixos-26.05");
    EXPECT_EQ(location({.type = "hg", .url = "https://x.org/h"}), "hg+https://x.org/h");
}

const std::string k_old(40, 'a'), k_new(40, 'b');

std::string compared(FlakeRef ref) {
    auto after = ref;
    ref.rev = k_old;
    after.rev = k_new;
    return compare_url(ref, after);
}

TEST(CompareUrl, KnowsThePagesOfForges) {
    EXPECT_EQ(compared({.type = "github", .owner = "o", .repo = "r"}),
              "https://github.com/o/r/compare/" + k_old + "..." + k_new);
    EXPECT_EQ(compared({.type = "github", .owner = "o", .repo = "r", .host = "ghe.example.org"}),
              "https://ghe.example.org/o/r/compare/" + k_old + "..." + k_new);
    EXPECT_EQ(compared({.type = "gitlab", .owner = "g%2Fs", .repo = "r"}),
              "https://gitlab.com/g/s/r/-/compare/" + k_old + "..." + k_new);
    EXPECT_EQ(compared({.type = "sourcehut", .owner = "~u", .repo = "r"}), "https://git.sr.ht/~u/r/log/" + k_new);
    EXPECT_EQ(compared({.type = "git", .url = "https://u:p@codeberg.org/o/r.git"}),
              "https://codeberg.org/o/r/compare/" + k_old + "..." + k_new);
    EXPECT_EQ(compared({.type = "git", .url = "ssh://git@github.com/o/r"}),
              "https://github.com/o/r/compare/" + k_old + "..." + k_new);
    EXPECT_EQ(compared({.type = "git", .url = "https://gitlab.com/a/b/c/"}),
              "https://gitlab.com/a/b/c/-/compare/" + k_old + "..." + k_new);
    EXPECT_EQ(compared({.type = "github", .owner = "o\"><x", .repo = "a b)"}),
              "https://github.com/o%22%3E%3Cx/a%20b%29/compare/" + k_old + "..." + k_new);
}

TEST(CompareUrl, IsEmptyWhereNothingIsCertain) {
    const std::vector<FlakeRef> unknown{{.type = "git", .url = "https://git.example.org/o/r"},
                                        {.type = "git", .url = "http://codeberg.org/o/r"},
                                        {.type = "git", .url = "https://codeberg.org/o"},
                                        {.type = "git", .url = "https://codeberg.org/o/r/x"},
                                        {.type = "git", .url = "https://codeberg.org/../r"},
                                        {.type = "git", .url = "codeberg.org/o/r"},
                                        {.type = "tarball", .url = "https://github.com/o/r/x.tar.gz"},
                                        {.type = "path", .path = "/x"},
                                        {.type = "github", .owner = "..", .repo = "r"},
                                        {.type = "github", .owner = "", .repo = "r"},
                                        {.type = "github", .owner = "o/p", .repo = "r"},
                                        {.type = "github", .owner = "o", .repo = "r", .host = "a/b@c"},
                                        {.type = "indirect", .id = "nixpkgs"},
                                        {}};
    for (const auto& ref : unknown) EXPECT_EQ(compared(ref), "") << location(ref);
    const FlakeRef github{.type = "github", .owner = "o", .repo = "r", .rev = k_old};
    auto other = github;
    EXPECT_EQ(compare_url(github, other), "") << "same revision";
    other.rev = "main";
    EXPECT_EQ(compare_url(github, other), "");
    other.rev = k_new + "-dirty";
    EXPECT_EQ(compare_url(github, other), "");
    other.rev = k_new;
    other.repo = "fork";
    EXPECT_EQ(compare_url(github, other), "") << "other repository";
}

}  // namespace
}  // namespace lockstep
