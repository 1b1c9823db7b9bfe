// SPDX-License-Identifier: MIT
// What all fuzz targets share: randomness out of the input, and judgement of text by a validator that is not
// lockstep's.
#include <algorithm>

#include "fuzz/support/fuzz_input.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/sanitize.hpp"
#include "support/utf8.hpp"

namespace lockstep::fuzz {

std::mt19937 random_of(std::string_view text) {
    return std::mt19937(static_cast<std::mt19937::result_type>(stable_hash(text)));
}

std::size_t below(std::mt19937& random, std::size_t limit) {
    return limit == 0 ? 0 : random() % limit;
}

std::vector<std::string_view> pieces_of(std::string_view text, std::size_t longest) {
    auto random = random_of(text);
    std::vector<std::string_view> pieces;
    while (!text.empty()) {
        pieces.push_back(text.substr(0, 1 + below(random, longest)));
        text.remove_prefix(pieces.back().size());
    }
    return pieces;
}

void check_clean(std::string_view text) {
    LOCKSTEP_CHECK(test::is_valid_utf8(text));
    LOCKSTEP_CHECK(std::none_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F;
    }));
    LOCKSTEP_CHECK(clean_text(text) == text);
}

void check_clean_line(std::string_view text) {
    check_clean(text);
    LOCKSTEP_CHECK(text.find_first_of("\n\t") == std::string_view::npos);
}

}  // namespace lockstep::fuzz
