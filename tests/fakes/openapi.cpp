// SPDX-License-Identifier: MIT
// The judgement on a request or an answer. The only place that knows valijson; its exceptions end here.
#include "fakes/openapi.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "fakes/openapi_document.hpp"
#include "fakes/openapi_schema.hpp"

namespace lockstep::fakes {

using nlohmann::json;

namespace {

using Problems = std::vector<std::string>;
const std::string k_unusable = "the description cannot be used: ";
constexpr std::size_t k_most_problems = 6;  // a failed "oneOf" explains every branch

/// Members that the servers insist on where the documents do not say so.
struct Insisted {
    const char *method, *path_end;
    std::vector<std::string> members;
};
const std::vector<Insisted>& insisted() {
    static const std::vector<Insisted> list = {
        {"POST", "/pulls", {"title", "head", "base"}},
        {"POST", "/labels", {"name"}},
        {"POST", "/comments", {"body"}},
        {"PATCH", "/issues/comments/{id}", {"body"}},
        {"POST", "/statuses/{sha}", {"state"}},
    };
    return list;
}

bool ends_with(const std::string& text, const std::string& end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

std::vector<std::string> insisted_members(const ApiOperation& operation) {
    const bool on_issue = operation.path.find("/issues/{") != std::string::npos;
    if (operation.method == "POST" && on_issue && ends_with(operation.path, "/labels")) return {"labels"};
    for (const auto& entry : insisted())
        if (operation.method == entry.method && ends_with(operation.path, entry.path_end)) return entry.members;
    return {};
}

bool is_json(const std::string& content_type) {
    return content_type.rfind("application/json", 0) == 0;
}

class Judge final : public OpenApi {
public:
    Judge(const std::string& name, json document) : github_(name == "github.json"), document_(std::move(document)) {}

    [[nodiscard]] Problems check_request(const Call& call, const std::string& path) const override {
        const auto* operation = document_.find(call.method, path);
        if (operation == nullptr) return {"no such operation in the forge's description"};
        Problems problems;
        check_parameters(*operation, call, path, problems);
        if (operation->takes_form())
            check_form(*operation, call, problems);
        else
            check_body(*operation, call, problems);
        // A probe does not know yet that it talks to GitHub.
        if (github_ && path != "/meta") check_github_headers(call, problems);
        return problems;
    }

    [[nodiscard]] Problems check_reply(const Call& call, const std::string& path, const Reply& reply) const override {
        const auto* operation = document_.find(call.method, path);
        if (operation == nullptr) return {};
        if (github_ && call.header("user-agent").empty()) return {};  // plain text from the front end
        if (reply.status == 204) return reply.body.empty() ? Problems{} : Problems{"204 with a body"};
        std::string type;
        for (const auto& [name, value] : reply.headers)
            if (lower_case(name) == "content-type") type = value;
        const auto body = json::parse(reply.body, nullptr, false);
        if (!is_json(type) || body.is_discarded()) return {"the answer is not JSON"};
        const auto declared = operation->responses.find(std::to_string(reply.status));
        if (declared != operation->responses.end() && !declared->second.is_null())
            return validate(*operation, "answer " + declared->first, declared->second, {},
                            github_ ? body : without_nulls(body));
        // The documents do not list every refusal; all have a message.
        if (reply.status < 400) return {"status " + std::to_string(reply.status) + " is not described"};
        return body.is_object() && body.contains("message") && body["message"].is_string()
                   ? Problems{}
                   : Problems{"a refusal without a message"};
    }

    [[nodiscard]] Problems check_itself() const override {
        Problems problems;
        const auto add = [&](const ApiOperation& operation, const std::string& what, const json& schema, bool closed) {
            if (schema.is_null()) return;
            for (const auto& problem : validate(operation, what, schema, {.closed = closed}, json::object()))
                if (problem.rfind(k_unusable, 0) == 0)
                    problems.push_back(operation.method + " " + operation.path + " " + what + ": " + problem);
        };
        for (const auto& operation : document_.operations()) {
            add(operation, "any body", operation.body, true);
            for (const auto& [status, schema] : operation.responses) add(operation, "answer " + status, schema, false);
        }
        return problems;
    }

private:
    void check_parameters(const ApiOperation& operation, const Call& call, const std::string& path,
                          Problems& problems) const {
        for (const auto& [name, value] : call.query) {
            const auto it = std::find_if(
                operation.parameters.begin(), operation.parameters.end(),
                [&, &wanted = name](const ApiParameter& p) { return p.in == "query" && p.name == wanted; });
            if (it == operation.parameters.end())
                problems.push_back("unknown query parameter " + name);
            else
                check_value(*it, value, problems);
        }
        const auto values =
            ApiDocument::match(operation.path, path, {"ref", "head", "filepath", "basehead", "branch", "path"});
        for (const auto& parameter : operation.parameters)
            if (parameter.in == "path" && values && values->count(parameter.name) != 0)
                check_value(parameter, values->at(parameter.name), problems);
    }

    static void check_value(const ApiParameter& parameter, const std::string& value, Problems& problems) {
        const auto& allowed = parameter.allowed;
        if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), value) == allowed.end())
            problems.push_back("parameter " + parameter.name + " must not be " + value);
        if (parameter.type == "integer" &&
            (value.empty() || value.find_first_not_of("0123456789") != std::string::npos))
            problems.push_back("parameter " + parameter.name + " must be a number, not " + value);
    }

