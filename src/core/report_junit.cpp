// SPDX-License-Identifier: MIT
// junit.xml: one test case per host, and before them one per alarm on the lock change, for the readers that every CI
// has.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "core/report_words.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

enum class CaseKind { passed, failure, error, skipped };

CaseKind kind_of(const HostResult& host) {
    if (is_proved(host.state)) return CaseKind::passed;
    if (host.state == HostState::skipped || host.state == HostState::evaluated) return CaseKind::skipped;
    if (host.state == HostState::unsupported) return host.required ? CaseKind::error : CaseKind::skipped;
    if (host.state == HostState::timeout || is_unknown(host.state)) return CaseKind::error;
    return CaseKind::failure;
}

std::string seconds(Millis duration) {
    return fmt::format("{:.3f}", static_cast<double>(duration.count()) / 1000.0);
}

class Cases {
public:
    explicit Cases(const RunReport& report) : report_(report) {}

    void add(const HostResult& host) {
        const auto kind = kind_of(host);
        ++counts_[static_cast<std::size_t>(kind)];
        const auto head = fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"",
                                      xml_text(host.system.empty() ? "host" : clean_line(host.system)),
                                      xml_text(clean_line(host.name)), seconds(host.eval_time + host.build_time));
        if (kind == CaseKind::passed) {
            const bool unchanged = host.state == HostState::unchanged;
            text_ += head + (unchanged ? fmt::format("><system-out>{}</system-out></testcase>\n",
                                                     xml_text(state_phrase(host.state)))
                                       : "/>\n");
            return;
        }
        const auto story = host_story(report_, host);
        const auto message = story.empty() ? std::string(state_phrase(host.state))
                                           : fmt::format("{}: {}", state_phrase(host.state), clean_line(story, 300));
        text_ += head + ">\n";
        if (kind == CaseKind::skipped) {
            text_ += fmt::format("      <skipped message=\"{}\"/>\n", xml_text(message));
        } else {
            const auto* tag = kind == CaseKind::failure ? "failure" : "error";
            text_ += fmt::format("      <{0} message=\"{1}\" type=\"{2}\">{3}</{0}>\n", tag, xml_text(message),
                                 state_word(host.state), xml_text(details(host)));
        }
        text_ += "    </testcase>\n";
    }

    /// One that stops is a failure; a warning is a case that passes and says so.
    void add(const LockAlarm& alarm) {
        const auto kind = alarm.stops ? CaseKind::failure : CaseKind::passed;
        ++counts_[static_cast<std::size_t>(kind)];
        const auto name = clean_line(alarm.code, 60) + " " + clean_line(alarm.input, 120);
        const auto detail = xml_text(clean_line(alarm.detail, 700));
        text_ += fmt::format("    <testcase classname=\"flake.lock\" name=\"{}\" time=\"0.000\">", xml_text(name));
        text_ += alarm.stops ? fmt::format("\n      <failure message=\"{}\" type=\"alarm\"/>\n    ", detail)
                             : fmt::format("<system-out>{}</system-out>", detail);
        text_ += "</testcase>\n";
    }

    [[nodiscard]] std::size_t count(CaseKind kind) const { return counts_[static_cast<std::size_t>(kind)]; }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    /// A tail is shown once, at the first host that it breaks: hundreds of hosts may share one.
    std::string details(const HostResult& host) {
        std::vector<std::string> lines;
        if (!host.detail.empty()) lines.push_back(clean_line(host.detail));
        for (const auto& cause : report_.causes) {
            if (cause.id != host.cause) continue;
            lines.push_back(clean_line(fmt::format("{}: {}", cause.name, cause_phrase(cause.cls))));
            if (const auto [seen, first] = shown_.emplace(cause.id, host.name); !first)
                lines.push_back(fmt::format("its log tail is shown with {}", clean_line(seen->second)));
            else
                for (auto& line : clean_tail(join(cause.tail, "\n"), 60, 400, 16'000)) lines.push_back(std::move(line));
        }
        if (!host.log.empty()) lines.push_back("complete log: " + clean_line(host.log));
        return join(lines, "\n");
    }

    const RunReport& report_;
    std::string text_;
    std::size_t counts_[4] = {};
    std::map<std::string, std::string> shown_;  ///< cause → the host that shows its tail
};

}  // namespace

std::string report_junit(const RunReport& report) {
    std::vector<const HostResult*> hosts;
    for (const auto& host : report.hosts) hosts.push_back(&host);
    std::stable_sort(hosts.begin(), hosts.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
    Cases cases(report);
    for (const auto& alarm : report.alarms) cases.add(alarm);
    for (const auto* host : hosts) cases.add(*host);
    const auto counts =
        fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\"",
                    report.alarms.size() + hosts.size(), cases.count(CaseKind::failure), cases.count(CaseKind::error),
                    cases.count(CaseKind::skipped), seconds(report.run.duration));
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {0}>\n"
        "  <testsuite name=\"lockstep {1}\" {0} timestamp=\"{2}\">\n{3}  </testsuite>\n</testsuites>\n",
        counts, xml_text(clean_line(report.run.command)), format_utc(report.run.started), cases.text());
}

}  // namespace lockstep
