// SPDX-License-Identifier: MIT
// The redactor: a canary never comes out, however it is written and wherever the stream is cut.
#include "lockstep/core/redact.hpp"

#include <algorithm>
#include <array>

#include "fuzz/support/fuzz_input.hpp"
#include "lockstep/core/check.hpp"

using namespace lockstep;

namespace {

const std::array<std::string, 3> k_secrets = {
    "tok-S3cr3t/Canary+9x?{\"q\"}", "c4nary0f1d2e3b4a5968778695a4b3c2d1e0f123", "Canary+9x?{\"q\"}tok-S3cr3t"};

const std::shared_ptr<const RedactionPatterns>& patterns() {
    static const auto compiled =
        std::make_shared<const RedactionPatterns>(std::vector<std::string>(k_secrets.begin(), k_secrets.end()));
    return compiled;
}

std::string in_pieces(const std::vector<std::string_view>& pieces) {
    Redactor redactor(patterns());
    std::string out;
    for (const auto piece : pieces) {
        redactor.feed(piece, out);
        LOCKSTEP_CHECK(redactor.held() <= patterns()->longest());
    }
    redactor.finish(out);
    LOCKSTEP_CHECK(redactor.held() == 0);
    return out;
}

std::string hex(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string result;
    for (const char c : text) {
        result += digits[static_cast<unsigned char>(c) >> 4U];
        result += digits[static_cast<unsigned char>(c) & 15U];
    }
    return result;
}

/// The digits that the secret alone decides when `before` bytes (0 to 2) stand in front of it.
std::string base64_core(std::string_view secret, std::size_t before) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const auto bit = [&](std::size_t at) {
        const auto byte = static_cast<unsigned char>(secret[(at - 8 * before) / 8]);
        return static_cast<unsigned>(byte >> (7 - at % 8)) & 1U;
    };
    std::string result;
    for (auto at = (8 * before + 5) / 6 * 6; at + 6 <= 8 * (before + secret.size()); at += 6) {
        unsigned digit = 0;
        for (std::size_t i = 0; i < 6; ++i) digit = digit << 1U | bit(at + i);
        result += digits[digit];
    }
    return result;
}

/// The secret as some program may write it.
std::string written(std::string_view secret, std::mt19937& random) {
    switch (fuzz::below(random, 4)) {
        case 0:
            return hex(secret);
        case 1:
            return base64_core(secret, fuzz::below(random, 3));
        case 2: {
            std::string broken(secret);
            return broken.insert(1 + fuzz::below(random, secret.size() - 1),
                                 fuzz::below(random, 2) == 0 ? "\n" : "\r\n");
        }
        default:
            return std::string(secret);
    }
}

void check(std::string_view text) {
    const auto whole = redacted(text, patterns());
    for (const auto& secret : k_secrets) LOCKSTEP_CHECK(whole.find(secret) == std::string::npos);
    LOCKSTEP_CHECK(redacted(whole, patterns()) == whole);
    // Only what is taken out for what stands before it may be shorter than its mark: "u:p@", "Authorization: basic x".
    const auto announced =
        std::count_if(text.begin(), text.end(), [](char c) { return c == '@' || c == 'z' || c == 'Z'; });
    LOCKSTEP_CHECK(whole.size() <= text.size() + 2 * static_cast<std::size_t>(announced));
    for (const std::size_t longest : {1U, 7U, 64U}) LOCKSTEP_CHECK(in_pieces(fuzz::pieces_of(text, longest)) == whole);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::input_text(data, size);
    check(text);

    // The canary in some form somewhere in it.
    auto random = fuzz::random_of(text);
    const auto form = written(k_secrets[fuzz::below(random, k_secrets.size())], random);
    std::string planted(text);
    planted.insert(fuzz::below(random, text.size() + 1), form);
    LOCKSTEP_CHECK(redacted(planted, patterns()).find(form) == std::string::npos);
    check(planted);
    return 0;
}
