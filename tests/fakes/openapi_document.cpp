// SPDX-License-Identifier: MIT
// Reading of the two formats, and matching of paths with parameters that hold slashes.
#include "fakes/openapi_document.hpp"

#include <algorithm>

#include "fakes/http_message.hpp"

namespace lockstep::fakes {

using nlohmann::json;

namespace {

bool is_parameter(const std::string& segment) {
    return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool match_from(const std::vector<std::string>& wanted, std::size_t i, const std::vector<std::string>& given,
                std::size_t j, const std::vector<std::string>& with_slashes,
                std::map<std::string, std::string>& values) {
    if (i == wanted.size()) return j == given.size();
    if (j == given.size()) return false;
    if (!is_parameter(wanted[i]))
        return wanted[i] == given[j] && match_from(wanted, i + 1, given, j + 1, with_slashes, values);
    const auto name = wanted[i].substr(1, wanted[i].size() - 2);
    const bool several = std::find(with_slashes.begin(), with_slashes.end(), name) != with_slashes.end();
    std::string value;
    for (auto end = j; end < (several ? given.size() : j + 1); ++end) {
        value += (end == j ? "" : "/") + percent_decode(given[end]);
        if (!match_from(wanted, i + 1, given, end + 1, with_slashes, values)) continue;
        values[name] = value;
        return true;
    }
    return false;
}

std::size_t literals(const std::string& path_template) {
    const auto segments = path_segments(path_template);
    return static_cast<std::size_t>(std::count_if(segments.begin(), segments.end(),
                                                  [](const std::string& segment) { return !is_parameter(segment); }));
}

json json_schema_of(const json& content) {
    const auto it = content.find("application/json");
    return it == content.end() ? json(nullptr) : it->value("schema", json(nullptr));
}

ApiParameter read_parameter(const json& node) {
    const auto& typed = node.contains("schema") ? node["schema"] : node;
    ApiParameter result;
    result.name = node.value("name", "");
    result.in = node.value("in", "");
    result.required = node.value("required", false);
    if (typed.contains("type") && typed["type"].is_string()) result.type = typed["type"].get<std::string>();
    for (const auto& value : typed.value("enum", json::array()))
        if (value.is_string()) result.allowed.push_back(value.get<std::string>());
    return result;
}

}  // namespace

bool ApiOperation::takes_form() const {
    return std::any_of(parameters.begin(), parameters.end(),
                       [](const ApiParameter& parameter) { return parameter.in == "formData"; });
}

ApiDocument::ApiDocument(json document)
    : document_(std::move(document)), with_slashes_{"ref", "head", "filepath", "basehead", "branch", "path"} {
    for (const auto& [path, item] : document_.at("paths").items())
        for (const auto& [method, operation] : item.items())
            if (method != "parameters") add_operation(method, path, item, operation);
}

const json& ApiDocument::at(const std::string& reference) const {
    return document_.at(json::json_pointer(reference.substr(1)));
}

const json& ApiDocument::resolve(const json& node) const {
    return node.is_object() && node.contains("$ref") ? resolve(at(node["$ref"].get<std::string>())) : node;
}

void ApiDocument::add_operation(const std::string& method, const std::string& path, const json& item,
                                const json& operation) {
    ApiOperation result;
    result.method = method;
    std::transform(method.begin(), method.end(), result.method.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    result.path = path;
    for (const auto& list : {item.value("parameters", json::array()), operation.value("parameters", json::array())}) {
        for (const auto& entry : list) {
            const auto& node = resolve(entry);
            if (node.value("in", "") == "body")
                result.body = node.value("schema", json(nullptr));
            else
                result.parameters.push_back(read_parameter(node));
        }
    }
    if (operation.contains("requestBody"))
        result.body = json_schema_of(resolve(operation["requestBody"]).value("content", json::object()));
    for (const auto& [status, entry] : operation.at("responses").items()) {
        const auto& response = resolve(entry);
        result.responses[status] = response.contains("content") ? json_schema_of(response["content"])
                                                                : response.value("schema", json(nullptr));
    }
    operations_.push_back(std::move(result));
}

std::optional<std::map<std::string, std::string>> ApiDocument::match(const std::string& path_template,
                                                                     const std::string& path,
                                                                     const std::vector<std::string>& with_slashes) {
    std::map<std::string, std::string> values;
    if (!match_from(path_segments(path_template), 0, path_segments(path), 0, with_slashes, values)) return std::nullopt;
    return values;
}

const ApiOperation* ApiDocument::find(const std::string& method, const std::string& path) const {
    const ApiOperation* best = nullptr;
    for (const auto& operation : operations_) {
        if (operation.method != method) continue;
        const auto values = match(operation.path, path, with_slashes_);
        if (!values) continue;
        if (best == nullptr || literals(operation.path) > literals(best->path)) best = &operation;
    }
    return best;
}

}  // namespace lockstep::fakes
