// SPDX-License-Identifier: MIT
// One table of configuration keys. The YAML loader, LOCKSTEP_* variables, flags, `lockstep schema config`, docs/CONFIG.md and
// the file that `init` writes all come from it, so none of them can drift.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/config.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep {

enum class KeyType { text, integer, boolean, duration, size, choice, text_list, text_map };

/// A value as it stands in a file or variable, before it has a type. Lists from variables are split at commas.
struct RawValue {
    std::string scalar;
    std::vector<std::string> list;
    std::vector<std::pair<std::string, std::string>> map;
    enum class Shape { scalar, list, map } shape = Shape::scalar;
    bool quoted = false;  ///< a quoted YAML scalar: a string even if it looks like a number or boolean
};

struct ConfigKey {
    std::string_view path;       ///< "update.inputs"
    KeyType type = KeyType::text;
    std::string_view doc;        ///< one or two sentences, Markdown
    std::vector<std::string> choices;  ///< for choice
    bool machine_only = false;   ///< refused in the repository's file
    /// Validates and stores; the error text says what is expected ("expects a duration such as 90s or 10m").
    std::function<std::optional<std::string>(Config&, const RawValue&)> set;
    std::function<std::string(const Config&)> show;  ///< as YAML flow text: "90s", "[a, b]"
};
[[nodiscard]] const std::vector<ConfigKey>& config_keys();
[[nodiscard]] const ConfigKey* find_key(std::string_view path);
/// "LOCKSTEP_UPDATE_INPUTS" for "update.inputs".
[[nodiscard]] std::string variable_of(std::string_view key_path);

/// JSON Schema (2020-12) of lockstep.yaml, made from the table.
[[nodiscard]] std::string config_schema();
/// docs/CONFIG.md's table part, made from the table.
[[nodiscard]] std::string config_reference_markdown();

}  // namespace lockstep
