// SPDX-License-Identifier: MIT
// The words of the console.
#include "edges/console_words.hpp"

#include <fmt/format.h>

#include "edges/console_progress.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

std::string mark(HostState state, const Paint& paint) {
    if (is_proved(state)) return paint.green("✓");
    if (is_broken(state)) return paint.red("✗");
    if (needs_a_look(state)) return paint.yellow("!");
    return paint.dim("–");
}

std::string padded(std::string text, std::size_t width) {
    const auto used = columns(text);
    if (used < width) text.append(width - used, ' ');
    return text;
}

}  // namespace

std::string Paint::wrap(std::string_view code, std::string_view text) const {
    return on_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

std::string stage_start_line(const StageStarted& event) {
    const auto name = clean_line(event.name, 60), text = clean_line(event.text);
    return text.empty() ? name : name + ": " + text;
}

std::string stage_end_line(const StageEnded& event, const Paint& paint) {
    const auto& stage = event.stage;
    const auto name = clean_line(stage.name, 60), text = clean_line(event.text);
    const auto error = clean_line(stage.error_message);
    const bool failed = stage.state == StageState::failed;
    std::string line = name + ": ";
    if (stage.state == StageState::done)
        line += text.empty() ? "done" : text;
    else
        line += failed ? paint.red("failed") : stage.state == StageState::skipped ? "skipped" : "interrupted";
    if (stage.state != StageState::skipped) line += " (" + human_duration(stage.duration) + ")";
    const auto& more = error.empty() ? text : error;
    if (stage.state != StageState::done && !more.empty()) line += ": " + more;
    return line;
}

std::string notice_line(const Notice& event, const Paint& paint) {
    const auto text = clean_line(event.text, 2000);
    if (text.empty()) return {};
    return event.warning ? paint.yellow("warning:") + " " + text : text;
}

std::string hosts_line(const HostsFound& event) {
    auto line = plural(event.names.size(), "host");
    if (event.evaluators > 0) line += ", " + plural(static_cast<std::size_t>(event.evaluators), "evaluator");
    if (event.slots > 0) line += ", " + plural(static_cast<std::size_t>(event.slots), "build slot");
    return line;
}

bool needs_a_look(HostState state) {
    return is_broken(state) || state == HostState::unsupported || state == HostState::infra_error;
}

std::string tail_owner(const HostResult& host) {
    const bool below = host.state == HostState::dependency_failed && !host.chain.empty();
    return clean_line(below ? host.chain.back() : host.name, 120);
}

std::string host_line(const HostResult& host, std::size_t name_width, const Paint& paint) {
    std::string line = mark(host.state, paint) + " " + padded(clean_line(host.name, 100), name_width) + "  " +
                       std::string(state_phrase(host.state));
    if (!is_proved(host.state)) {
        if (host.state == HostState::dependency_failed && !host.chain.empty()) line += ": " + tail_owner(host);
        if (const auto detail = clean_line(host.detail); !detail.empty()) line += ": " + detail;
    }
    if (host.state == HostState::built || is_broken(host.state))
        if (const auto took = host.eval_time + host.build_time; took.count() > 0) line += "  " + human_duration(took);
    if (!host.required && needs_a_look(host.state)) line += "  (not required)";
    return line;
}

}  // namespace lockstep
