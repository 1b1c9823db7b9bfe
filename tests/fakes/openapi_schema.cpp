// SPDX-License-Identifier: MIT
// Only words that constrain survive; "nullable" becomes a union with null.
#include "fakes/openapi_schema.hpp"

#include <set>

namespace lockstep::fakes {

using nlohmann::json;

namespace {

class Rewriter {
public:
    Rewriter(const ApiDocument& document, bool closed) : document_(document), closed_(closed) {}

    json rewrite(const json& schema) {
        if (!schema.is_object()) return schema;
        if (schema.contains("$ref")) {
            const auto reference = schema["$ref"].get<std::string>();
            if (needed_.insert(reference).second) todo_.push_back(reference);
            return {{"$ref", "#/definitions/" + key(reference)}};
        }
        json result = json::object();
        for (const auto* word : {"type", "enum", "required", "pattern", "minLength", "maxLength", "minItems",
                                 "maxItems", "uniqueItems", "minimum", "maximum", "minProperties", "maxProperties"})
            if (schema.contains(word)) result[word] = schema[word];
        for (const auto* word : {"allOf", "anyOf", "oneOf"})
            for (const auto& entry : schema.value(word, json::array())) result[word].push_back(rewrite(entry));
        if (schema.contains("items")) result["items"] = rewrite(schema["items"]);
        if (schema.contains("not")) result["not"] = rewrite(schema["not"]);
        if (schema.contains("additionalProperties"))
            result["additionalProperties"] = rewrite(schema["additionalProperties"]);
        if (schema.contains("properties")) {
            result["properties"] = json::object();
            for (const auto& [name, property] : schema["properties"].items())
                result["properties"][name] = rewrite(property);
            // Under allOf a closed part would refuse the other parts' members.
            if (closed_ && !schema.contains("additionalProperties") && !schema.contains("allOf"))
                result["additionalProperties"] = false;
        }
        return schema.value("nullable", false) ? nullable(std::move(result)) : result;
    }

    json definitions() {
        json result = json::object();
        while (!todo_.empty()) {
            const auto reference = todo_.back();
            todo_.pop_back();
            result[key(reference)] = rewrite(document_.at(reference));
        }
        return result;
    }

private:
    static std::string key(const std::string& reference) { return reference.substr(reference.rfind('/') + 1); }

    static json nullable(json schema) {
        if (!schema.contains("type")) return schema.empty() ? schema : json{{"anyOf", {schema, {{"type", "null"}}}}};
        schema["type"] = json::array({schema["type"], "null"});
        if (schema.contains("enum")) schema["enum"].push_back(nullptr);
        return schema;
    }

    const ApiDocument& document_;
    bool closed_;
    std::set<std::string> needed_;
    std::vector<std::string> todo_;
};

}  // namespace

json standalone_schema(const ApiDocument& document, const json& schema, const SchemaOptions& options) {
    Rewriter rewriter(document, options.closed);
    json result = {{"allOf", json::array({rewriter.rewrite(schema)})}};
    if (!options.required.empty()) result["allOf"].push_back({{"type", "object"}, {"required", options.required}});
    result["definitions"] = rewriter.definitions();
    return result;
}

json without_nulls(const json& value) {
    if (value.is_null()) return json::array();
    if (value.is_array()) {
        json result = json::array();
        for (const auto& item : value) result.push_back(without_nulls(item));
        return result;
    }
    if (!value.is_object()) return value;
    json result = json::object();
    for (const auto& [name, member] : value.items())
        if (!member.is_null()) result[name] = without_nulls(member);
    return result;
}

}  // namespace lockstep::fakes
