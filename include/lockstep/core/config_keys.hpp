// SPDX-License-Identifier: MIT
// One table of configuration keys. The YAML loader, LOCKSTEP_* variables, flags, `lockstep schema config`,
// docs/CONFIG.md and the file that `init` writes all come from it, so none of them can drift.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lockstep/core/config.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep {

enum class KeyType { text, integer, boolean, duration, size, choice, text_list, text_map };

/// A value as it stands in a file or variable, before it has a type. See raw_from_text for values that are one text.
struct RawValue {
    std::string scalar;
    std::vector<std::string> list;
    std::vector<std::pair<std::string, std::string>> map;
    enum class Shape { scalar, list, map } shape = Shape::scalar;
    bool quoted = false;  ///< a quoted YAML scalar: a string even if it looks like a number or boolean
};

/// Which entry of a mapping with free names a value belongs to, and where it was written.
struct MemberPlace {
    std::string name;    ///< "web1"; "" in `fleet.defaults`
    std::string origin;  ///< "lockstep.yaml:12"
};

struct ConfigKey {
    std::string_view path;  ///< "update.inputs"; of a member "fleet.hosts.*.port"
    KeyType type = KeyType::text;
    std::string_view doc;              ///< one or two sentences, Markdown
    std::vector<std::string> choices;  ///< for choice
    bool machine_only = false;         ///< refused in the repository's file
    std::int64_t least = 0, most = 0;  ///< for integer
    std::string_view pattern;          ///< for editors: what a text, or each entry of a list, looks like; "" = anything
    /// Validates and stores; the error text says what is expected ("expects a duration such as 90s or 10m").
    std::function<std::optional<std::string>(Config&, const RawValue&)> set;
    std::function<std::string(const Config&)> show;  ///< as YAML flow text: "90s", "[a, b]"
    /// Members have this instead of `set` and `show`.
    std::function<std::optional<std::string>(Config&, const MemberPlace&, const RawValue&)> set_member;
};
/// The keys that every source can set.
[[nodiscard]] const std::vector<ConfigKey>& config_keys();

/// A mapping whose keys are names that people choose.
struct NamedGroup {
    std::string_view path;     ///< "fleet.hosts"
    std::string_view doc;      ///< one or two sentences, Markdown
    std::string_view pattern;  ///< for editors: what the names look like
    /// Makes the entry, as `web1:` without any field does; a complaint says what names look like.
    std::function<std::optional<std::string>(Config&, const MemberPlace&)> add;
};
[[nodiscard]] const std::vector<NamedGroup>& named_groups();
/// The keys below the named groups, and those of `fleet.defaults`: only files can set them. Lists take one text as
/// well.
[[nodiscard]] const std::vector<ConfigKey>& member_keys();
[[nodiscard]] const ConfigKey* find_member_key(std::string_view path);
[[nodiscard]] const NamedGroup* find_named_group(std::string_view path);
/// Whether there are keys below `path`, in either table.
[[nodiscard]] bool is_key_group(std::string_view path);
[[nodiscard]] const ConfigKey* find_key(std::string_view path);
/// "LOCKSTEP_UPDATE_INPUTS" for "update.inputs".
[[nodiscard]] std::string variable_of(std::string_view key_path);
/// The value of a variable or flag: lists are split at commas, maps have one NAME=VALUE per line.
[[nodiscard]] RawValue raw_from_text(KeyType type, std::string_view text);
/// key.set with a whole sentence on trouble: "`prove.slots` expects a whole number from 0 to 1024, not `many`", where
/// `name` is what the reader wrote: a key, a variable or a flag.
[[nodiscard]] std::optional<std::string> set_key(Config& config, const ConfigKey& key, std::string_view name,
                                                 const RawValue& value);
/// The same for a member; `shown` is its path with the names that were written.
[[nodiscard]] std::optional<std::string> set_member_key(Config& config, const ConfigKey& key, std::string_view shown,
                                                        const MemberPlace& place, const RawValue& value);
/// Why the repository's own file may not set this key to this value, with the alternatives; nothing when it may.
/// Whoever can change the base branch must not thereby run programs as the runner or read its secrets.
[[nodiscard]] std::optional<std::string> refused_in_repository(const ConfigKey& key, const RawValue& value);
/// "unknown key `updates`" with the nearest known key; `path` as in ConfigKey, possibly inside a known group.
[[nodiscard]] std::string unknown_key_text(std::string_view path);
/// The same for a key `leaf` that was written in the group `shown` ("fleet.hosts.web1"), which the table calls `group`
/// ("fleet.hosts.*").
[[nodiscard]] std::string unknown_member_text(std::string_view shown, std::string_view group, std::string_view leaf);
/// Mistakes that no single key can see (commit.name without commit.email), one line each.
[[nodiscard]] std::vector<std::string> contradictions(const Config& config);

/// JSON Schema (2020-12) of lockstep.yaml, made from the table.
[[nodiscard]] std::string config_schema();
/// docs/CONFIG.md's table part, made from the table.
[[nodiscard]] std::string config_reference_markdown();

}  // namespace lockstep
