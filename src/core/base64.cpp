// SPDX-License-Identifier: MIT
// Bytes as text and back.
#include "lockstep/core/base64.hpp"

namespace lockstep {

namespace {

constexpr std::string_view k_base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string base64_decoded(std::string_view text) {
    while (text.ends_with('=')) text.remove_suffix(1);
    std::string result;
    unsigned value = 0, bits = 0;
    for (const char c : text) {
        const auto digit = k_base64_digits.find(c);
        if (digit == std::string_view::npos) return "";
        value = (value << 6U | static_cast<unsigned>(digit)) & 0xFFFFU;
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        result += static_cast<char>(value >> bits & 0xFFU);
    }
    return result;
}

std::string base64(std::string_view bytes) {
    std::string result;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto byte = [&](std::size_t at) {
            return at < bytes.size() ? static_cast<unsigned>(static_cast<unsigned char>(bytes[at])) : 0u;
        };
        const unsigned group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
        for (std::size_t digit = 0; digit < 4; ++digit)
            result += i + digit > bytes.size() ? '=' : k_base64_digits[group >> (18 - 6 * digit) & 63];
    }
    return result;
}

}  // namespace lockstep
