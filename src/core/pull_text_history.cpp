// SPDX-License-Identifier: MIT
// The comment that lists the runs of a pull request. Each row's data is hidden beside the table in a mark of its own,
// and only those marks are read back: what stands in the table is never trusted.
#include <algorithm>

#include <fmt/format.h>

#include "core/pull_text_marks.hpp"
#include "core/report_parts.hpp"
#include "lockstep/core/pull_text.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

constexpr std::string_view k_comment_tag = "<!-- lockstep:history/1 -->";
constexpr std::string_view k_row_tag = "lockstep:row/1";
constexpr std::size_t k_max_rows = 30;
constexpr std::size_t k_field_bytes = 120;

struct Row {
    std::string run, when, verdict, hosts, causes, commit;
    bool operator==(const Row&) const = default;
};

std::string hidden(const Row& row) {
    return write_mark(k_row_tag, {{"run", row.run},
                                  {"when", row.when},
                                  {"verdict", row.verdict},
                                  {"hosts", row.hosts},
                                  {"causes", row.causes},
                                  {"commit", row.commit}});
}

std::optional<Row> parse_row(std::string_view line) {
    const auto values = read_mark(line, k_row_tag, {"run", "when", "verdict", "hosts", "causes", "commit"});
    if (!values) return std::nullopt;
    for (const auto& value : *values)
        if (value != clean_line(value, k_field_bytes)) return std::nullopt;
    const auto& v = *values;
    if (v[0].empty()) return std::nullopt;
    return Row{v[0], v[1], v[2], v[3], v[4], v[5]};
}

Row row_of(const RunReport& report) {
    std::vector<std::string> names;
    for (const auto* cause : causes_by_weight(report)) {
        if (names.size() == 3) {
            names.back() += fmt::format(" and {} more", report.causes.size() - 3);
            break;
        }
        names.push_back(clean_line(cause->name, 30));
    }
    const auto field = [](std::string_view text) { return clean_line(text, k_field_bytes); };
    const auto when = format_utc(report.run.started);
    return {field(report.run.id),          field(replace_all(when.substr(0, 16), "T", " ")),
            field(verdict_phrase(report)), field(headline(report)),
            field(join(names, ", ")),      field(report.repo.candidate_commit)};
}

std::string visible(const RunReport& report, const Row& row) {
    return fmt::format("| {} | {} | {} | {} | {} |\n", parts::inline_text(row.when), parts::inline_text(row.verdict),
                       parts::inline_text(row.hosts), parts::inline_text(row.causes),
                       parts::commit(report, row.commit));
}

std::string render(const RunReport& report, const std::vector<Row>& rows) {
    std::string text(k_comment_tag);
    text += '\n';
    for (const auto& row : rows) text += hidden(row) + "\n";
    text +=
        "\n### Runs of this update\n\n| Started (UTC) | Verdict | Hosts | Root causes | Commit |\n"
        "| --- | --- | --- | --- | --- |\n";
    for (const auto& row : rows) text += visible(report, row);
    return text;
}

}  // namespace

std::string_view comment_tag() {
    return k_comment_tag;
}

std::string history_comment(const RunReport& report, std::string_view previous, std::size_t max_bytes) {
    std::vector<Row> rows{row_of(report)};
    const auto lines = lines_of(previous);
    if (!lines.empty() && lines.front() == k_comment_tag) {
        for (std::size_t i = 1; i < lines.size() && rows.size() < k_max_rows; ++i) {
            const auto row = parse_row(lines[i]);
            if (!row) break;  // ours stand together at the top: nothing behind a foreign line is ours
            const bool again = std::any_of(rows.begin(), rows.end(), [&](const Row& r) { return r.run == row->run; });
            if (!again) rows.push_back(*row);
        }
    }
    auto text = render(report, rows);
    while (text.size() > max_bytes && rows.size() > 1) {
        rows.pop_back();
        text = render(report, rows);
    }
    return text;
}

}  // namespace lockstep
