// SPDX-License-Identifier: MIT
// The published schema and the reference page say what the table of keys says.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "lockstep/core/config_keys.hpp"
#include "support/temp_dir.hpp"

namespace lockstep {
namespace {

using nlohmann::json;

json property(const json& schema, std::string path) {
    const auto dot = path.find('.');
    if (dot == std::string::npos) return schema.at("properties").at(path);
    return schema.at("properties").at(path.substr(0, dot)).at("properties").at(path.substr(dot + 1));
}

bool matches(const json& schema, const std::string& text) {
    return std::regex_search(text, std::regex(schema.at("pattern").get<std::string>()));
}

TEST(ConfigSchema, HasEveryKeyAndNoOther) {
    const auto schema = json::parse(config_schema());
    std::size_t count = 0;
    for (const auto& [name, value] : schema.at("properties").items())
        count += value.contains("properties") ? value.at("properties").size() : 1;
    const std::size_t groups = named_groups().size() + 1;  // and fleet.defaults
    EXPECT_EQ(count, config_keys().size() + groups);
    for (const auto& key : config_keys())
        EXPECT_TRUE(property(schema, std::string(key.path)).contains("description")) << key.path;
    EXPECT_EQ(schema.at("additionalProperties"), false);
    EXPECT_EQ(schema.at("properties").at("update").at("additionalProperties"), false);
}

TEST(ConfigSchema, PatternsAgreeWithTheProgram) {
    const auto schema = json::parse(config_schema());
    for (const auto& key : config_keys()) {
        const bool scalar = key.type == KeyType::text || key.type == KeyType::duration || key.type == KeyType::size;
        if (!scalar || !property(schema, std::string(key.path)).contains("pattern")) continue;
        for (const auto* text : {"10m",
                                 "1h30m",
                                 "64MiB",
                                 "100B",
                                 "UTC",
                                 "Europe/Brussels",
                                 "auto",
                                 "directory:/x",
                                 "https://a.b/c",
                                 "nixos/x",
                                 "10",
                                 "../x",
                                 "/etc",
                                 "a/..",
                                 "30m1h",
                                 "ftp://x",
                                 "gitlab",
                                 "directory:",
                                 "a//b",
                                 ""}) {
            Config config;
            // The schema may be wider (`a//b` as a path, a duration of no time), never narrower.
            if (!key.set(config, {.scalar = text})) {
                EXPECT_TRUE(matches(property(schema, std::string(key.path)), text)) << key.path << " = " << text;
            }
        }
    }
    EXPECT_FALSE(matches(property(schema, "flake"), "a/../b"));
    EXPECT_FALSE(matches(property(schema, "update.timeout"), "10"));
    EXPECT_FALSE(matches(property(schema, "prove.log_limit"), "10"));
}

TEST(ConfigSchema, DefaultsAreTyped) {
    const auto schema = json::parse(config_schema());
    EXPECT_EQ(property(schema, "update.attempts").at("default"), 3);
    EXPECT_EQ(property(schema, "forge.statuses").at("default"), true);
    EXPECT_EQ(property(schema, "forge.failure_labels").at("default"),
              json::parse(R"(["build-failure", "needs-review"])"));
    EXPECT_EQ(property(schema, "update.subject").at("default"), "flake.lock: Update");
    EXPECT_EQ(property(schema, "submodules").at("enum"), json::parse(R"(["auto", "on", "off", true, false])"));
    EXPECT_EQ(property(schema, "base").at("default"), "");
}

TEST(ConfigSchema, HasEveryMemberBelowTheNamesOfPeople) {
    const auto fleet = json::parse(config_schema()).at("properties").at("fleet").at("properties");
    const auto& host = fleet.at("hosts").at("additionalProperties");
    const auto& tag = fleet.at("tags").at("additionalProperties");
    EXPECT_EQ(host.at("additionalProperties"), false);
    EXPECT_EQ(host.at("properties").size() + tag.at("properties").size() + fleet.at("defaults").at("properties").size(),
              member_keys().size());
    EXPECT_EQ(host.at("properties").at("port").at("maximum"), 65535);
    EXPECT_EQ(host.at("properties").at("reboot").at("enum"), json::parse(R"(["never", "if-needed", "always"])"));
    EXPECT_EQ(host.at("properties").at("tags").at("anyOf").size(), 2U);
    EXPECT_FALSE(fleet.at("defaults").at("properties").contains("addresses"));
    const std::regex names(fleet.at("hosts").at("propertyNames").at("pattern").get<std::string>());
    // Wider than the program, never narrower.
    for (const auto* name : {"web1", "alice@web1", "a.b-c_d", "b\xc3\xbcro", "web1.example.org", "x:1+2"})
        EXPECT_TRUE(std::regex_search(name, names)) << name;
    for (const auto* name : {"-x", "@web", "a b", "a;b", ".x", "$x", "a/b"})
        EXPECT_FALSE(std::regex_search(name, names)) << name;
}

TEST(ConfigSchema, PublishedCopyIsCurrent) {
    test::expect_golden("../../workflows/lockstep.schema.json", config_schema());
}

}  // namespace
}  // namespace lockstep
