// SPDX-License-Identifier: MIT
// The one file of the dialects that knows the JSON library.
#include "adapters/forge/answer.hpp"

#include <limits>
#include <nlohmann/json.hpp>

#include "lockstep/core/json_depth.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep::forge {

namespace {

using nlohmann::json;

constexpr std::size_t k_max_depth = 64;

Error unreadable(const HttpResponse& response, const std::string& why) {
    std::string text = why;
    if (const auto type = response.header("content-type"); !type.empty())
        text += " (content type " + clean_line(type, 80) + ")";
    if (!response.body.empty()) text += "; it begins: " + clean_line(response.body.substr(0, 400), 160);
    return {ErrorKind::infrastructure, "the forge's answer cannot be read", text,
            "check that forge.url (--forge-url) names the forge itself and not a login page or a proxy"};
}

const json& of(const void* node) {
    return *static_cast<const json*>(node);
}

const json& null_json() {
    static const json null;
    return null;
}

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

template <class T>
std::string list_under(std::string_view key, const std::vector<T>& values) {
    json object = json::object();
    object[std::string(key)] = values;
    return dump(object);
}

}  // namespace

Result<Answer> Answer::parse(const HttpResponse& response) {
    if (response.body.empty()) return unreadable(response, "the answer is empty where JSON was expected");
    if (json_depth(response.body) > k_max_depth) return unreadable(response, "the answer nests deeper than 64 levels");
    auto root = std::make_shared<const json>(json::parse(response.body, nullptr, false));
    if (root->is_discarded()) return unreadable(response, "the answer is not JSON");
    const void* node = root.get();
    return Answer(std::move(root), node);
}

bool Answer::is_object() const {
    return of(node_).is_object();
}
bool Answer::is_array() const {
    return of(node_).is_array();
}
bool Answer::is_null() const {
    return of(node_).is_null();
}
bool Answer::has(std::string_view key) const {
    return !at(key).is_null();
}

Answer Answer::at(std::string_view key) const {
    const auto& here = of(node_);
    if (here.is_object()) {
        const auto found = here.find(std::string(key));
        if (found != here.end()) return {root_, &*found};
    }
    return {root_, &null_json()};
}

std::vector<Answer> Answer::items() const {
    std::vector<Answer> result;
    if (is_array())
        for (const auto& item : of(node_)) result.push_back(Answer(root_, &item));
    return result;
}

std::string Answer::text() const {
    return of(node_).is_string() ? of(node_).get<std::string>() : std::string();
}
std::string Answer::text(std::string_view key) const {
    return at(key).text();
}

std::int64_t Answer::number(std::string_view key) const {
    const auto member = at(key);
    const auto& value = of(member.node_);
    if (value.is_number_unsigned() &&
        value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        return 0;
    return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

bool Answer::flag(std::string_view key) const {
    const auto member = at(key);
    const auto& value = of(member.node_);
    return value.is_boolean() && value.get<bool>();
}

std::string json_object(std::initializer_list<std::pair<std::string_view, std::string_view>> members) {
    json object = json::object();
    for (const auto& [key, value] : members) object[std::string(key)] = std::string(value);
    return dump(object);
}

std::string json_list(std::string_view key, const std::vector<std::string>& values) {
    return list_under(key, values);
}
std::string json_list(std::string_view key, const std::vector<std::int64_t>& values) {
    return list_under(key, values);
}

}  // namespace lockstep::forge
