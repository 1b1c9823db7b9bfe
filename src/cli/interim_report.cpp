// SPDX-License-Identifier: MIT
// A copy of what is known, with an ending that says that there is none yet.
#include "cli/interim_report.hpp"

namespace lockstep::cli {

void InterimReport::take(const RunReport& so_far) {
    const std::lock_guard lock(mutex_);
    known_ = so_far;
}

void InterimReport::take(const HostResult& host) {
    const std::lock_guard lock(mutex_);
    hosts_[host.name] = host;
}

RunReport InterimReport::put_together(int signal) {
    RunReport report = *known_;
    for (const auto& host : report.hosts) hosts_[host.name] = host;
    report.hosts.clear();
    for (const auto& [name, host] : hosts_) {
        report.hosts.push_back(host);
        report.hosts.back().cause.clear();  // causes get their numbers at the end
    }
    report.causes.clear();
    report.run.finished = clock_.now();
    if (report.run.finished > report.run.started)
        report.run.duration = std::chrono::duration_cast<Millis>(report.run.finished - report.run.started);
    const bool resumable = report.run.command == "run" && !report.run.dry_run;
    report.ending = {Outcome::stopped, exit_code_of_signal(signal),
                     "the run was asked to end and had not ended yet when this was written",
                     resumable ? "lockstep resume " + report.run.id : "run again: what was built is in the store"};
    return report;
}

void InterimReport::write(int signal) {
    const std::lock_guard lock(mutex_);
    if (closed_ || writer_.joinable() || !known_) return;
    // The disk may take its time, and the caller has other things to do.
    writer_ =
        std::thread([this, text = report_json(put_together(signal))] { (void)store_.write_file("report.json", text); });
}

void InterimReport::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    if (writer_.joinable()) writer_.join();
}

}  // namespace lockstep::cli
