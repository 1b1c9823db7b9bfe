// SPDX-License-Identifier: MIT
// Reading JSON of other tools: bounded, and with errors that say which host and which member is wrong.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/fleet_record.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep::deploy {

/// Error (config): too large, too deep, no JSON, or neither an object nor null. `source` is what the JSON is called.
[[nodiscard]] Result<nlohmann::json> parse_foreign(std::string_view text, const std::string& source);

[[nodiscard]] Error wrong_nodes(const std::string& source, const std::string& why);

/// The members of one host. Null is the same as none. The first mistake is kept; values after it do not matter.
class Members {
public:
    Members(const nlohmann::json& object, std::string who) : object_(object), who_(std::move(who)) {}

    /// The member that has one of the names; several must agree.
    [[nodiscard]] std::optional<std::string> text(std::initializer_list<const char*> names);
    [[nodiscard]] std::optional<bool> boolean(std::initializer_list<const char*> names);
    [[nodiscard]] std::optional<int> port(std::initializer_list<const char*> names);  ///< a number, or digits
    [[nodiscard]] std::optional<std::vector<std::string>> list(std::initializer_list<const char*> names);

    [[nodiscard]] const std::optional<std::string>& mistake() const { return mistake_; }

private:
    [[nodiscard]] const nlohmann::json* find(std::initializer_list<const char*> names);
    void expect(const char* name, std::string_view what);

    const nlohmann::json& object_;
    std::string who_;
    const char* found_ = "";
    std::optional<std::string> mistake_;
};

/// Checks the values of a record now, so that the mistake names the source: nothing, or what is wrong.
[[nodiscard]] std::optional<std::string> record_mistake(const std::string& who, const FleetRecord& record);

}  // namespace lockstep::deploy
