// SPDX-License-Identifier: MIT
#include "lockstep/core/target.hpp"

#include <gtest/gtest.h>

namespace lockstep {
namespace {

using Names = std::vector<std::string>;

std::vector<Target> hosts(const Names& names) {
    std::vector<Target> targets;
    for (const auto& name : names) targets.push_back(make_target("nixosConfigurations", TargetKind::nixos, name));
    return targets;
}

Names names(const std::vector<Target>& targets) {
    Names result;
    for (const auto& target : targets) result.push_back(target.name);
    return result;
}

Names selected(const Names& all, const Names& include, const Names& exclude = {}) {
    const auto selection = select_targets(hosts(all), include, exclude, true);
    return selection ? names(selection->selected) : Names{"error: " + selection.error().what};
}

TEST(Target, SetsAndKinds) {
    EXPECT_EQ(*target_kind_of_set("nixosConfigurations"), TargetKind::nixos);
    EXPECT_EQ(*target_kind_of_set("darwinConfigurations"), TargetKind::darwin);
    EXPECT_EQ(*target_kind_of_set("homeConfigurations"), TargetKind::home);
    EXPECT_EQ(*target_kind_of_set("packages.x86_64-linux"), TargetKind::package);
    EXPECT_EQ(*target_kind_of_set("checks.aarch64-linux"), TargetKind::check);
    EXPECT_EQ(*target_kind_of_set("devShells.riscv64-linux"), TargetKind::dev_shell);
    for (const auto* set :
         {"", "packages", "packages.", "checks.a.b", "checks.x\"y", "checks.${x}", "NixosConfigurations", "apps.x"}) {
        const auto kind = target_kind_of_set(set);
        ASSERT_FALSE(kind.ok()) << set;
        EXPECT_EQ(kind.error().kind, ErrorKind::config);
        EXPECT_FALSE(kind.error().hint.empty());
    }
}

TEST(Target, NamesAndDerivations) {
    EXPECT_EQ(make_target("nixosConfigurations", TargetKind::nixos, "core01.ofborg.org").name, "core01.ofborg.org");
    EXPECT_EQ(make_target("checks.x86_64-linux", TargetKind::check, "fmt"),
              (Target{"checks.x86_64-linux.fmt", TargetKind::check, "checks.x86_64-linux", "fmt"}));
    EXPECT_EQ(make_target("homeConfigurations", TargetKind::home, "al@box").name, "homeConfigurations.al@box");
    EXPECT_EQ(derivation_suffix(TargetKind::nixos), (Names{"config", "system", "build", "toplevel"}));
    EXPECT_EQ(derivation_suffix(TargetKind::home), Names{"activationPackage"});
    EXPECT_EQ(derivation_suffix(TargetKind::darwin), Names{"system"});
    EXPECT_TRUE(derivation_suffix(TargetKind::check).empty());
}

struct GlobCase {
    std::string_view pattern, text;
    bool matches;
};

TEST(Glob, Table) {
    for (const auto& [pattern, text, expected] : std::vector<GlobCase>{{"", "", true},
                                                                       {"", "a", false},
                                                                       {"a", "a", true},
                                                                       {"a", "A", false},
                                                                       {"a", "ab", false},
                                                                       {"*", "", true},
                                                                       {"*", "a/b.c", true},
                                                                       {"**", "abc", true},
                                                                       {"web*", "web", true},
                                                                       {"web*", "web1.example.org", true},
                                                                       {"*.org", "a.b.org", true},
                                                                       {"*.org", "a.orgs", false},
                                                                       {"a*b*c", "a1b2b3c", true},
                                                                       {"a*b*c", "a1b2b3", false},
                                                                       {"web?", "web1", true},
                                                                       {"web?", "web", false},
                                                                       {"web?", "web12", false},
                                                                       {"w?b",
                                                                        "w\xC3\xA9"
                                                                        "b",
                                                                        true},
                                                                       {"?", "\xF0\x9F\x92\xA9", true},
                                                                       {"?", "\xFF", true},
                                                                       {"??", "\xC3\xA9", false},
                                                                       {"w[0-9]", "w5", true},
                                                                       {"w[0-9]", "wx", false},
                                                                       {"w[!0-9]", "wx", true},
                                                                       {"w[!0-9]", "w5", false},
                                                                       {"w[abc]", "wb", true},
                                                                       {"w[]x]", "w]", true},
                                                                       {"w[!]x]", "w]", false},
                                                                       {"w[a-]", "w-", true},
                                                                       {"w[-a]", "w-", true},
                                                                       {"w[", "w[", true},
                                                                       {"w[a", "w[a", true},
                                                                       {"w[!", "w[!", true},
                                                                       {"w[]", "w[]", true},
                                                                       {"w[\\]]", "w]", true},
                                                                       {"w[\xC3\xA0-\xC3\xBF]", "w\xC3\xA9", true},
                                                                       {"w[^x]", "w^", true},
                                                                       {"w[^x]", "wy", false},
                                                                       {"\\*", "*", true},
                                                                       {"\\*", "a", false},
                                                                       {"\\?", "?", true},
                                                                       {"\\[a]", "[a]", true},
                                                                       {"a\\", "a\\", true},
                                                                       {"a.b", "axb", false},
                                                                       {"a+b", "a+b", true},
                                                                       {"(a|b)", "a", false}})
        EXPECT_EQ(glob_match(pattern, text), expected) << pattern << " over " << text;
}

TEST(Glob, ManyStarsTakeNoExponentialTime) {
    std::string pattern, text(20000, 'a');
    for (int i = 0; i < 200; ++i) pattern += "a*";
    EXPECT_FALSE(glob_match(pattern + "b", text));
    EXPECT_TRUE(glob_match(pattern, text));
}

TEST(Select, EverythingByDefaultSortedByName) {
    EXPECT_EQ(selected({"web2", "db", "web1"}, {}), (Names{"db", "web1", "web2"}));
}

TEST(Select, IncludeAndExclude) {
    const Names all{"web1", "web2", "db", "iso"};
    EXPECT_EQ(selected(all, {"web*", "db"}), (Names{"db", "web1", "web2"}));
    EXPECT_EQ(selected(all, {"web*", "web1"}), (Names{"web1", "web2"}));
    EXPECT_EQ(selected(all, {}, {"iso"}), (Names{"db", "web1", "web2"}));
    EXPECT_EQ(selected(all, {"web*"}, {"*2"}), Names{"web1"});
    const auto selection = select_targets(hosts(all), {"web*"}, {"iso", "web2"}, false);
    ASSERT_TRUE(selection.ok());
    EXPECT_EQ(names(selection->excluded), (Names{"iso", "web2"}));
}

TEST(Select, NamesAreLiteralBeforeTheyArePatterns) {
    EXPECT_EQ(selected({"core01.ofborg.org", "core01xofborg.org"}, {"core01.ofborg.org"}), Names{"core01.ofborg.org"});
    EXPECT_EQ(selected({"a[b]", "ab"}, {"a[b]"}), Names{"a[b]"});
    EXPECT_EQ(selected({"*", "x"}, {"*"}), Names{"*"});
    EXPECT_EQ(selected({"a[b]", "ab"}, {}, {"a[b]"}), Names{"ab"});
    EXPECT_EQ(selected({"ab"}, {"a[b]"}), Names{"ab"});
    EXPECT_EQ(selected({"a\\b", "ab"}, {"a\\b"}), Names{"a\\b"});
}

TEST(Select, ASelectorThatMatchesNothingNamesWhatThereIs) {
    const auto all = hosts({"web1", "web2", "db", "mail", "cache", "iso", "nas"});
    const auto selection = select_targets(all, {"wbe1"}, {}, true);
    ASSERT_FALSE(selection.ok());
    EXPECT_EQ(selection.error(), (Error{ErrorKind::usage, "no host matches \"wbe1\"",
                                        "there are: cache, db, iso, mail, nas and 2 more", "did you mean \"web1\"?"}));
    const auto exclude = select_targets(all, {}, {"nothing-like-it"}, false);
    ASSERT_FALSE(exclude.ok());
    EXPECT_EQ(exclude.error().kind, ErrorKind::config);
    EXPECT_EQ(exclude.error().hint, "");
    EXPECT_FALSE(select_targets(all, {"web1", "x*"}, {}, true).ok());
}

TEST(Select, NoHostsAtAllIsAnError) {
    const auto none = select_targets({}, {}, {}, true);
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().kind, ErrorKind::config);
    for (const bool from_flags : {true, false}) {
        const auto excluded = select_targets(hosts({"a", "b"}), {"a"}, {"*"}, from_flags);
        ASSERT_FALSE(excluded.ok());
        EXPECT_EQ(excluded.error().kind, from_flags ? ErrorKind::usage : ErrorKind::config);
        EXPECT_EQ(excluded.error().what, "every host is excluded");
    }
}

TEST(Select, ErrorsCarryNoTerminalEscapes) {
    const auto selection = select_targets(hosts({"\x1b[31mred"}), {"\x1b]0;x\a"}, {}, true);
    ASSERT_FALSE(selection.ok());
    EXPECT_EQ((selection.error().what + selection.error().why).find('\x1b'), std::string::npos);
}

TEST(Nearest, FindsTyposOnly) {
    const Names known{"host", "exclude", "evaluators", "web1", "a"};
    EXPECT_EQ(nearest("hsot", known), "host");
    EXPECT_EQ(nearest("HOST", known), "host");
    EXPECT_EQ(nearest("exlcude", known), "exclude");
    EXPECT_EQ(nearest("evaluator", known), "evaluators");
    EXPECT_EQ(nearest("web9", known), "web1");
    EXPECT_EQ(nearest("zzzzzz", known), "");
    EXPECT_EQ(nearest("b", known), "");
    EXPECT_EQ(nearest("", known), "");
    EXPECT_EQ(nearest(std::string(100000, 'x'), known), "");
    EXPECT_EQ(nearest("host", {}), "");
}

}  // namespace
}  // namespace lockstep
