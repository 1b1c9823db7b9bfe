// SPDX-License-Identifier: MIT
// What people and flakes name things with: selectors, globs, sets, durations, sizes, moments.
#include <algorithm>

#include "fuzz/support/fuzz_input.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/derivation.hpp"
#include "lockstep/core/memory.hpp"
#include "lockstep/core/target.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

using namespace lockstep;

namespace {

void check_glob(const std::string& pattern, const std::string& text) {
    const bool literal = pattern.find_first_of("*?[\\") == std::string::npos;
    if (literal) LOCKSTEP_CHECK(glob_match(pattern, text) == (pattern == text));
    LOCKSTEP_CHECK(glob_match("*", text));
    if (glob_match(pattern, text)) LOCKSTEP_CHECK(matches_any({pattern}, text));
    LOCKSTEP_CHECK(matches_any({text}, text));
    std::string escaped;
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x80) escaped += '\\';  // patterns are read by characters
        escaped += c;
    }
    LOCKSTEP_CHECK(glob_match(escaped, text));
}

void check_selection(const std::vector<std::string>& names, const std::string& include, const std::string& exclude) {
    std::vector<Target> all;
    for (const auto& name : names) {
        if (all.size() == 40) break;
        all.push_back(make_target("nixosConfigurations", TargetKind::nixos, name));
    }
    for (const bool from_flags : {false, true}) {
        const auto selection = select_targets(all, {include}, {exclude}, from_flags);
        if (!selection.ok()) {
            LOCKSTEP_CHECK(!selection.error().what.empty());
            fuzz::check_clean(selection.error().what + selection.error().why + selection.error().hint);
            continue;
        }
        LOCKSTEP_CHECK(!selection->selected.empty());
        for (const auto& target : selection->selected) {
            LOCKSTEP_CHECK(matches_any({include}, target.name));
            LOCKSTEP_CHECK(std::find(all.begin(), all.end(), target) != all.end());
        }
    }
}

void check_units(std::string_view text) {
    if (const auto duration = parse_duration(text); duration.ok()) {
        const auto again = parse_duration(format_duration(*duration));
        LOCKSTEP_CHECK(duration->count() >= 0 && again.ok() && *again == *duration);
        fuzz::check_clean_line(human_duration(*duration));
    }
    if (const auto size = parse_size(text); size.ok()) {
        const auto again = parse_size(format_size(*size));
        LOCKSTEP_CHECK(again.ok() && *again == *size);
        fuzz::check_clean_line(human_size(*size));
    }
    if (const auto moment = parse_utc(text); moment.ok()) {
        const auto again = parse_utc(format_utc(*moment));
        LOCKSTEP_CHECK(again.ok() && *again == *moment);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto text = fuzz::input_text(data, size);
    check_units(text);
    if (const auto lesson = parse_lesson(text)) {
        const auto again = parse_lesson(lesson_line(*lesson));
        LOCKSTEP_CHECK(again && *again == *lesson);
        Recollection().take(*lesson);
    }
    const std::string include(fuzz::take_part(text)), exclude(fuzz::take_part(text));
    const auto names = split(text, '\n');
    for (const auto& name : names) check_glob(include, name);
    check_selection(names, include, exclude);
    (void)nearest(include, names);
    LOCKSTEP_CHECK(versionless_name(include).size() <= include.size());
    if (const auto kind = target_kind_of_set(include); kind.ok()) {
        const auto target = make_target(include, *kind, exclude);
        LOCKSTEP_CHECK(target.attr == exclude && target.set == include && target.kind == *kind);
        (void)derivation_suffix(*kind);
    }
    return 0;
}
