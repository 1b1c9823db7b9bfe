// SPDX-License-Identifier: MIT
// The escapers for Markdown, HTML and XML, judged by GitHub's Markdown parser and by expat: the text arrives, and
// nothing but text.
#include <algorithm>
#include <limits>

#include "fuzz/support/fuzz_input.hpp"
#include "fuzz/support/well_formed_xml.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/pull_text.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "support/render_markdown.hpp"
#include "support/utf8.hpp"

using namespace lockstep;

namespace {

/// Everything that is shown of a paragraph, which must hold nothing but text.
std::string shown(const std::string& markdown, std::string_view around) {
    std::string text;
    for (const auto& node : test::parse_markdown(markdown)) {
        const bool frame = node.type == "document" || node.type == "paragraph" || node.type == around ||
                           (around == "table" && node.type.starts_with("table_")) ||
                           (around == "list" && node.type == "item");
        LOCKSTEP_CHECK(frame || node.type == "text" || node.type == "softbreak");
        text += node.literal;
    }
    return replace_all(text, "\xE2\x80\x8B", "");
}

void check_inline(std::string_view raw) {
    const auto text = markdown_inline(raw);
    LOCKSTEP_CHECK(test::is_valid_utf8(text) && text.find('\n') == std::string::npos);
    const auto wanted = clean_line(raw, std::numeric_limits<std::size_t>::max());
    LOCKSTEP_CHECK(shown(text + "\n", "paragraph") == wanted);
    LOCKSTEP_CHECK(shown("- " + text + "\n", "list") == wanted);
    LOCKSTEP_CHECK(shown("before " + text + " after\n", "paragraph") ==
                       "before " + wanted + (wanted.empty() ? "" : " ") + "after" ||
                   wanted.empty());
    LOCKSTEP_CHECK(shown("| h | i |\n| --- | --- |\n| " + text + " | x |\n", "table") == "hi" + wanted + "x");
}

/// Longer runs of backticks than renderers count come with gaps.
std::string without_gaps(std::string text) {
    for (std::size_t at = 0; (at = text.find("` `", at)) != std::string::npos;) text.erase(at + 1, 1);
    return text;
}

void check_fence(std::string_view raw) {
    const auto nodes = test::parse_markdown("before\n\n" + markdown_fence(raw) + "\nafter\n");
    auto wanted = clean_text(raw);
    if (!wanted.empty() && wanted.back() != '\n') wanted += '\n';
    std::size_t blocks = 0;
    for (const auto& node : nodes) {
        LOCKSTEP_CHECK(node.type == "document" || node.type == "paragraph" || node.type == "text" ||
                       node.type == "code_block");
        if (node.type == "code_block")
            LOCKSTEP_CHECK(++blocks == 1 && without_gaps(node.literal) == without_gaps(wanted));
    }
    LOCKSTEP_CHECK(blocks == 1);
}

void check_xml(std::string_view raw) {
    const auto text = xml_text(raw);
    LOCKSTEP_CHECK(test::is_valid_utf8(text));
    LOCKSTEP_CHECK(text.find_first_of("<>\"'") == std::string::npos);
    auto wanted = replace_all(clean_text(raw), "\xEF\xBF\xBE", "\xEF\xBF\xBD");
    wanted = replace_all(wanted, "\xEF\xBF\xBF", "\xEF\xBF\xBD");
    const auto content = fuzz::xml_content("<a>" + text + "</a>");
    LOCKSTEP_CHECK(content && *content == wanted);
    std::replace_if(
        wanted.begin(), wanted.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
    const auto attribute = fuzz::xml_content("<a b=\"" + text + "\"/>");
    LOCKSTEP_CHECK(attribute && *attribute == wanted);
}

void check_marker(std::string_view raw) {
    if (const auto marker = find_marker(raw)) {
        const auto again = find_marker(marker_comment(*marker));
        LOCKSTEP_CHECK(again && *again == *marker);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto raw = fuzz::input_text(data, size);
    check_inline(raw);
    check_fence(raw);
    check_xml(raw);
    check_marker(raw);
    return 0;
}
