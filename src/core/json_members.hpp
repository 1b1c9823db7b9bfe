// SPDX-License-Identifier: MIT
// Members of JSON that a file brought along: what is not there, or of another type, reads as empty.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

namespace lockstep {

inline std::string text_of(const nlohmann::json& data, const char* key) {
    const auto found = data.find(key);
    return found != data.end() && found->is_string() ? found->get<std::string>() : std::string();
}

inline std::int64_t number_of(const nlohmann::json& data, const char* key) {
    const auto found = data.find(key);
    return found != data.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

}  // namespace lockstep
