// SPDX-License-Identifier: MIT
// The end of a run on a terminal: verdict first, then what is broken, then what changed.
#include <fmt/format.h>

#include "core/report_words.hpp"
#include "lockstep/core/lockfile.hpp"
#include "lockstep/core/report.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_most_hosts = 40, k_most_causes = 20, k_last_lines = 8;

std::string painted(const std::string& text, const char* code, bool color) { return color ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text; }

std::string causes_text(const RunReport& report, bool color) {
    std::string text;
    const auto tally = tally_of(report.hosts);
    std::size_t shown = 0;
    for (const auto* cause : causes_by_weight(report)) {
        if (++shown > k_most_causes) {
            text += fmt::format("  … and {} more causes\n", report.causes.size() - k_most_causes);
            break;
        }
        text += "  " + painted(clean_line(blast_radius(*cause, tally), 200), "31", color) + ": " + std::string(cause_phrase(cause->cls)) + "\n";
        if (!cause->first_error.empty()) text += "      " + clean_line(cause->first_error, 300) + "\n";
        const std::size_t skip = cause->tail.size() > k_last_lines ? cause->tail.size() - k_last_lines : 0;
        for (std::size_t i = skip; i < cause->tail.size(); ++i) text += "      │ " + clean_line(cause->tail[i], 200) + "\n";
        if (!cause->log.empty()) text += "      log: " + cause->log + "\n";
    }
    return text.empty() ? text : "Root causes\n" + text;
}

std::string hosts_text(const RunReport& report) {
    std::string text;
    std::size_t shown = 0;
    const auto hosts = hosts_to_look_at(report);
    for (const auto* host : hosts) {
        if (++shown > k_most_hosts) {
            text += fmt::format("  … and {} more\n", hosts.size() - k_most_hosts);
            break;
        }
        const auto story = host_story(report, *host);
        text += fmt::format("  {:<24} {}{}{}\n", clean_line(host->name, 80), state_phrase(host->state), story.empty() ? "" : ": ", clean_line(story, 300));
    }
    return text.empty() ? text : "Hosts to look at\n" + text;
}

std::string inputs_text(const RunReport& report) {
    if (report.inputs.empty()) return "";
    std::string text = "Inputs\n";
    for (const auto& line : lines_of(lockdiff_text(report.inputs))) text += "  " + line + "\n";
    return text;
}

}  // namespace

std::string report_text(const RunReport& report, bool color) {
    const bool good = is_good(report.ending.outcome);
    std::string text = "\n" + painted(verdict_phrase(report), good ? "1;32" : "1;31", color) + " · " + clean_line(report.ending.reason, 2000) + "\n";
    if (!report.hosts.empty()) text += headline(tally_of(report.hosts)) + " · " + human_duration(report.run.duration) + "\n";
    for (const auto& part : {causes_text(report, color), hosts_text(report), inputs_text(report)})
        if (!part.empty()) text += "\n" + part;
    if (report.pull) text += fmt::format("\nPull request {} ({}): {}\n", report.pull->number, report.pull->action, clean_line(report.pull->url, 500));
    return text + "\n";
}

std::string last_line(const RunReport& report, std::string_view report_path) {
    std::string line = fmt::format("lockstep: {} · exit {} · {}", verdict_phrase(report), static_cast<int>(report.ending.exit), report_path);
    if (!report.ending.next_action.empty()) line += " · next: " + clean_line(report.ending.next_action, 500);
    return line;
}

}  // namespace lockstep
