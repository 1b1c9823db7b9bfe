// SPDX-License-Identifier: MIT
// Bounds first, then JSON, then types.
#include "adapters/deploy/foreign_json.hpp"

#include <fmt/format.h>

#include <charconv>

#include "lockstep/core/json_depth.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep::deploy {

namespace {

constexpr std::size_t k_most_bytes = 4U << 20U;
constexpr std::size_t k_deepest = 16;
constexpr std::size_t k_most_hosts = 10'000;

}  // namespace

Error wrong_nodes(const std::string& source, const std::string& why) {
    return {ErrorKind::config, fmt::format("the hosts of {} cannot be read", source), why, ""};
}

Result<nlohmann::json> parse_foreign(std::string_view text, const std::string& source) {
    if (text.size() > k_most_bytes) return wrong_nodes(source, "there is more than 4 MiB of it");
    if (json_depth(text) > k_deepest) return wrong_nodes(source, "it nests deeper than 16 levels");
    auto json = nlohmann::json::parse(text, nullptr, false);
    if (json.is_discarded())
        return wrong_nodes(source, fmt::format("it is not JSON: {}", text.empty() ? "empty" : clean_line(text, 120)));
    if (!json.is_object() && !json.is_null())
        return wrong_nodes(source, fmt::format("it is not an object but a {}", json.type_name()));
    if (json.size() > k_most_hosts) return wrong_nodes(source, "it has more than 10,000 members");
    return json;
}

const nlohmann::json* Members::find(std::initializer_list<const char*> names) {
    const nlohmann::json* result = nullptr;
    for (const char* name : names) {
        const auto found = object_.find(name);
        if (found == object_.end() || found->is_null()) continue;
        if (result == nullptr) {
            result = &*found;
            found_ = name;
        } else if (*result != *found && !mistake_) {
            mistake_ = fmt::format("{}: `{}` and `{}` say different things", who_, found_, name);
        }
    }
    return result;
}

void Members::expect(const char* name, std::string_view what) {
    if (!mistake_) mistake_ = fmt::format("{}: `{}` is not {}", who_, name, what);
}

std::optional<std::string> Members::text(std::initializer_list<const char*> names) {
    const auto* value = find(names);
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) return value->get<std::string>();
    expect(found_, "a text");
    return std::nullopt;
}

std::optional<bool> Members::boolean(std::initializer_list<const char*> names) {
    const auto* value = find(names);
    if (value == nullptr) return std::nullopt;
    if (value->is_boolean()) return value->get<bool>();
    expect(found_, "true or false");
    return std::nullopt;
}

std::optional<int> Members::port(std::initializer_list<const char*> names) {
    const auto* value = find(names);
    if (value == nullptr) return std::nullopt;
    std::int64_t port = 0;
    if (value->is_number_unsigned()) {
        const auto number = value->get<std::uint64_t>();
        port = number <= 65535 ? static_cast<std::int64_t>(number) : 0;
    } else if (value->is_string()) {
        const auto& text = value->get_ref<const std::string&>();
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
        if (error != std::errc() || end != text.data() + text.size()) port = 0;
    }
    if (port >= 1 && port <= 65535) return static_cast<int>(port);
    expect(found_, "a port from 1 to 65535");
    return std::nullopt;
}

std::optional<std::vector<std::string>> Members::list(std::initializer_list<const char*> names) {
    const auto* value = find(names);
    if (value == nullptr) return std::nullopt;
    std::vector<std::string> result;
    bool good = value->is_array() && value->size() <= 1000;
    if (good)
        for (const auto& entry : *value) {
            good = good && entry.is_string();
            if (good) result.push_back(entry.get<std::string>());
        }
    if (good) return result;
    expect(found_, "a list of at most 1000 texts");
    return std::nullopt;
}

std::optional<std::string> record_mistake(const std::string& who, const FleetRecord& record) {
    std::optional<std::string> mistake;
    for_each_fleet_field([&](const char* field, auto member) {
        if (mistake || !(record.*member)) return;
        if (const auto complaint = fleet::check_field(field, *(record.*member)))
            mistake = fmt::format("{}: `{}` {}", who, field, *complaint);
    });
    return mistake;
}

}  // namespace lockstep::deploy
