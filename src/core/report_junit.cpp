// SPDX-License-Identifier: MIT
// junit.xml: one test case per host, for the readers that every CI has.
#include <fmt/format.h>

#include "core/report_words.hpp"
#include "lockstep/core/report.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

enum class CaseKind { passed, failure, error, skipped };

CaseKind kind_of_case(HostState state) {
    if (is_proved(state)) return CaseKind::passed;
    if (state == HostState::skipped || state == HostState::evaluated) return CaseKind::skipped;
    if (state == HostState::timeout || is_unknown(state)) return CaseKind::error;
    return CaseKind::failure;
}

std::string seconds(Millis duration) { return fmt::format("{:.3f}", static_cast<double>(duration.count()) / 1000); }

std::string body_of(const RunReport& report, const HostResult& host) {
    std::vector<std::string> lines;
    if (!host.detail.empty()) lines.push_back(host.detail);
    for (const auto& cause : report.causes)
        if (cause.id == host.cause) {
            lines.push_back(cause.name + ": " + std::string(cause_phrase(cause.cls)));
            lines.insert(lines.end(), cause.tail.begin(), cause.tail.end());
        }
    return join(lines, "\n");
}

std::string case_of(const RunReport& report, const HostResult& host) {
    std::string text = fmt::format("    <testcase classname=\"lockstep.{}\" name=\"{}\" time=\"{}\">", xml_text(host.system.empty() ? "host" : host.system),
                                   xml_text(host.name), seconds(host.eval_time + host.build_time));
    const auto verdict = kind_of_case(host.state);
    if (verdict == CaseKind::passed) return text + "</testcase>\n";
    const std::string phrase{state_phrase(host.state)};
    if (verdict == CaseKind::skipped) return text + fmt::format("<skipped message=\"{}\"/></testcase>\n", xml_text(phrase));
    const char* tag = verdict == CaseKind::failure ? "failure" : "error";
    return text + fmt::format("\n      <{0} message=\"{1}\" type=\"{2}\">{3}</{0}>\n    </testcase>\n", tag, xml_text(phrase), state_word(host.state), xml_text(body_of(report, host)));
}

}  // namespace

std::string report_junit(const RunReport& report) {
    std::size_t failures = 0, errors = 0, skipped = 0;
    std::string cases;
    for (const auto& host : report.hosts) {
        const auto verdict = kind_of_case(host.state);
        failures += verdict == CaseKind::failure ? 1U : 0U;
        errors += verdict == CaseKind::error ? 1U : 0U;
        skipped += verdict == CaseKind::skipped ? 1U : 0U;
        cases += case_of(report, host);
    }
    return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"lockstep {}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\" "
                       "timestamp=\"{}\">\n{}  </testsuite>\n</testsuites>\n",
                       xml_text(report.run.command), report.hosts.size(), failures, errors, skipped, seconds(report.run.duration), format_utc(report.run.started), cases);
}

}  // namespace lockstep
