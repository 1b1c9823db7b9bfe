// SPDX-License-Identifier: MIT
// base64 hides where a secret begins: of its three alignments only the characters count that depend on nothing else.
#include "core/redact_forms.hpp"

#include <algorithm>

#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr std::string_view k_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The characters of the base64 of (`before` unknown bytes + secret + anything) that the secret alone decides.
/// Padding depends on what follows, so it is never part of a form.
std::string base64_core(std::string_view secret, std::size_t before, std::string_view last_two) {
    const auto first_bit = before * 8, end_bit = first_bit + secret.size() * 8;
    const auto bit = [&](std::size_t at) {
        const auto byte = static_cast<unsigned char>(secret[(at - first_bit) / 8]);
        return static_cast<unsigned>(byte >> (7 - at % 8)) & 1U;
    };
    std::string result;
    for (std::size_t at = (first_bit + 5) / 6 * 6; at + 6 <= end_bit; at += 6) {
        unsigned digit = 0;
        for (std::size_t i = 0; i < 6; ++i) digit = digit << 1U | bit(at + i);
        result += digit < 62 ? k_alphabet[digit] : last_two[digit - 62];
    }
    return result;
}

bool unreserved(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

std::string hex_of(char c, std::string_view digits) {
    const auto byte = static_cast<unsigned char>(c);
    return {digits[byte >> 4U], digits[byte & 15U]};
}

constexpr std::string_view k_lower = "0123456789abcdef", k_upper = "0123456789ABCDEF";

/// `also` stays as it is, besides what needs no code anywhere.
std::string percent(std::string_view text, std::string_view digits, std::string_view also = "") {
    std::string result;
    for (const char c : text) {
        if (unreserved(c) || also.find(c) != std::string_view::npos)
            result += c;
        else
            result += "%" + hex_of(c, digits);
    }
    return result;
}

std::string json(std::string_view text, bool slashes) {
    constexpr std::string_view k_short = "\"\\\b\f\n\r\t", k_letters = "\"\\bfnrt";
    std::string result;
    for (const char c : text) {
        if (const auto at = k_short.find(c); at != std::string_view::npos)
            result += {'\\', k_letters[at]};
        else if (static_cast<unsigned char>(c) < 0x20)
            result += "\\u00" + hex_of(c, k_lower);
        else if (c == '/' && slashes)
            result += "\\/";
        else
            result += c;
    }
    return result;
}

std::string hex(std::string_view text, std::string_view digits) {
    std::string result;
    for (const char c : text) result += hex_of(c, digits);
    return result;
}

}  // namespace

std::vector<std::string> forms_of(std::string_view secret, std::size_t shortest) {
    std::vector<std::string> forms;
    const auto add = [&](std::string form) {
        if (form.size() >= shortest && std::find(forms.begin(), forms.end(), form) == forms.end())
            forms.push_back(std::move(form));
    };
    add(std::string(secret));
    for (std::size_t before = 0; before < 3; ++before)
        for (const std::string_view last_two : {"+/", "-_"}) {
            auto form = base64_core(secret, before, last_two);
            add(percent(form, k_upper));
            add(percent(form, k_lower));
            add(std::move(form));
        }
    for (const auto digits : {k_upper, k_lower}) {
        add(hex(secret, digits));
        add(percent(secret, digits));
        add(percent(secret, digits, "!$&'()*+,;=:@/?"));  // as in a path or a query
        add(replace_all(percent(secret, digits, " "), " ", "+"));
    }
    const auto markdown = markdown_inline(secret);
    for (const bool slashes : {false, true}) {
        add(json(secret, slashes));
        add(json(json(secret, slashes), false));  // JSON inside JSON
    }
    add(markdown);
    add(json(markdown, false));
    add(xml_text(secret));
    add(replace_all(std::string(secret), "'", "'\\''"));
    if (secret.find('\n') == std::string_view::npos) return forms;
    for (const auto& line : lines_of(secret)) {
        if (std::string_view whole = trim(line); whole.size() >= shortest && !whole.starts_with("-----"))
            for (auto& form : forms_of(whole, shortest)) add(std::move(form));
    }
    return forms;
}

}  // namespace lockstep
