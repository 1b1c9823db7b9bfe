// SPDX-License-Identifier: MIT
#include "fuzz/support/foreign_report.hpp"

#include <algorithm>

#include "fuzz/support/fuzz_input.hpp"
#include "support/sample_report.hpp"

namespace lockstep::fuzz {

namespace {

/// The next line of the input for each text of the report, round and round.
class Texts {
public:
    explicit Texts(std::string_view text) : pieces_(split(text)) {}
    void operator()(std::string& place) { place = pieces_[next_++ % pieces_.size()]; }

private:
    static std::vector<std::string> split(std::string_view text) {
        std::vector<std::string> pieces;
        do pieces.emplace_back(take_part(text));
        while (!text.empty());
        return pieces;
    }
    std::vector<std::string> pieces_;
    std::size_t next_ = 0;
};

}  // namespace

RunReport foreign_report(std::string_view text) {
    Texts put(text);
    auto report = text.size() % 2 == 0 ? test::sample_report() : test::alarm_report();
    report.hosts.resize(std::min<std::size_t>(report.hosts.size(), 4));  // few of each kind: many executions
    report.causes.resize(std::min<std::size_t>(report.causes.size(), 2));
    for (auto* place : {&report.run.actor, &report.repo.base, &report.repo.branch, &report.ending.reason,
                        &report.repo.remote, &report.repo.web, &report.ending.next_action, &report.run.nix_version})
        put(*place);
    for (auto& alarm : report.alarms) put(alarm.input), put(alarm.detail);
    for (auto& input : report.inputs) {
        put(input.input);
        put(input.compare);
        if (input.from) put(input.from->rev), put(input.from->url);
        if (input.to) put(input.to->ref), put(input.to->owner);
    }
    for (auto& host : report.hosts) {
        put(host.name);
        put(host.detail);
        put(host.system);
        for (auto& step : host.chain) put(step);
    }
    for (auto& cause : report.causes) {
        put(cause.name);
        put(cause.first_error);
        put(cause.log);
        for (auto& line : cause.tail) put(line);
        for (auto& host : cause.hosts) put(host);
    }
    for (auto& reason : report.reasons) put(reason.host), put(reason.text);
    for (auto& notice : report.notices) put(notice);
    for (auto& entry : report.notifications) put(entry.sink), put(entry.error);
    for (auto& record : report.timing.slowest) put(record.name), put(record.machine);
    if (report.pull) put(report.pull->url);
    return report;
}

}  // namespace lockstep::fuzz
