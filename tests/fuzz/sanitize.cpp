// SPDX-License-Identifier: MIT
// Foreign text for terminals, logs and file names: valid UTF-8, no control characters, bounded, idempotent.
#include "lockstep/core/sanitize.hpp"

#include "fuzz/support/fuzz_input.hpp"
#include "lockstep/core/check.hpp"
#include "support/utf8.hpp"

using namespace lockstep;

namespace {

void check_lines(std::string_view raw) {
    for (const std::size_t limit : {0U, 2U, 3U, 7U, 40U, 400U}) {
        const auto line = clean_line(raw, limit);
        fuzz::check_clean_line(line);
        LOCKSTEP_CHECK(line.size() <= limit);
        LOCKSTEP_CHECK(clean_line(line, limit) == line);
    }
}

void check_tail(std::string_view raw) {
    const auto lines = clean_tail(raw, 5, 30, 90);
    std::size_t total = 0;
    for (const auto& line : lines) {
        fuzz::check_clean(line);
        LOCKSTEP_CHECK(line.size() <= 30 && line.find('\n') == std::string::npos);
        total += line.size();
    }
    LOCKSTEP_CHECK(lines.size() <= 5 && total <= 90);
}

void check_slug(std::string_view raw) {
    const auto slug = file_slug(raw);
    LOCKSTEP_CHECK(!slug.empty() && slug.size() <= 80);
    LOCKSTEP_CHECK(slug.front() != '.' && slug.front() != '-' && slug.back() != '.');
    LOCKSTEP_CHECK(slug.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
                   std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto raw = fuzz::input_text(data, size);
    const auto whole = clean_text(raw);
    fuzz::check_clean(whole);  // which holds that cleaning twice is cleaning once
    LOCKSTEP_CHECK(whole.size() <= 3 * raw.size());

    std::string by_line;
    for (std::size_t at = 0; at < raw.size();) {
        const auto end = raw.find('\n', at);
        const auto length = end == std::string_view::npos ? raw.size() - at : end + 1 - at;
        by_line += clean_text(raw.substr(at, length));
        at += length;
    }
    LOCKSTEP_CHECK(by_line == whole);

    for (std::size_t cut = 0; cut <= whole.size() && cut < 70; ++cut) {
        LOCKSTEP_CHECK(cut_utf8(whole, cut).size() <= cut && test::is_valid_utf8(cut_utf8(whole, cut)));
        LOCKSTEP_CHECK(cut_utf8(raw, cut).size() <= cut);
    }
    check_lines(raw);
    check_tail(raw);
    check_slug(raw);
    return 0;
}
