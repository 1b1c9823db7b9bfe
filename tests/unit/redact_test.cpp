// SPDX-License-Identifier: MIT
// A secret is found wherever it is cut and however it is written; everything else passes unharmed.
#include "lockstep/core/redact.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace lockstep {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string k_secret = "tok-S3cr3t/Canary+9x?{\"q\"}";
constexpr const char* k_plain = "c4nary0f1d2e3b4a5968778695a4b3c2d1e0f123";

std::shared_ptr<const RedactionPatterns> looking_for(const std::vector<std::string>& secrets) {
    return std::make_shared<const RedactionPatterns>(secrets);
}

std::string in_parts(const std::vector<std::string>& parts, const std::shared_ptr<const RedactionPatterns>& patterns) {
    Redactor redactor(patterns);
    std::string out;
    for (const auto& part : parts) {
        redactor.feed(part, out);
        EXPECT_LE(redactor.held(), patterns->longest());
    }
    redactor.finish(out);
    EXPECT_EQ(redactor.held(), 0u);
    return out;
}

/// An encoder of its own: the code under test has another.
std::string base64_of(const std::string& text, bool url) {
    const std::string digits =
        std::string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") + (url ? "-_" : "+/");
    std::string result;
    unsigned value = 0;
    int bits = 0;
    for (const char c : text) {
        value = (value << 8U | static_cast<unsigned char>(c)) & 0xFFFFFFU;
        for (bits += 8; bits >= 6; bits -= 6) result += digits[value >> (bits - 6) & 63U];
    }
    if (bits > 0) result += digits[value << (6 - bits) & 63U];
    while (!url && result.size() % 4 != 0) result += '=';
    return result;
}

TEST(Redact, FindsASecretCutAtEveryPlace) {
    const auto patterns = looking_for({k_secret});
    const std::string text = "before " + k_secret + " after " + k_secret;
    for (std::size_t i = 0; i <= text.size(); ++i)
        for (std::size_t k = i; k <= text.size(); k += 5)
            ASSERT_EQ(in_parts({text.substr(0, i), text.substr(i, k - i), text.substr(k)}, patterns),
                      "before *** after ***")
                << i << " " << k;
    std::vector<std::string> bytes;
    for (const char c : text) bytes.emplace_back(1, c);
    EXPECT_EQ(in_parts(bytes, patterns), "before *** after ***");
}

TEST(Redact, FindsASecretBrokenByALineEndAtEveryPlace) {
    const auto patterns = looking_for({k_secret});
    for (const std::string line_end : {"\n", "\r\n"})
        for (std::size_t i = 1; i < k_secret.size(); ++i) {
            const auto broken = k_secret.substr(0, i) + line_end + k_secret.substr(i);
            ASSERT_EQ(redacted("x" + broken + "y", patterns), "x***y") << i;
            for (std::size_t cut = 0; cut < broken.size(); ++cut)
                ASSERT_EQ(in_parts({broken.substr(0, cut), broken.substr(cut)}, patterns), "***") << i << " " << cut;
        }
}

TEST(Redact, FindsBase64InEveryAlignmentAndAlphabet) {
    const auto patterns = looking_for({k_secret});
    for (const bool url : {false, true})
        for (const std::string before : {"", "x", "xy", "x-access-token:"})
            for (const std::string after : {"", "z", "zz", "zzz"}) {
                const auto encoded = base64_of(before + k_secret + after, url);
                const auto out = redacted("<" + encoded + ">", patterns);
                EXPECT_THAT(out, HasSubstr("***")) << encoded;
                // What is left decodes to no more than the two bytes at the borders.
                EXPECT_LE(out.size(), 9 + (before.size() + after.size() + 2) * 4 / 3) << out;
            }
    // As `base64` breaks it, at 76.
    auto wrapped = base64_of(std::string(50, 'u') + k_secret, false);
    wrapped.insert(76, "\n");
    EXPECT_THAT(redacted(wrapped, patterns), Not(HasSubstr(wrapped.substr(70, 12))));
}