    static void check_form(const ApiOperation& operation, const Call& call, Problems& problems) {
        if (call.header("content-type").rfind("multipart/form-data", 0) != 0)
            problems.emplace_back("not a multipart form");
        for (const auto& parameter : operation.parameters) {
            if (parameter.in != "formData" || !parameter.required) continue;
            if (std::none_of(call.parts.begin(), call.parts.end(),
                             [&](const Part& part) { return part.name == parameter.name; }))
                problems.push_back("the form lacks " + parameter.name);
        }
        for (const auto& part : call.parts) {
            if (std::none_of(operation.parameters.begin(), operation.parameters.end(),
                             [&](const ApiParameter& parameter) {
                                 return parameter.in == "formData" && parameter.name == part.name;
                             }))
                problems.push_back("the form has an unknown part " + part.name);
        }
    }

    void check_body(const ApiOperation& operation, const Call& call, Problems& problems) const {
        if (operation.body.is_null()) {
            if (!call.body.empty() || !call.parts.empty()) problems.emplace_back("this operation takes no body");
            return;
        }
        const auto members = insisted_members(operation);
        if (call.body.empty()) {
            if (!members.empty()) problems.emplace_back("the body is missing");
            return;
        }
        if (!is_json(call.header("content-type"))) problems.emplace_back("the body is not declared as JSON");
        const auto body = json::parse(call.body, nullptr, false);
        if (body.is_discarded()) {
            problems.emplace_back("the body is not JSON");
            return;
        }
        const auto found = validate(operation, "body", operation.body, {.closed = true, .required = members}, body);
        problems.insert(problems.end(), found.begin(), found.end());
    }

    static void check_github_headers(const Call& call, Problems& problems) {
        if (call.header("x-github-api-version") != "2022-11-28")
            problems.emplace_back("X-GitHub-Api-Version is not 2022-11-28");
        if (call.header("accept").find("application/vnd.github+json") == std::string::npos)
            problems.emplace_back("Accept is not application/vnd.github+json");
        if (call.header("user-agent").empty()) problems.emplace_back("no User-Agent");
    }

    Problems validate(const ApiOperation& operation, const std::string& what, const json& schema,
                      const SchemaOptions& options, const json& value) const {
        const auto key = operation.method + " " + operation.path + " " + what;
        const std::lock_guard lock(mutex_);
        try {
            auto& compiled = compiled_[key];
            if (compiled == nullptr) {
                const auto document = standalone_schema(document_, schema, options);
                auto fresh = std::make_unique<valijson::Schema>();
                valijson::SchemaParser(valijson::SchemaParser::kDraft4)
                    .populateSchema(valijson::adapters::NlohmannJsonAdapter(document), *fresh);
                compiled = std::move(fresh);
            }
            valijson::Validator validator(valijson::Validator::kStrongTypes);
            valijson::ValidationResults results;
            if (validator.validate(*compiled, valijson::adapters::NlohmannJsonAdapter(value), &results)) return {};
            return words(results);
        } catch (const std::exception& error) {
            return {k_unusable + std::string(error.what())};
        }
    }

    static Problems words(const valijson::ValidationResults& results) {
        Problems problems;
        for (const auto& error : results) {
            std::string where;
            for (const auto& step : error.context) where += step;
            if (problems.size() < k_most_problems) problems.push_back(where + ": " + error.description);
        }
        return problems;
    }

    bool github_;
    ApiDocument document_;
    mutable std::mutex mutex_;
    mutable std::map<std::string, std::unique_ptr<valijson::Schema>> compiled_;
};

}  // namespace

std::string OpenApi::folder() {
    if (const char* configured = std::getenv("LOCKSTEP_OPENAPI_DIR"); configured != nullptr && *configured != '\0')
        return configured;
    return (std::filesystem::path(LOCKSTEP_SOURCE_DIR) / "../shared/openapi").lexically_normal().string();
}

std::shared_ptr<const OpenApi> OpenApi::load(const std::string& name) {
    static std::mutex mutex;
    static std::map<std::string, std::shared_ptr<const OpenApi>> loaded;
    const std::lock_guard lock(mutex);
    const auto path = folder() + "/" + name;
    if (const auto it = loaded.find(path); it != loaded.end()) return it->second;
    std::ifstream file(path);
    auto document = json::parse(file, nullptr, false);
    std::shared_ptr<const OpenApi> judge;
    if (document.is_object()) judge = std::make_shared<Judge>(name, std::move(document));
    loaded[path] = judge;
    return judge;
}

}  // namespace lockstep::fakes
