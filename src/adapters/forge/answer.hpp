// SPDX-License-Identifier: MIT
// A forge's JSON, read tolerantly: whatever is missing, null or of another type reads as empty. The Gitea family
// answers null where its documents promise arrays and objects.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lockstep/core/result.hpp"
#include "lockstep/ports/http.hpp"

namespace lockstep::forge {

class Answer {
public:
    /// Error (infrastructure) when the body is not JSON (an HTML page, half an answer) or nests deeper than 64 levels.
    [[nodiscard]] static Result<Answer> parse(const HttpResponse& response);

    [[nodiscard]] bool is_object() const;
    [[nodiscard]] bool is_array() const;
    [[nodiscard]] bool is_null() const;
    [[nodiscard]] bool has(std::string_view key) const;  ///< present and not null

    [[nodiscard]] Answer at(std::string_view key) const;
    [[nodiscard]] std::vector<Answer> items() const;
    [[nodiscard]] std::string text() const;  ///< this value, when it is a string
    [[nodiscard]] std::string text(std::string_view key) const;
    [[nodiscard]] std::int64_t number(std::string_view key) const;
    [[nodiscard]] bool flag(std::string_view key) const;

private:
    Answer(std::shared_ptr<const void> root, const void* node) : root_(std::move(root)), node_(node) {}

    std::shared_ptr<const void> root_;  ///< keeps the document of node_ alive
    const void* node_;
};

/// {"key": "value", …}; bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string json_object(std::initializer_list<std::pair<std::string_view, std::string_view>> members);
[[nodiscard]] std::string json_list(std::string_view key, const std::vector<std::string>& values);
[[nodiscard]] std::string json_list(std::string_view key, const std::vector<std::int64_t>& values);

}  // namespace lockstep::forge
