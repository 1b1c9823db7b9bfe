// SPDX-License-Identifier: MIT
// JSON Schema of lockstep.yaml, made from the table of keys: editors complete and check with what the program accepts.
#include <nlohmann/json.hpp>
#include <string>

#include "lockstep/core/check.hpp"
#include "lockstep/core/config_keys.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* k_duration = "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$";
constexpr const char* k_size = "^[0-9]+([KMGT]iB|[KMGT]B|B)$";

/// A default as `show` gives it, as JSON.
Json default_of(const ConfigKey& key) {
    const auto scalar = [](const std::string& text) { return text.starts_with('"') ? Json::parse(text) : Json(text); };
    const auto text = key.show(Config{});
    switch (key.type) {
        case KeyType::integer:
        case KeyType::boolean:
            return Json::parse(text);
        case KeyType::text_map:
            return Json::object();
        case KeyType::text_list: {
            auto entries = Json::array();
            if (text == "[]") return entries;
            for (const auto& entry : split(text.substr(1, text.size() - 2), ','))
                entries.push_back(scalar(std::string(trim(entry))));
            return entries;
        }
        case KeyType::text:
        case KeyType::duration:
        case KeyType::size:
        case KeyType::choice:
            return scalar(text);
    }
    LOCKSTEP_CHECK(false);
}

Json text_schema(std::string_view pattern) {
    Json schema{{"type", "string"}};
    if (!pattern.empty()) schema["pattern"] = pattern;
    return schema;
}

Json value_schema(const ConfigKey& key) {
    switch (key.type) {
        case KeyType::text:
            return text_schema(key.pattern);
        case KeyType::boolean:
            return {{"type", "boolean"}};
        case KeyType::integer:
            if (key.least == key.most) return {{"const", key.least}};
            return {{"type", "integer"}, {"minimum", key.least}, {"maximum", key.most}};
        case KeyType::duration:
            return {{"type", "string"}, {"pattern", k_duration}, {"minLength", 2}};
        case KeyType::size:
            return text_schema(k_size);
        case KeyType::text_map: {
            const Json value{{"type", Json::array({"string", "number", "boolean"})}};
            return {{"type", "object"}, {"additionalProperties", value}};
        }
        case KeyType::text_list: {
            auto items = text_schema(key.pattern);
            items["minLength"] = 1;
            const Json list{{"type", "array"}, {"items", items}};
            // Members take one text as well.
            return key.set_member ? Json{{"anyOf", Json::array({items, list})}} : list;
        }
        case KeyType::choice: {
            Json words = key.choices;
            if (key.choices == std::vector<std::string>{"auto", "on", "off"}) {
                words.push_back(true);
                words.push_back(false);
            }
            return {{"enum", words}};
        }
    }
    LOCKSTEP_CHECK(false);
}

Json schema_of(const ConfigKey& key) {
    auto schema = value_schema(key);
    std::string description(key.doc);
    if (key.machine_only) description += " Only in the machine's own file, never in the repository's.";
    schema["description"] = description;
    if (key.show && key.path != "config_version") schema["default"] = default_of(key);
    return schema;
}

/// A group whose lines are all commented out is null.
Json empty_group() {
    return Json{
        {"type", Json::array({"object", "null"})}, {"additionalProperties", false}, {"properties", Json::object()}};
}

/// Mappings with names of a person's choice, and what stands below each name; then groups below a group.
void add_members(Json& properties) {
    const auto words_of = [](std::string_view path) { return split(path, '.'); };
    for (const auto& group : named_groups()) {
        const auto words = words_of(group.path);
        auto& schema = properties[words[0]]["properties"][words[1]];
        schema = Json{{"type", Json::array({"object", "null"})},
                      {"description", group.doc},
                      {"additionalProperties", empty_group()},
                      {"propertyNames", {{"pattern", group.pattern}}}};
    }
    for (const auto& key : member_keys()) {
        const auto words = words_of(key.path);
        auto& schema = properties[words[0]]["properties"][words[1]];
        if (words.size() == 4) {
            schema["additionalProperties"]["properties"][words[3]] = schema_of(key);
        } else {
            if (schema.is_null()) schema = empty_group();
            schema["properties"][words[2]] = schema_of(key);
        }
    }
}

}  // namespace

std::string config_schema() {
    Json properties = Json::object();
    for (const auto& key : config_keys()) {
        const auto dot = key.path.find('.');
        if (dot == std::string_view::npos) {
            properties[std::string(key.path)] = schema_of(key);
            continue;
        }
        auto& group = properties[std::string(key.path.substr(0, dot))];
        if (group.is_null()) group = empty_group();
        group["properties"][std::string(key.path.substr(dot + 1))] = schema_of(key);
    }
    add_members(properties);
    const Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                      {"title", "lockstep.yaml"},
                      {"description", "Configuration of lockstep, in the repository or on the machine that runs it."},
                      {"type", "object"},
                      {"required", Json::array({"config_version"})},
                      {"additionalProperties", false},
                      {"properties", properties}};
    return schema.dump(2) + "\n";
}

}  // namespace lockstep
