// SPDX-License-Identifier: MIT
// Markdown as a forge reads it: GitHub's own parser (cmark-gfm) with tables, strikethrough, autolinks and task lists.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lockstep::test {

struct MarkdownNode {
    std::string type;     ///< cmark's word: "text", "link", "html_block", "table_row" …
    std::string literal;  ///< of text, code and HTML
    std::string url;      ///< of links and images
    std::string parent;   ///< type of the node around it
    int level = 0;        ///< of headings
    bool operator==(const MarkdownNode&) const = default;
};

/// Every node in reading order.
[[nodiscard]] std::vector<MarkdownNode> parse_markdown(std::string_view text);
/// HTML with raw HTML kept, for eyes.
[[nodiscard]] std::string render_markdown(std::string_view text);

}  // namespace lockstep::test
