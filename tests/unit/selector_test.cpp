// SPDX-License-Identifier: MIT
// Which hosts an expression means, and what is said when it means none.
#include "lockstep/core/selector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lockstep/core/text.hpp"

namespace lockstep {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Names = std::vector<std::string>;

class Selector : public ::testing::Test {
protected:
    Selector() {
        add("web1", {"web", "eu-1"});
        add("web2", {"web", "us-1"});
        add("db1", {"db", "eu-1"});
        add("bastion", {});
    }
    void add(const std::string& name, const Names& tags) {
        FleetHost host{.name = name};
        host.tags = tags;
        fleet.hosts[name] = host;
    }
    Result<Names> select(const Names& expressions) {
        return select_hosts(expressions,
                            {.fleet = fleet,
                             .predicate = [this](std::string_view predicate) -> Result<std::set<std::string>> {
                                 ++asked;
                                 if (predicate == "unreachable(last)")
                                     return Error{ErrorKind::infrastructure, "no last run", "", ""};
                                 return facts[std::string(predicate)];
                             },
                             .standard_input = input});
    }
    std::string selected(const std::string& expression) {
        const auto result = select({expression});
        return result.ok() ? join(result.value(), " ") : "! " + result.error().what;
    }
    /// What is said about an expression that selects nothing.
    std::string said(const std::string& expression) {
        const auto result = select({expression});
        if (result.ok()) return "selected " + join(result.value(), " ");
        EXPECT_EQ(result.error().kind, ErrorKind::usage) << expression;
        return result.error().what + " / " + result.error().why + " / " + result.error().hint;
    }

