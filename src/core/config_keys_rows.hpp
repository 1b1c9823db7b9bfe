// SPDX-License-Identifier: MIT
// How a row of the table of keys is made from a field of Config, one function per type; and the parts of the table.
#pragma once

#include <array>
#include <type_traits>

#include "core/config_keys_types.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/units.hpp"

// A field as a function that works on Config and const Config alike.
#define LOCKSTEP_FIELD(member)  \
    [](auto& config) -> auto& { \
        return config.member;   \
    }

namespace lockstep::keys {

template <class Field>
ConfigKey text(std::string_view path, Field field, TextCheck check, std::string_view doc) {
    ConfigKey key{.path = path, .type = KeyType::text, .doc = doc};
    key.set = [field, check](Config& config, const RawValue& raw) -> Complaint {
        std::string value;
        if (auto complaint = read(raw, value)) return complaint;
        if (auto complaint = check(value)) return complaint;
        field(config) = value;
        return std::nullopt;
    };
    key.show = [field](const Config& config) { return show(field(config)); };
    return key;
}

template <class Field>
ConfigKey boolean(std::string_view path, Field field, std::string_view doc) {
    ConfigKey key{.path = path, .type = KeyType::boolean, .doc = doc};
    key.set = [field](Config& config, const RawValue& raw) { return read(raw, field(config)); };
    key.show = [field](const Config& config) { return std::string(field(config) ? "true" : "false"); };
    return key;
}

template <class Field>
ConfigKey integer(std::string_view path, Field field, std::int64_t least, std::int64_t most, std::string_view doc) {
    ConfigKey key{.path = path, .type = KeyType::integer, .doc = doc, .least = least, .most = most};
    key.set = [field, least, most](Config& config, const RawValue& raw) {
        return read(raw, least, most, field(config));
    };
    key.show = [field](const Config& config) { return std::to_string(field(config)); };
    return key;
}

template <class Field>
ConfigKey duration(std::string_view path, Field field, std::string_view doc) {
    ConfigKey key{.path = path, .type = KeyType::duration, .doc = doc};
    key.set = [field](Config& config, const RawValue& raw) { return read(raw, field(config)); };
    key.show = [field](const Config& config) { return format_duration(field(config)); };
    return key;
}

/// A duration of which zero means "none", or "at once".
template <class Field>
ConfigKey duration_or_zero(std::string_view path, Field field, std::string_view doc) {
    auto key = duration(path, field, doc);
    key.set = [field](Config& config, const RawValue& raw) -> Complaint {
        const auto value = raw.shape == RawValue::Shape::scalar ? parse_duration(raw.scalar) : Error{};
        if (!value.ok() || value->count() != 0) return read(raw, field(config));
        field(config) = *value;
        return std::nullopt;
    };
    return key;
}

template <class Field>
ConfigKey size(std::string_view path, Field field, std::uint64_t least, std::uint64_t most, std::string_view doc) {
    ConfigKey key{.path = path, .type = KeyType::size, .doc = doc};
    key.set = [field, least, most](Config& config, const RawValue& raw) {
        return read(raw, least, most, field(config));
    };
    key.show = [field](const Config& config) { return format_size(field(config)); };
    return key;
}

template <class Field>
ConfigKey list(std::string_view path, Field field, ListCheck check, std::string_view doc) {
    ConfigKey key{.path = path, .type = KeyType::text_list, .doc = doc};
    key.set = [field, check](Config& config, const RawValue& raw) -> Complaint {
        std::vector<std::string> value;
        if (auto complaint = read(raw, value)) return complaint;
        if (auto complaint = check(value)) return complaint;
        field(config) = value;
        return std::nullopt;
    };
    key.show = [field](const Config& config) { return show(field(config)); };
    return key;
}

/// Words of a choice, the first enum value first.
template <class Field, class Enum, std::size_t N>
ConfigKey choice(std::string_view path, Field field, const std::array<std::pair<std::string_view, Enum>, N>& words,
                 std::string_view doc) {
    ConfigKey key{.path = path, .type = KeyType::choice, .doc = doc};
    std::string expected = "expects ";
    for (const auto& [word, value] : words) {
        if (!key.choices.empty()) expected += key.choices.size() + 1 == N ? " or " : ", ";
        expected += word;
        key.choices.emplace_back(word);
    }
    key.set = [field, words, expected](Config& config, const RawValue& raw) -> Complaint {
        std::string given;
        if (auto complaint = read(raw, given)) return complaint;
        if constexpr (std::is_same_v<Enum, Toggle>)  // YAML readers and writers turn on and off into booleans
            if (given == "true" || given == "false") given = given == "true" ? "on" : "off";
        for (const auto& [word, value] : words) {
            if (given != word) continue;
            field(config) = value;
            return std::nullopt;
        }
        return expected;
    };
    key.show = [field, words](const Config& config) -> std::string {
        for (const auto& [word, value] : words)
            if (field(config) == value) return std::string(word);
        LOCKSTEP_CHECK(false);
    };
    return key;
}

template <class Enum, class... Words>
constexpr auto choices(Words... words) {
    return std::array<std::pair<std::string_view, Enum>, sizeof...(Words)>{words...};
}

inline ConfigKey machine_only(ConfigKey key) {
    key.machine_only = true;
    return key;
}

inline ConfigKey with_pattern(ConfigKey key, std::string_view pattern) {
    key.pattern = pattern;
    return key;
}

/// The parts of the table, by topic, in the order in which people read them.
void add_repository(std::vector<ConfigKey>& table);
void add_run(std::vector<ConfigKey>& table);
void add_update(std::vector<ConfigKey>& table);
void add_targets(std::vector<ConfigKey>& table);
void add_prove(std::vector<ConfigKey>& table);
void add_keep(std::vector<ConfigKey>& table);
void add_nix(std::vector<ConfigKey>& table);
void add_forge(std::vector<ConfigKey>& table);
void add_fleet(std::vector<ConfigKey>& table);
void add_deploy(std::vector<ConfigKey>& table);
void add_hooks(std::vector<ConfigKey>& table);
void add_notify(std::vector<ConfigKey>& table);

}  // namespace lockstep::keys
