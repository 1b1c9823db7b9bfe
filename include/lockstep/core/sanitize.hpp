// SPDX-License-Identifier: MIT
// Foreign text (build logs, flake metadata, forge replies) on its way to a reader. One function per context;
// every output is valid UTF-8 and every function is idempotent unless it says otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

/// Removes ANSI/OSC escapes, C0 (but \n and \t) and C1 controls, bidirectional marks and zero-width characters;
/// invalid UTF-8 and NUL become U+FFFD; "\r\n" is one newline and a lone "\r" keeps only what follows it on its line
/// (what precedes it when nothing follows). Line by line it gives the same as on the whole text.
[[nodiscard]] std::string clean_text(std::string_view raw);

/// clean_text on one line: trimmed, newlines and tabs become spaces, at most `max_bytes` (cut at a character, with
/// "…").
[[nodiscard]] std::string clean_line(std::string_view raw, std::size_t max_bytes = 400);

/// Inline Markdown that renders as exactly this text: escapes Markdown and HTML, splits @mentions, #123 and
/// "closes #1" by a zero-width character so that no forge acts on them. One line. Not idempotent.
[[nodiscard]] std::string markdown_inline(std::string_view raw);

/// A fenced block whose fence is longer than any run of backticks inside; ends with a newline. Runs of more than 100
/// get a space: renderers stop counting (cmark-gfm 0.29 at 255). Not idempotent.
[[nodiscard]] std::string markdown_fence(std::string_view raw, std::string_view info = "text");

/// Text content or attribute value of HTML and XML 1.0 (control characters that XML forbids are removed). Not
/// idempotent.
[[nodiscard]] std::string xml_text(std::string_view raw);

/// The last `max_lines` lines of cleaned text (blank lines at its very end do not count), each at most
/// `max_line_bytes`, all together at most `max_bytes`.
[[nodiscard]] std::vector<std::string> clean_tail(std::string_view raw, std::size_t max_lines,
                                                  std::size_t max_line_bytes, std::size_t max_bytes);

/// A file name for foreign text: a readable slug of [A-Za-z0-9._-] (never starting with '.' or '-', at most 80 bytes)
/// and, whenever the slug is not the text itself or holds capitals, "-" and 8 hex digits of a hash of it. So texts that
/// differ in case only get different files even where file names ignore case. Device names of other systems are
/// disarmed.
[[nodiscard]] std::string file_slug(std::string_view text);

/// Cuts to at most `max_bytes` at a UTF-8 character border.
[[nodiscard]] std::string_view cut_utf8(std::string_view text, std::size_t max_bytes);

/// FNV-1a, 64 bit: stable across machines; not for security.
[[nodiscard]] std::uint64_t stable_hash(std::string_view text);

}  // namespace lockstep