    Fleet fleet;
    std::map<std::string, std::set<std::string>> facts;
    std::string input;
    int asked = 0;
};

TEST_F(Selector, NamesTagsGlobsAndAll) {
    EXPECT_EQ(selected("web1"), "web1");
    EXPECT_EQ(selected("web*"), "web1 web2");
    EXPECT_EQ(selected("web[!1]"), "web2");
    EXPECT_EQ(selected("w[ab,e]b2"), "web2");
    EXPECT_EQ(selected("@web"), "web1 web2");
    EXPECT_EQ(selected("@eu-*"), "db1 web1");
    EXPECT_EQ(selected("*"), "bastion db1 web1 web2");
}

TEST_F(Selector, OperatorsBindAsDocumented) {
    EXPECT_EQ(selected("@web & @eu-1"), "web1");
    EXPECT_EQ(selected("@web&@eu-1|db1"), "db1 web1");
    EXPECT_EQ(selected("db1 | @web & @eu-1"), "db1 web1");
    EXPECT_EQ(selected("(db1 | @web) & @eu-1"), "db1 web1");
    EXPECT_EQ(selected("(db1 | web2) & @eu-1"), "db1");
    EXPECT_EQ(selected("!@web"), "bastion db1");
    EXPECT_EQ(selected("!!web1"), "web1");
    EXPECT_EQ(selected("!web1 & @web"), "web2");
    EXPECT_EQ(selected("!(web1 | db1)"), "bastion web2");
    EXPECT_EQ(selected("web1,db1"), "db1 web1");
    EXPECT_EQ(selected("web1, @web & @us-1"), "web1 web2");
    EXPECT_EQ(selected("((web1))"), "web1");
}

TEST_F(Selector, SeveralExpressionsAddUp) {
    EXPECT_EQ(select({"web1", "db1", "web1"}).value(), (Names{"db1", "web1"}));
}

TEST_F(Selector, WhatMeansAllButSomeStandsAlone) {
    const auto said_of = [&](const Names& expressions) {
        const auto result = select(expressions);
        return result.ok() ? "selected " + join(result.value(), " ")
                           : result.error().what + " / " + result.error().why + " / " + result.error().hint;
    };
    EXPECT_THAT(said_of({"@web", "!web2"}), AllOf(HasSubstr("`!web2` cannot stand beside other selectors / several"),
                                                  HasSubstr("/ to leave hosts out, write '@web & !web2'")));
    EXPECT_THAT(said_of({"!web2", "@web", "db1"}), HasSubstr("write '(@web | db1) & !web2'"));
    EXPECT_THAT(said_of({"web1,db1", "!web2", "!@us-1"}), HasSubstr("write '(web1,db1) & !web2 & !@us-1'"));
    EXPECT_THAT(said_of({"!web1", "!web2"}), HasSubstr("write '!web1 & !web2'"));
    EXPECT_THAT(said_of({"web1", "!web2 | db1"}), HasSubstr("write 'web1 & (!web2 | db1)'"));
    EXPECT_THAT(said_of({"web1", "!(@web & !web2)"}), HasSubstr("cannot stand beside"));
    facts["changed"] = {"web1", "web2", "db1", "bastion"};
    EXPECT_THAT(said_of({"web1", "!changed"}), HasSubstr("cannot stand beside")) << "whatever it selects today";
    EXPECT_EQ(said_of({"!web2"}), "selected bastion db1 web1");
    EXPECT_EQ(said_of({"@web & !web2", "db1"}), "selected db1 web1");
    EXPECT_EQ(said_of({"web1", "!!db1"}), "selected db1 web1");
    EXPECT_EQ(said_of({"web1", "*"}), "selected bastion db1 web1 web2") << "that is said, not slipped in";
    EXPECT_EQ(said_of({"web1", "* & !db1"}), "selected bastion web1 web2");
}

TEST_F(Selector, PredicatesAreAskedOnce) {
    facts["changed"] = {"web1", "db1", "somebody else"};
    facts["failed(last)"] = {"web2"};
    facts["needs-reboot"] = {"bastion"};
    EXPECT_EQ(selected("changed"), "db1 web1");
    EXPECT_EQ(selected("changed & @web | failed(last)"), "web1 web2");
    EXPECT_EQ(selected("needs-reboot"), "bastion");
    EXPECT_EQ(selected("!changed()"), "bastion web2");
    asked = 0;
    EXPECT_EQ(selected("changed & changed"), "db1 web1");
    EXPECT_EQ(asked, 1);
    EXPECT_EQ(selected("unreachable(last)"), "! no last run");
}

TEST_F(Selector, AHostGoesBeforeAPredicateOfItsName) {
    add("changed", {});
    facts["changed"] = {"web1"};
    EXPECT_EQ(selected("changed"), "changed");
    EXPECT_EQ(selected("changed()"), "web1");
}

TEST_F(Selector, StandardInputIsNames) {
    input = "web1\n  db1 # the first\r\n\n# nobody\n";
    EXPECT_EQ(selected("-"), "db1 web1");
    EXPECT_EQ(selected("- & @web"), "web1");
    EXPECT_TRUE(reads_standard_input({"web1", "! -"}));
    EXPECT_FALSE(reads_standard_input({"web1", "[-]", "- & -x"})) << "the last one cannot be read";
    input = "web9\n";
    EXPECT_THAT(said("-"), HasSubstr("no host is called `web9` / from standard input / did you mean `web1`?"));
    input = "";
    EXPECT_THAT(said("-"), HasSubstr("no host is selected by `-`"));
}

TEST_F(Selector, UnknownNamesAreMistakesEvenWhereTheyWouldNotMatter) {
    EXPECT_THAT(said("web3"), HasSubstr("no host is called `web3` /  / did you mean `web1`?"));
    EXPECT_THAT(said("web1 | wbe2"), HasSubstr("did you mean `web2`?"));
    EXPECT_THAT(said("!nobody"), HasSubstr("no host is called `nobody`"));
    EXPECT_THAT(said("@wep"), HasSubstr("no host has the tag `@wep` /  / did you mean `@web`?"));
    EXPECT_THAT(said("@x"), HasSubstr("there are @db, @eu-1, @us-1, @web"));
    EXPECT_THAT(said("mail-*"), HasSubstr("no host has a name like `mail-*`"));
    EXPECT_THAT(said("@mail-*"), HasSubstr("no host has the tag `@mail-*`"));
    EXPECT_THAT(said("web"), HasSubstr("it is a tag: `@web`"));
    EXPECT_THAT(said("web1 & db1"), HasSubstr("no host is selected by `web1 & db1`"));
    EXPECT_THAT(said("changed"), HasSubstr("no host is selected"));
    EXPECT_EQ(select({}).error().kind, ErrorKind::usage);
}

TEST_F(Selector, MistakesSayWhere) {
    EXPECT_THAT(said(""), HasSubstr("a selector is empty"));
    EXPECT_THAT(said("  "), HasSubstr("a selector is empty"));
    EXPECT_THAT(said("web1 web2"), HasSubstr("at column 6: no `&`, `|` or `,` before `web2`"));
    EXPECT_THAT(said("web1 (web2)"), HasSubstr("at column 6: no `&`, `|` or `,` before `(`"));
    EXPECT_THAT(said("web1 &"), HasSubstr("at column 7: something is missing"));
    EXPECT_THAT(said("!"), HasSubstr("something is missing"));
    EXPECT_THAT(said("& web1"), HasSubstr("at column 1: nothing stands before `&`"));
    EXPECT_THAT(said("web1 & | db1"), HasSubstr("at column 8: nothing stands before `|`"));
    EXPECT_THAT(said("(web1"), HasSubstr("at column 1: this parenthesis is never closed"));
    EXPECT_THAT(said("web1)"), HasSubstr("at column 5: this parenthesis was never opened"));
    EXPECT_THAT(said("()"), HasSubstr("nothing stands before `)`"));
    EXPECT_THAT(said("@"), HasSubstr("`@` without a tag"));
    EXPECT_THAT(said("-x"), HasSubstr("looks like a flag"));
    EXPECT_THAT(said("faild(last)"), HasSubstr("did you mean `failed(last)`?"));
    EXPECT_THAT(said("failed(lst)"), HasSubstr("did you mean `failed(last)`?"));
    EXPECT_THAT(said("zzzzzzz(x)"), HasSubstr("there are changed, needs-reboot, failed(last), unreachable(last)"));
}

TEST_F(Selector, LengthAndDepthAreBounded) {
    EXPECT_EQ(selected(std::string(60, '(') + "web1" + std::string(60, ')')), "web1");
    EXPECT_THAT(said(std::string(70, '(') + "web1" + std::string(70, ')')), HasSubstr("deeper than 64 levels"));
    EXPECT_THAT(said(std::string(70, '!') + "web1"), HasSubstr("deeper than 64 levels"));
    EXPECT_THAT(said(std::string(5000, 'a')), HasSubstr("longer than 4 KiB"));
    EXPECT_EQ(selected("web1" + std::string(500, ' ') + "|db1"), "db1 web1");
}

}  // namespace
}  // namespace lockstep
