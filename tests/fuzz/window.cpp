// SPDX-License-Identifier: MIT
// Maintenance windows: any text is a window or says why not, any bytes are a time zone or none, and what is put on the
// calendar is in order. The parts of an input: window, rule of a clock, compiled zone.
#include <chrono>

#include "fuzz/support/fuzz_input.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/maintenance_window.hpp"

using namespace lockstep;

namespace {

void check_spans(const MaintenanceWindow& window, const TimeZone& zone, Millis now) {
    const auto spans = window_spans({{window, zone}}, now);
    const DeployWindow* before = nullptr;
    for (const auto& span : spans) {
        LOCKSTEP_CHECK(span.from < span.until && span.until > now);
        LOCKSTEP_CHECK(before == nullptr || before->until < span.from);
        before = &span;
    }
    const auto open = window_around(spans, now);
    LOCKSTEP_CHECK(!open || (open->from <= now && now < open->until));
    fuzz::check_clean_line(window_words(spans, now));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto text = fuzz::input_text(data, size);
    const auto window = parse_maintenance_window(fuzz::take_part(text));
    const auto rule = parse_clock_rule(fuzz::take_part(text));
    const auto file = TimeZone::read(text);
    if (!window.ok()) LOCKSTEP_CHECK(window.error().kind == ErrorKind::config && !window.error().why.empty());
    if (!file.ok()) LOCKSTEP_CHECK(file.error().kind == ErrorKind::config);
    auto random = fuzz::random_of(fuzz::input_text(data, size));
    const auto zone = file.ok() ? file.value() : TimeZone();
    for (int look = 0; look < 4; ++look) {
        // Within the years 1970 to 2106.
        const Millis now(static_cast<std::int64_t>(random()) * 1000);
        const std::chrono::sys_seconds moment(std::chrono::duration_cast<std::chrono::seconds>(now));
        if (rule)
            LOCKSTEP_CHECK(rule->offset_at(moment) == rule->standard ||
                           rule->offset_at(moment) == rule->summer->offset);
        (void)zone.moment_of(zone.shown_at(moment));
        if (window.ok()) check_spans(window.value(), zone, now);
    }
    return 0;
}
