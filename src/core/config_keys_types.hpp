// SPDX-License-Identifier: MIT
// How values of configuration keys are read, checked and shown, type by type. Only the table of keys uses this.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/config_keys.hpp"

namespace lockstep::keys {

/// Nothing, or what is expected instead.
using Complaint = std::optional<std::string>;
using TextCheck = Complaint (*)(const std::string&);
using ListCheck = Complaint (*)(const std::vector<std::string>&);

Complaint read(const RawValue& raw, std::string& into);
Complaint read(const RawValue& raw, bool& into);
Complaint read(const RawValue& raw, std::int64_t least, std::int64_t most, int& into);
Complaint read(const RawValue& raw, std::chrono::milliseconds& into);  ///< 1 ms to 30 days
Complaint read(const RawValue& raw, std::uint64_t least, std::uint64_t most, std::uint64_t& into);
Complaint read(const RawValue& raw, std::vector<std::string>& into);
Complaint read(const RawValue& raw, std::vector<std::pair<std::string, std::string>>& into);

/// YAML flow text that reads back as the same value.
std::string show(const std::string& value);
std::string show(const std::vector<std::string>& value);
std::string show(const std::map<std::string, std::string>& value);

/// Checks of single values; each accepts exactly what its complaint says.
Complaint one_line(const std::string& text);  ///< not empty, no control characters
Complaint remote_name(const std::string& text);
Complaint ref_name_or_empty(const std::string& text);
Complaint branch_template(const std::string& text);
Complaint time_zone_name(const std::string& text);
Complaint subject_template(const std::string& text);
Complaint person_name(const std::string& text);
Complaint mail_address(const std::string& text);
Complaint forge_kind(const std::string& text);
Complaint web_address(const std::string& text);
Complaint store_address(const std::string& text);  ///< or empty
Complaint path_or_empty(const std::string& text);
Complaint target_sets(const std::vector<std::string>& entries);
Complaint globs(const std::vector<std::string>& entries);
Complaint input_names(const std::vector<std::string>& entries);
Complaint alarm_globs(const std::vector<std::string>& entries);  ///< each names at least one alarm
Complaint labels(const std::vector<std::string>& entries);
Complaint nix_options(const std::vector<std::pair<std::string, std::string>>& entries);

/// "./nixos/" → "nixos", "." → ""; a complaint when the path leaves the repository.
Complaint read_sub_directory(const RawValue& raw, std::string& into);

/// Why the repository's own file may not say this of its hosts.
Complaint refused_member(const ConfigKey& key, const RawValue& value);

/// Option names that run programs, hand out secrets or move trust.
bool nix_option_moves_trust(std::string_view name);

}  // namespace lockstep::keys
