// SPDX-License-Identifier: MIT
// The only file that knows cmark-gfm.
#include "support/render_markdown.hpp"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>

#include <cstdlib>
#include <memory>

namespace lockstep::test {

namespace {

struct FreeNode {
    void operator()(cmark_node* node) const { cmark_node_free(node); }
};
struct FreeParser {
    void operator()(cmark_parser* parser) const { cmark_parser_free(parser); }
};

struct Document {
    std::unique_ptr<cmark_parser, FreeParser> parser;
    std::unique_ptr<cmark_node, FreeNode> root;
};

constexpr int k_options = CMARK_OPT_UNSAFE | CMARK_OPT_FOOTNOTES;

Document parse(std::string_view text) {
    cmark_gfm_core_extensions_ensure_registered();
    Document document{std::unique_ptr<cmark_parser, FreeParser>(cmark_parser_new(k_options)), nullptr};
    for (const char* name : {"table", "strikethrough", "autolink", "tasklist"})
        cmark_parser_attach_syntax_extension(document.parser.get(), cmark_find_syntax_extension(name));
    cmark_parser_feed(document.parser.get(), text.data(), text.size());
    document.root.reset(cmark_parser_finish(document.parser.get()));
    return document;
}

std::string word(const char* text) {
    return text == nullptr ? std::string() : std::string(text);
}

}  // namespace

std::vector<MarkdownNode> parse_markdown(std::string_view text) {
    const auto document = parse(text);
    std::vector<MarkdownNode> nodes;
    cmark_iter* iter = cmark_iter_new(document.root.get());
    for (auto event = cmark_iter_next(iter); event != CMARK_EVENT_DONE; event = cmark_iter_next(iter)) {
        if (event != CMARK_EVENT_ENTER) continue;
        cmark_node* node = cmark_iter_get_node(iter);
        cmark_node* parent = cmark_node_parent(node);
        nodes.push_back(
            {word(cmark_node_get_type_string(node)), word(cmark_node_get_literal(node)), word(cmark_node_get_url(node)),
             parent == nullptr ? "" : word(cmark_node_get_type_string(parent)), cmark_node_get_heading_level(node)});
    }
    cmark_iter_free(iter);
    return nodes;
}

std::string render_markdown(std::string_view text) {
    const auto document = parse(text);
    char* html =
        cmark_render_html(document.root.get(), k_options, cmark_parser_get_syntax_extensions(document.parser.get()));
    std::string result(html);
    std::free(html);
    return result;
}

}  // namespace lockstep::test
