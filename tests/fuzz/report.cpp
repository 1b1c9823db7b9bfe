// SPDX-License-Identifier: MIT
// Reports, from report.json of any bytes and from records with foreign texts in every place: what is written can be
// read back, and every rendering is what its reader expects.
#include "lockstep/core/report.hpp"

#include "fuzz/support/foreign_report.hpp"
#include "fuzz/support/fuzz_input.hpp"
#include "fuzz/support/well_formed_xml.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/pull_text.hpp"
#include "lockstep/core/sanitize.hpp"
#include "support/render_markdown.hpp"
#include "support/utf8.hpp"

using namespace lockstep;

namespace {

void check_markdown(const std::string& text) {
    LOCKSTEP_CHECK(test::is_valid_utf8(text));
    for (const auto& node : test::parse_markdown(text)) {
        LOCKSTEP_CHECK(node.type != "image");
        if (node.type == "link") LOCKSTEP_CHECK(node.url.find("javascript:") != 0);
        for (const auto* word : {"<script", "<img", "<iframe", "onerror="})
            if (node.type.starts_with("html_")) LOCKSTEP_CHECK(node.literal.find(word) == std::string::npos);
    }
}

void check_renderings(const RunReport& report, std::string_view previous) {
    fuzz::check_clean(report_text(report, false));
    (void)report_text(report, true);
    fuzz::check_clean_line(last_line(report, "runs/x/report.json"));
    LOCKSTEP_CHECK(fuzz::xml_content(report_junit(report)).has_value());
    check_markdown(report_markdown(report));
    // A budget that cuts somewhere, drawn from the input.
    const auto limit = 600 + stable_hash(previous) % 12'000;
    const auto summary = step_summary(report, limit);
    LOCKSTEP_CHECK(summary.size() <= limit);
    check_markdown(summary);
    std::vector<std::string> limits;
    const auto body = pull_body(report, {}, limit, limits);
    LOCKSTEP_CHECK(body.size() <= limit);
    check_markdown(body);
    LOCKSTEP_CHECK(history_comment(report, previous, 60'000).size() <= 60'000);
    fuzz::check_clean_line(pull_title(report));
    for (const auto& status : status_texts(report, 5)) {
        fuzz::check_clean_line(status.context);
        fuzz::check_clean_line(status.description);
    }
}

/// What was written once is written the same ever after.
void check_round_trip(const RunReport& report) {
    const auto json = report_json(report);
    fuzz::check_clean(json);
    const auto read = report_from_json(json);
    LOCKSTEP_CHECK(read.ok());
    LOCKSTEP_CHECK(report_json(*read) == json);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::input_text(data, size);
    const auto read = report_from_json(text);
    if (!read.ok()) LOCKSTEP_CHECK(!read.error().what.empty());
    const auto report = read.ok() ? *read : fuzz::foreign_report(text);
    check_round_trip(report);
    check_renderings(report, text);
    return 0;
}
