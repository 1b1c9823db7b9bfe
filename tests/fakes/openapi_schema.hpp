// SPDX-License-Identifier: MIT
// OpenAPI's dialect of JSON Schema rewritten into JSON Schema draft 4.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "fakes/openapi_document.hpp"

namespace lockstep::fakes {

struct SchemaOptions {
    bool closed = false;                     ///< objects admit no members but those described
    std::vector<std::string> required = {};  ///< members the server insists on, of the outermost object
};

/// One schema with all definitions it needs, as a document of its own ("$ref"s stay local).
[[nodiscard]] nlohmann::json standalone_schema(const ApiDocument& document, const nlohmann::json& schema,
                                               const SchemaOptions& options = {});

/// A copy without members that are null, at any depth, and [] for null at the top: how the Gitea family departs from
/// its documents.
[[nodiscard]] nlohmann::json without_nulls(const nlohmann::json& value);

}  // namespace lockstep::fakes
