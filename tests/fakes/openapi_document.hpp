// SPDX-License-Identifier: MIT
// An OpenAPI 3.0 or Swagger 2.0 document as a list of operations. Knows nothing of schema validation.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace lockstep::fakes {

struct ApiParameter {
    std::string name, in, type;  ///< in: "path", "query", "formData"
    bool required = false;
    std::vector<std::string> allowed;  ///< enum
};

struct ApiOperation {
    std::string method, path;
    std::vector<ApiParameter> parameters;
    nlohmann::json body;                              ///< schema; null when the operation takes none
    std::map<std::string, nlohmann::json> responses;  ///< status → schema; null when none is given

    [[nodiscard]] bool takes_form() const;
};

class ApiDocument {
public:
    explicit ApiDocument(nlohmann::json document);

    /// The operation of a request; literal segments win over parameters. Parameters that are known to hold slashes
    /// ({ref}, {branch}, …; x-multi-segment) match several segments.
    [[nodiscard]] const ApiOperation* find(const std::string& method, const std::string& path) const;
    [[nodiscard]] const std::vector<ApiOperation>& operations() const { return operations_; }
    /// Target of a local reference: "#/definitions/Label".
    [[nodiscard]] const nlohmann::json& at(const std::string& reference) const;

    /// Values of the path's parameters when it matches the template.
    [[nodiscard]] static std::optional<std::map<std::string, std::string>> match(
        const std::string& path_template, const std::string& path, const std::vector<std::string>& with_slashes);

private:
    [[nodiscard]] const nlohmann::json& resolve(const nlohmann::json& node) const;
    void add_operation(const std::string& method, const std::string& path, const nlohmann::json& item,
                       const nlohmann::json& operation);

    nlohmann::json document_;
    std::vector<ApiOperation> operations_;
    std::vector<std::string> with_slashes_;
};

}  // namespace lockstep::fakes
