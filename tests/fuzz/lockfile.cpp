// SPDX-License-Identifier: MIT
// Two flake.lock files, what changed between them, and the alarms on it: any bytes give locks or errors, and whatever
// is rendered can be read without harm.
#include "lockstep/core/lockfile.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "fuzz/support/fuzz_input.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/lock_alarms.hpp"
#include "support/utf8.hpp"

using namespace lockstep;

namespace {

void check_lock(const LockFile& lock) {
    LOCKSTEP_CHECK(std::is_sorted(lock.inputs.begin(), lock.inputs.end(),
                                  [](const auto& a, const auto& b) { return a.path < b.path; }));
    for (const auto& input : lock.inputs) LOCKSTEP_CHECK(lock.find(input.path) == &input);
    LOCKSTEP_CHECK(diff_locks(lock, lock).empty());
    LOCKSTEP_CHECK(lock_alarms(lock, lock, {.same_flake = true, .now = 1'795'226'400}).empty());
}

void check_markdown(const std::string& text) {
    LOCKSTEP_CHECK(test::is_valid_utf8(text));
    LOCKSTEP_CHECK(text.find_first_of("<\x1b\r") == std::string::npos);
}

void check_change(const LockFile& before, const LockFile& after) {
    const auto changes = diff_locks(before, after);
    LOCKSTEP_CHECK(
        std::is_sorted(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.input < b.input; }));
    fuzz::check_clean(lockdiff_text(changes));
    check_markdown(lockdiff_markdown(changes));
    const auto json = lockdiff_json(changes);
    fuzz::check_clean(json);
    LOCKSTEP_CHECK(nlohmann::json::parse(json, nullptr, false).size() == changes.size());

    for (const bool same_flake : {false, true}) {
        const auto judged = judge_alarms(lock_alarms(before, after, {same_flake, 1'795'226'400}), {{"*"}, {"back*"}});
        const auto& codes = alarm_codes();
        for (const auto& alarm : judged.alarms) {
            LOCKSTEP_CHECK(std::find(codes.begin(), codes.end(), alarm.code) != codes.end());
            LOCKSTEP_CHECK(alarm.stops);
            fuzz::check_clean_line(alarm.detail);
            check_markdown(alarm_item(alarm));
        }
        LOCKSTEP_CHECK(any_stops(judged.alarms) == !judged.alarms.empty());
        for (const auto& line : judged.ignored) fuzz::check_clean_line(line);
        fuzz::check_clean(alarms_text(judged.alarms));
        fuzz::check_clean_line(alarm_headline(judged.alarms));
        check_markdown(alarms_markdown(judged.alarms, 3));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto text = fuzz::input_text(data, size);
    const auto before = parse_lock(fuzz::take_part(text));
    const auto after = parse_lock(fuzz::take_part(text));
    for (const auto* lock : {&before, &after}) {
        if (lock->ok())
            check_lock(**lock);
        else
            LOCKSTEP_CHECK(lock->error().kind == ErrorKind::config && !lock->error().what.empty());
    }
    if (before.ok()) check_change(*before, after.ok() ? *after : LockFile{});
    if (before.ok() && after.ok()) check_change(*after, *before);
    return 0;
}
