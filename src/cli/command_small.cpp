// SPDX-License-Identifier: MIT
// The commands without a run: lockdiff, schema; and how errors and results are told.
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <iostream>
#include <iterator>

#include "cli/commands.hpp"
#include "edges/disk_files.hpp"
#include "lockstep/core/config_keys.hpp"
#include "lockstep/core/lock_alarms.hpp"
#include "lockstep/core/lockfile.hpp"
#include "lockstep/core/report.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::cli {

int tell_error(const Error& error) {
    const auto shown = [](const std::string& text) { return secrets().redacted(clean_text(text)); };
    std::cerr << "lockstep: " << shown(error.what) << '\n';
    for (const auto& line : lines_of(shown(error.why))) std::cerr << "  " << line << '\n';
    if (!error.hint.empty()) std::cerr << "  hint: " << shown(error.hint) << '\n';
    return static_cast<int>(exit_code_for(error.kind));
}

void tell_result(std::string_view result) {
    const std::string clean = secrets().redacted(result);
    std::string_view text = clean;
    while (!text.empty()) {
        const auto done = write(STDOUT_FILENO, text.data(), text.size());
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(done));
    }
}

namespace {

Result<LockFile> read_lock(const std::string& path) {
    std::string text;
    if (path == "-") {
        text.assign(std::istreambuf_iterator<char>(std::cin), {});
    } else {
        DiskFiles files;
        auto read = files.read(path, 64u << 20);
        if (!read.ok())
            return Error{ErrorKind::config, path + " cannot be read", read.error().why,
                         "name two lock files, or - for standard input"};
        text = std::move(read).value();
    }
    auto lock = parse_lock(text);
    if (!lock.ok()) {
        auto error = std::move(lock).error();
        error.what = path + ": " + error.what;
        return error;
    }
    return lock;
}

/// As if flake.nix had stayed the same, and by the default policy: nothing else is known here.
std::vector<LockAlarm> alarms_now(const LockFile& before, const LockFile& after) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
    const Config config;
    return judge_alarms(lock_alarms(before, after, {.same_flake = true, .now = now.count()}),
                        {config.alarms.stop, config.alarms.ignore})
        .alarms;
}

std::string headed(const std::string& head, const std::string& list) {
    return list.empty() ? "" : head + list + "\n";
}

}  // namespace

int command_lockdiff(const Options& options) {
    if (options.operands[0] == "-" && options.operands[1] == "-")
        return tell_error(
            {ErrorKind::usage, "standard input holds one lock file, not two", "", "name a file for one of them"});
    const auto before = read_lock(options.operands[0]);
    if (!before.ok()) return tell_error(before.error());
    const auto after = read_lock(options.operands[1]);
    if (!after.ok()) return tell_error(after.error());
    const auto changes = diff_locks(before.value(), after.value());
    if (options.json) {
        tell_result(lockdiff_json(changes));
        return 0;
    }
    const auto alarms = alarms_now(before.value(), after.value());
    tell_result(options.markdown ? headed("**Alarms**\n\n", alarms_markdown(alarms)) + lockdiff_markdown(changes)
                                 : headed("alarms:\n", alarms_text(alarms)) + lockdiff_text(changes));
    return 0;
}

int command_schema(const Options& options) {
    const std::string which = options.operands.empty() ? "config" : options.operands.front();
    if (which == "config") {
        tell_result(config_schema());
    } else if (which == "report") {
        tell_result(report_schema());
    } else {
        return tell_error({ErrorKind::usage, "there is no schema called `" + clean_line(which, 60) + "`", "",
                           "lockstep schema config, or lockstep schema report"});
    }
    return 0;
}

}  // namespace lockstep::cli
