// SPDX-License-Identifier: MIT
// Takes secrets out of text on its way to a reader. Works on raw bytes in chunks of any size, so that it can sit in
// front of a log of gigabytes; what it looks for is compiled once and shared.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

/// What stands where a secret was. Shorter than any secret, so that text never grows by redaction, and harmless in
/// JSON, XML, Markdown and addresses.
inline constexpr std::string_view k_redacted = "***";

/// What is looked for, compiled. Immutable: share it between streams and threads.
///
/// Of each secret: itself; its base64 in all three alignments, both alphabets; hexadecimal; percent-encoded; escaped
/// for JSON, XML, Markdown and the shell; of one with several lines also each line of at least `k_shortest` bytes. All
/// of these also when line breaks cut them, one for each 32 bytes and one more.
/// Besides, without knowing them: tokens by their prefix (ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- xoxb-), the value
/// of "Authorization: basic …" (bearer, token), user:password@ in addresses.
class RedactionPatterns {
public:
    static constexpr std::size_t k_shortest = 8;

    // Private to src/core:
    struct Table;
    enum class Tail : unsigned char { nothing, token, credentials };  ///< what belongs to a match without a known end

    explicit RedactionPatterns(const std::vector<std::string>& secrets);
    ~RedactionPatterns();
    RedactionPatterns(const RedactionPatterns&) = delete;
    RedactionPatterns& operator=(const RedactionPatterns&) = delete;

    /// One reason for each secret that is not looked for; never the secret itself.
    [[nodiscard]] const std::vector<std::string>& ignored() const { return ignored_; }
    /// No stream holds back more bytes than this.
    [[nodiscard]] std::size_t longest() const;

private:
    friend class Redactor;
    std::unique_ptr<Table> table_;
    std::vector<std::string> ignored_;
};

/// One stream of text. What overlaps is taken out as one. Applied twice it changes nothing more (as long as no secret
/// holds an asterisk), and what comes out is never longer than what went in, but for passwords of one or two
/// characters in addresses and headers.
class Redactor {
public:
    explicit Redactor(std::shared_ptr<const RedactionPatterns> patterns) : patterns_(std::move(patterns)) {}

    /// Appends to `out` what is certain by now. Only the beginning of a possible secret is held back.
    void feed(std::string_view bytes, std::string& out);
    /// Appends what was held back. Afterwards a new stream may begin.
    void finish(std::string& out);
    [[nodiscard]] std::size_t held() const { return held_.size(); }

private:
    using Tail = RedactionPatterns::Tail;

    std::size_t scan(std::string_view text, bool final, std::string& out);
    void pass(std::string_view text, std::string& out);
    void cover(std::size_t length, std::string& out);

    std::shared_ptr<const RedactionPatterns> patterns_;
    std::string held_;
    // Counted from the first byte that was not passed on yet:
    std::size_t covered_ = 0;                   ///< so many bytes belong to a secret whose mark is written
    std::size_t ahead_ = 0, ahead_length_ = 0;  ///< a secret that begins later
    Tail swallow_ = Tail::nothing, ahead_swallow_ = Tail::nothing;  ///< a secret without a known end
};

/// A whole text at once.
[[nodiscard]] std::string redacted(std::string_view text, const std::shared_ptr<const RedactionPatterns>& patterns);

}  // namespace lockstep
