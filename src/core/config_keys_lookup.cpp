// SPDX-License-Identifier: MIT
// What is asked about configuration keys: which one is meant, what its variable is called, who may set it.
#include <fmt/format.h>

#include <algorithm>

#include "core/config_keys_types.hpp"
#include "lockstep/core/config_keys.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/target.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

std::string_view leaf_of(std::string_view path) {
    return path.substr(path.rfind('.') + 1);
}

/// The words that may stand in a group ("update.", or "" at the top).
std::vector<std::string> words_in(std::string_view group) {
    std::vector<std::string> found;
    const auto look = [&](const std::vector<ConfigKey>& keys) {
        for (const auto& key : keys) {
            if (!key.path.starts_with(group)) continue;
            auto word = std::string(key.path.substr(group.size()));
            word = word.substr(0, word.find('.'));
            if (std::find(found.begin(), found.end(), word) == found.end()) found.push_back(std::move(word));
        }
    };
    look(config_keys());
    look(member_keys());
    return found;
}

/// The words that may stand where `path`'s last word stands, without the group in front.
std::vector<std::string> siblings_of(std::string_view path) {
    return words_in(path.substr(0, path.rfind('.') == std::string_view::npos ? 0 : path.rfind('.') + 1));
}

std::string describe(const RawValue& value) {
    switch (value.shape) {
        case RawValue::Shape::scalar:
            return fmt::format(", not `{}`", clean_line(value.scalar, 60));
        case RawValue::Shape::list:
            return value.list.empty() ? ", not an empty list"
                                      : fmt::format(", not `[{}]`", clean_line(join(value.list, ", "), 60));
        case RawValue::Shape::map:
            return "";
    }
    return "";
}

std::string told(std::string_view name, const std::string& complaint, const RawValue& value) {
    // "…, not a list" and "…, not `this entry`" are already said where that is known.
    const bool said = complaint.find(", not a ") != std::string::npos ||
                      complaint.find(", not `") != std::string::npos || complaint.starts_with("names ");
    return fmt::format("`{}` {}{}", clean_line(name, 80), complaint, said ? "" : describe(value));
}

}  // namespace

const ConfigKey* find_key(std::string_view path) {
    for (const auto& key : config_keys())
        if (key.path == path) return &key;
    return nullptr;
}

const ConfigKey* find_member_key(std::string_view path) {
    for (const auto& key : member_keys())
        if (key.path == path) return &key;
    return nullptr;
}

const NamedGroup* find_named_group(std::string_view path) {
    for (const auto& group : named_groups())
        if (group.path == path) return &group;
    return nullptr;
}

bool is_key_group(std::string_view path) {
    return !words_in(std::string(path) + ".").empty();
}

std::string variable_of(std::string_view key_path) {
    std::string name = "LOCKSTEP_";
    for (const char c : key_path) name += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return name;
}

RawValue raw_from_text(KeyType type, std::string_view text) {
    RawValue value;
    if (type == KeyType::text_list) {
        value.shape = RawValue::Shape::list;
        if (trim(text).empty()) return value;
        for (const auto& part : split(text, ',')) value.list.emplace_back(trim(part));
    } else if (type == KeyType::text_map) {
        value.shape = RawValue::Shape::map;
        for (const auto& line : lines_of(text)) {
            const auto equals = std::min(line.find('='), line.size());
            value.map.emplace_back(trim(std::string_view(line).substr(0, equals)),
                                   equals == line.size() ? "" : trim(std::string_view(line).substr(equals + 1)));
        }
    } else {
        value.scalar = text;
    }
    return value;
}

std::optional<std::string> set_key(Config& config, const ConfigKey& key, std::string_view name, const RawValue& value) {
    const auto complaint = key.set(config, value);
    if (!complaint) return std::nullopt;
    return told(name, *complaint, value);
}

std::optional<std::string> set_member_key(Config& config, const ConfigKey& key, std::string_view shown,
                                          const MemberPlace& place, const RawValue& value) {
    const auto complaint = key.set_member(config, place, value);
    if (!complaint) return std::nullopt;
    return told(shown, *complaint, value);
}

std::optional<std::string> refused_in_repository(const ConfigKey& key, const RawValue& value) {
    if (key.set_member) return keys::refused_member(key, value);
    if (key.machine_only)
        return fmt::format("`{}` belongs to the machine: set it in the file given by --config, or by {}{}", key.path,
                           variable_of(key.path),
                           key.path == "forge.token_file" ? " or --token-file"
                           : key.path == "nix.bin_dir"    ? " or --nix-bin"
                                                          : "");
    if (key.path != "nix.options") return std::nullopt;
    for (const auto& [name, text] : value.map)
        if (keys::nix_option_moves_trust(name))
            return fmt::format(
                "`nix.options.{}` belongs to the machine, because it can run programs, carry secrets or move trust: "
                "set it in the file given by --config, by {}, or in nix.conf",
                clean_line(name, 60), variable_of(key.path));
    return std::nullopt;
}

std::string unknown_key_text(std::string_view path) {
    auto text = fmt::format("unknown key `{}`", clean_line(path, 80));
    const auto leaf = leaf_of(path);
    if (const auto near = nearest(leaf, siblings_of(path)); !near.empty())
        return fmt::format("{}, did you mean `{}{}`?", text, clean_line(path.substr(0, path.size() - leaf.size()), 60),
                           near);
    for (const auto& key : config_keys())
        if (leaf_of(key.path) == leaf) return fmt::format("{}, did you mean `{}`?", text, key.path);
    return text;
}

std::string unknown_member_text(std::string_view shown, std::string_view group, std::string_view leaf) {
    const auto text = fmt::format("unknown key `{}.{}`", clean_line(shown, 80), clean_line(leaf, 80));
    const auto near = nearest(leaf, words_in(std::string(group) + "."));
    return near.empty() ? text : fmt::format("{}, did you mean `{}`?", text, near);
}

std::vector<std::string> contradictions(const Config& config) {
    std::vector<std::string> found;
    if (config.commit.name.empty() != config.commit.email.empty())
        found.push_back(fmt::format("`commit.{}` is set without `commit.{}`; set both or neither",
                                    config.commit.name.empty() ? "email" : "name",
                                    config.commit.name.empty() ? "name" : "email"));
    if (!config.base.empty() && config.branch == config.base)
        found.emplace_back("`branch` and `base` are the same branch");
    if (!config.cache.signing_key_file.empty() && config.cache.to.empty())
        found.emplace_back("`cache.signing_key_file` is set without `cache.to`; nothing would be signed");
    if (!config.notify.smtp.empty() && (config.notify.mail_from.empty() || config.notify.mail_to.empty()))
        found.emplace_back("`notify.smtp` is set without `notify.mail_from` and `notify.mail_to`");
    return found;
}

}  // namespace lockstep
