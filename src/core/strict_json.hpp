// SPDX-License-Identifier: MIT
// Reading files that people agree to: every member must be there, of its type, and clean; the first trouble is told
// with its place. What a reader does not ask for is found by writing what was read and comparing.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

class StrictJson {
public:
    using Json = nlohmann::json;
    static constexpr std::size_t k_longest_text = 4000;

    StrictJson(const Json& in, std::string place, std::string& problem)
        : in_(in), place_(std::move(place)), problem_(problem) {
        if (!in_.is_object()) fail("is no object");
    }

    void text(const char* key, std::string& value) {
        if (const auto* found = at(key)) take(*found, key, value);
    }
    void texts(const char* key, std::vector<std::string>& values) {
        each(key, [&](const Json& entry, const std::string& place) { take(entry, place, values.emplace_back()); });
    }
    void flag(const char* key, bool& value) {
        const auto* found = at(key);
        if (found != nullptr && !found->is_boolean()) return fail(key, "is neither true nor false");
        if (found != nullptr) value = found->get<bool>();
    }
    void time(const char* key, std::chrono::system_clock::time_point& value) {
        std::string written;
        text(key, written);
        if (!problem_.empty()) return;
        const auto read = parse_utc(written);
        // One way to write a moment, so that what was read is written the same.
        if (!read.ok() || format_utc(read.value()) != written)
            return fail(key, "is no time such as 2026-11-21T02:00:00Z");
        value = read.value();
    }
    /// Visits the entries of an array with their places.
    template <class Visit>
    void each(const char* key, Visit&& visit) {
        const auto* found = at(key);
        if (found != nullptr && !found->is_array()) return fail(key, "is no list");
        std::size_t n = 0;
        if (found != nullptr)
            for (const auto& entry : *found) visit(entry, name(key) + "[" + std::to_string(n++) + "]");
    }
    /// Visits the members of an object; their names are clean texts.
    template <class Visit>
    void members(const char* key, Visit&& visit) {
        const auto* found = at(key);
        if (found != nullptr && !found->is_object()) return fail(key, "is no object");
        if (found == nullptr) return;
        for (const auto& [member, value] : found->items()) {
            if (!clean(member)) return fail(key, "has a member whose name is not a line of text");
            visit(member, value);
        }
    }
    /// nullptr when it is absent, which is a problem.
    [[nodiscard]] const Json* at(const char* key) {
        if (!problem_.empty()) return nullptr;
        const auto found = in_.find(key);
        if (found != in_.end()) return &*found;
        fail(key, "is not there");
        return nullptr;
    }
    void take(const Json& value, const std::string& place, std::string& out) {
        if (!problem_.empty()) return;
        if (!value.is_string()) return fail(place, "is no text");
        out = value.get<std::string>();
        if (!clean(out)) fail(place, "is not one line of plain text");
    }
    void fail(const std::string& key, const std::string& what) {
        if (problem_.empty()) problem_ = "`" + clean_line(name(key), 200) + "` " + what;
    }
    [[nodiscard]] std::string& problem() { return problem_; }

private:
    [[nodiscard]] static bool clean(const std::string& text) { return clean_line(text, k_longest_text) == text; }
    void fail(const std::string& what) {
        if (problem_.empty()) problem_ = "`" + clean_line(place_, 200) + "` " + what;
    }
    [[nodiscard]] std::string name(const std::string& key) const {
        return place_.empty() || key.starts_with(place_ + ".") ? key : place_ + "." + key;
    }

    const Json& in_;
    std::string place_;
    std::string& problem_;
};

}  // namespace lockstep