TEST(Redact, FindsEncodedForms) {
    const auto patterns = looking_for({k_secret, "pass word'&<_x_>"});
    for (const std::string form :
         {"tok-S3cr3t%2FCanary%2B9x%3F%7B%22q%22%7D", "tok-S3cr3t%2fCanary%2b9x%3f%7b%22q%22%7d",
          "tok-S3cr3t/Canary+9x?%7B%22q%22%7D", R"(tok-S3cr3t/Canary+9x?{\"q\"})", R"(tok-S3cr3t\/Canary+9x?{\"q\"})",
          R"(tok-S3cr3t/Canary+9x?{\\\"q\\\"})", "tok-S3cr3t/Canary+9x?{&quot;q&quot;}",
          "746f6b2d5333637233742f43616e6172792b39783f7b2271227d",
          "746F6B2D5333637233742F43616E6172792B39783F7B2271227D", "pass+word%27%26%3C_x_%3E", R"(pass word'\''&<_x_>)",
          "pass word'&amp;&lt;\\_x\\_&gt;", "pass word'&amp;&lt;\\\\_x\\\\_&gt;"})
        EXPECT_EQ(redacted("a " + form + " b", patterns), "a *** b") << form;
}

TEST(Redact, FindsTheLinesOfASecretWithSeveral) {
    const std::string key =
        "-----BEGIN KEY-----\nbWFkZSB1cCBsaW5lIG9uZQ\nanVzdCBhbm90aGVyIGxpbmU\nc2hvcnQ\n-----END KEY-----\n";
    const auto patterns = looking_for({key});
    EXPECT_EQ(redacted("[" + key + "]", patterns), "[***\n]");
    EXPECT_EQ(redacted("build> bWFkZSB1cCBsaW5lIG9uZQ\nbuild> anVzdCBhbm90aGVyIGxpbmU\n", patterns),
              "build> ***\nbuild> ***\n");
    EXPECT_EQ(redacted("-----BEGIN KEY-----\n", patterns), "-----BEGIN KEY-----\n") << "that is no secret";
}

TEST(Redact, OverlappingSecretsGoAsOne) {
    const auto patterns = looking_for({"abcdefgh1234", "1234ijklmnop", "abcdefgh"});
    EXPECT_EQ(redacted("<abcdefgh1234ijklmnop>", patterns), "<***>");
    EXPECT_EQ(redacted("<abcdefgh12345>", patterns), "<***5>") << "the longer of two that begin alike";
    EXPECT_EQ(redacted("<abcdefghabcdefgh>", patterns), "<******>");
    EXPECT_EQ(redacted("<abcdefgh12>", patterns), "<***12>");
    const std::string text = "<abcdefgh1234ijklmnop>";
    for (std::size_t i = 0; i < text.size(); ++i)
        EXPECT_EQ(in_parts({text.substr(0, i), text.substr(i)}, patterns), "<***>") << i;
}

TEST(Redact, RefusesShortSecretsWithAReasonThatDoesNotTell) {
    const RedactionPatterns patterns({"hunter2", "", " padded7\n"});
    ASSERT_EQ(patterns.ignored().size(), 3u);
    EXPECT_THAT(patterns.ignored()[0], HasSubstr("7 bytes is too short"));
    EXPECT_THAT(patterns.ignored()[0], Not(HasSubstr("hunter2")));
    EXPECT_EQ(redacted("hunter2", looking_for({"hunter2"})), "hunter2");
    EXPECT_EQ(redacted("hunter22", looking_for({"hunter22\n"})), "***") << "a file's line end is no part of it";
}

TEST(Redact, KnowsTokensByTheirPrefix) {
    const auto patterns = looking_for({});
    for (const std::string prefix : {"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xoxb-"}) {
        const auto token = prefix + "11ABCDEFG0hijklmnop_qrstuvwxyz";
        EXPECT_EQ(redacted("token=" + token + "\",", patterns), "token=***\",") << prefix;
        for (std::size_t i = 0; i < token.size(); ++i)
            EXPECT_EQ(in_parts({"a " + token.substr(0, i), token.substr(i), " b"}, patterns), "a *** b") << i;
        EXPECT_EQ(redacted("see " + prefix + "short", patterns), "see " + prefix + "short");
    }
}

