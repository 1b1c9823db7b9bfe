// SPDX-License-Identifier: MIT
// Writing the results where people, programs and runners look for them.
#include "cli/outputs.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cli/environment.hpp"

namespace lockstep::cli {

namespace {

/// Appends to a file that the runner made for us; an existing regular file only.
std::string append(const std::string& path, const std::string& raw) {
    const std::string text = secrets().redacted(raw);
    const int fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
    if (fd < 0) return path + ": " + std::strerror(errno);
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto done = write(fd, rest.data(), rest.size());
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) {
            const std::string why = std::strerror(errno);
            close(fd);
            return path + ": " + why;
        }
        rest.remove_prefix(static_cast<std::size_t>(done));
    }
    close(fd);
    return "";
}

void say(const std::string& line) {
    const std::string text = secrets().redacted(line) + "\n";
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto done = write(STDERR_FILENO, rest.data(), rest.size());
        if (done < 0 && errno != EINTR) return;
        if (done > 0) rest.remove_prefix(static_cast<std::size_t>(done));
    }
}

}  // namespace

std::string write_reports(RunStore& store, const RunReport& report) {
    for (const auto& [name, text] : {std::pair<const char*, std::string>{"report.md", report_markdown(report)},
                                     {"junit.xml", report_junit(report)}})
        if (const auto done = store.write_file(name, text); !done.ok())
            store.log(std::string(name) + ": " + done.error().why);
    if (const auto done = store.write_file("report.json", report_json(report)); !done.ok()) {
        store.log("report.json: " + done.error().why);
        return "";
    }
    return (store.root() / "report.json").string();
}

std::string tell_runner(const runner::Environment& environment, const RunReport& report, const std::string& report_path,
                        std::size_t summary_limit, const std::string& random_hex) {
    if (!environment.actions()) return "";
    for (const auto& line : runner::annotations(report)) say(line);
    std::string trouble;
    if (!environment.summary_file.empty())
        trouble = append(environment.summary_file, step_summary(report, summary_limit));
    if (!environment.output_file.empty()) {
        const auto more =
            append(environment.output_file, runner::outputs(runner::output_values(report, report_path), random_hex));
        if (trouble.empty()) trouble = more;
    }
    return trouble;
}

int final_exit(const RunReport& report, const std::vector<std::string>& exit_zero_on) {
    const auto word = exit_code_word(report.ending.exit);
    const bool forgiven =
        std::any_of(exit_zero_on.begin(), exit_zero_on.end(), [&](const auto& name) { return name == word; });
    return forgiven ? 0 : static_cast<int>(report.ending.exit);
}

}  // namespace lockstep::cli