TEST(Redact, TakesTheValueOfAuthorizationHeaders) {
    const auto patterns = looking_for({});
    for (const auto& [text, wanted] : std::vector<std::pair<std::string, std::string>>{
             {"Authorization: Basic dXNlcjpwYXNz\n", "Authorization: Basic ***\n"},
             {"AUTHORIZATION: basic dXNlcjpwYXNz==", "AUTHORIZATION: basic ***"},
             {"> authorization: Bearer a.b-c~d/e+f=\r\n", "> authorization: Bearer ***\r\n"},
             {R"({"Authorization": "token 0123abc", "x": 1})", R"({"Authorization": "token ***", "x": 1})"},
             {"Authorization: none of that", "Authorization: none of that"},
             {"authority and author", "authority and author"}}) {
        EXPECT_EQ(redacted(text, patterns), wanted);
        for (std::size_t i = 0; i < text.size(); ++i)
            EXPECT_EQ(in_parts({text.substr(0, i), text.substr(i)}, patterns), wanted) << i;
    }
}

TEST(Redact, TakesUserAndPasswordOutOfAddresses) {
    const auto patterns = looking_for({});
    for (const auto& [text, wanted] : std::vector<std::pair<std::string, std::string>>{
             {"unable to access 'https://bot:p@ss@git.example.org/x'",
              "unable to access 'https://***@git.example.org/x'"},
             {"postgres://u:pw@db/x", "postgres://***@db/x"},
             {"ssh://git@example.org:22/x", "ssh://git@example.org:22/x"},
             {"https://example.org:8080/a@b", "https://example.org:8080/a@b"},
             {"https://u:@h/", "https://u:@h/"},
             {"see https://example.org", "see https://example.org"},
             {"https://u:pw@h", "https://***@h"}}) {
        EXPECT_EQ(redacted(text, patterns), wanted);
        for (std::size_t i = 0; i < text.size(); ++i)
            EXPECT_EQ(in_parts({text.substr(0, i), text.substr(i)}, patterns), wanted) << i;
    }
}

TEST(Redact, HoldsBackOnlyWhatMayBecomeASecret) {
    Redactor redactor(looking_for({k_plain}));
    std::string out;
    redactor.feed("building thing\n", out);
    EXPECT_EQ(out, "building thing\n");
    redactor.feed("c4nary0", out);
    EXPECT_EQ(out, "building thing\n");
    redactor.feed("-not.", out);
    EXPECT_EQ(out, "building thing\nc4nary0-not.");
}

TEST(Redact, LeavesEverythingElseAlone) {
    std::string all;
    for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
    const auto patterns = looking_for({k_secret, k_plain});
    EXPECT_EQ(redacted(all + all, patterns), all + all);
    EXPECT_EQ(redacted("", patterns), "");
}

/// Random texts out of pieces of secrets, cut at random: always the same as in one piece, never the secret, twice the
/// same as once, never longer.
TEST(Redact, RandomTextsCutAtRandom) {
    const std::string other = "Canary+9x?{\"q\"}tok-S3cr3t";
    const auto patterns = looking_for({k_secret, k_plain, other});
    const std::vector<std::string> pieces = {k_secret,
                                             k_plain,
                                             other,
                                             base64_of("ab" + k_secret, false),
                                             "\n",
                                             "\r\n",
                                             "ghp_",
                                             "0123456789abcdef",
                                             " ",
                                             "https://",
                                             "u:",
                                             "@",
                                             "Authorization: ",
                                             "Basic ",
                                             "***",
                                             "/",
                                             "tok-",
                                             "c4",
                                             "\xff\0",
                                             "{\"q\"}"};
    std::mt19937 random(7);
    const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
    for (int round = 0; round < 20000; ++round) {
        std::string text;
        for (auto count = below(12); count > 0; --count) {
            const auto& piece = pieces[below(pieces.size())];
            const auto from = below(3) == 0 ? below(piece.size()) : 0;
            text += piece.substr(from, below(3) == 0 ? below(piece.size()) : std::string::npos);
        }
        const auto whole = redacted(text, patterns);
        std::vector<std::string> parts;
        for (std::size_t at = 0; at < text.size();) {
            parts.push_back(text.substr(at, 1 + below(20)));
            at += parts.back().size();
        }
        ASSERT_EQ(in_parts(parts, patterns), whole) << text;
        ASSERT_EQ(redacted(whole, patterns), whole) << text;
        ASSERT_LE(whole.size(), text.size() + 2) << text;
        for (const auto& secret : {k_secret, std::string(k_plain), other})
            ASSERT_EQ(whole.find(secret), std::string::npos) << text;
    }
}

}  // namespace
}  // namespace lockstep
