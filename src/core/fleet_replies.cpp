// SPDX-License-Identifier: MIT
// Replies of hosts, counted and told.
#include "lockstep/core/fleet_replies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/text_table.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t k_longest_line = 16U << 10U;

std::string_view word(PingEnd end) {
    switch (end) {
        case PingEnd::answered:
            return "answered";
        case PingEnd::unreachable:
            return "unreachable";
        case PingEnd::not_let_in:
            return "not_let_in";
    }
    return "";
}

std::string dumped(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string spaced(std::string_view word) {
    return replace_all(std::string(word), "_", " ");
}

}  // namespace

std::string_view word(ExecEnd end) {
    switch (end) {
        case ExecEnd::done:
            return "done";
        case ExecEnd::failed:
            return "failed";
        case ExecEnd::unreachable:
            return "unreachable";
        case ExecEnd::lost:
            return "lost";
        case ExecEnd::interrupted:
            return "interrupted";
        case ExecEnd::not_started:
            return "not_started";
    }
    return "";
}

ExitCode ping_exit(const std::vector<FleetPing>& pings) {
    auto exit = ExitCode::ok;
    for (const auto& ping : pings) {
        if (ping.end == PingEnd::answered || !ping.required) continue;
        if (ping.end == PingEnd::unreachable) return ExitCode::infrastructure;
        exit = ExitCode::credentials;
    }
    return exit;
}

std::string fleet_ping_text(const std::vector<FleetPing>& pings) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& ping : pings) {
        const auto why = ping.end == PingEnd::answered
                             ? clean_line(ping.address, 100)
                             : (ping.required ? "" : "may be off; ") + clean_line(ping.trouble, 300);
        rows.push_back({ping.name, spaced(word(ping.end)),
                        ping.end == PingEnd::answered ? fmt::format("{} ms", ping.took.count()) : "-", why});
    }
    return text_table(rows);
}

std::string fleet_ping_json(const std::vector<FleetPing>& pings) {
    Json hosts = Json::array();
    for (const auto& ping : pings)
        hosts.push_back({{"name", ping.name},
                         {"address", ping.address},
                         {"required", ping.required},
                         {"result", word(ping.end)},
                         {"milliseconds", ping.took.count()},
                         {"trouble", ping.trouble.empty() ? Json() : Json(ping.trouble)}});
    return dumped({{"schema", "lockstep-fleet-ping/1"}, {"hosts", hosts}});
}

bool is_failure(const FleetExec& host) {
    switch (host.end) {
        case ExecEnd::done:
        case ExecEnd::not_started:
            return false;
        case ExecEnd::unreachable:
            return host.required;
        case ExecEnd::failed:
        case ExecEnd::lost:
        case ExecEnd::interrupted:
            return true;
    }
    return true;
}

ExitCode exec_exit(const std::vector<FleetExec>& hosts) {
    auto exit = ExitCode::ok;
    for (const auto& host : hosts) {
        if (!is_failure(host)) continue;
        if (host.end != ExecEnd::unreachable) return ExitCode::hosts_failed;
        exit = ExitCode::infrastructure;
    }
    return exit;
}

std::string fleet_exec_text(const std::vector<FleetExec>& hosts) {
    std::map<ExecEnd, std::size_t> counts;
    std::string text;
    for (const auto& host : hosts) {
        ++counts[host.end];
        if (host.end == ExecEnd::done) continue;
        text +=
            fmt::format("{}: {}{}\n", host.name,
                        host.end == ExecEnd::failed ? fmt::format("exit code {}", host.code) : spaced(word(host.end)),
                        host.trouble.empty() ? "" : ": " + clean_line(host.trouble, 300));
    }
    std::vector<std::string> parts;
    for (const auto& [end, count] : counts) parts.push_back(fmt::format("{} {}", count, spaced(word(end))));
    return text + join(parts, ", ") + "\n";
}

std::string fleet_exec_json(const std::vector<FleetExec>& hosts) {
    Json all = Json::array();
    for (const auto& host : hosts)
        all.push_back({{"name", host.name},
                       {"address", host.address},
                       {"required", host.required},
                       {"result", word(host.end)},
                       {"exit_code", host.code < 0 ? Json() : Json(host.code)},
                       {"milliseconds", host.took.count()},
                       {"trouble", host.trouble.empty() ? Json() : Json(host.trouble)},
                       {"out", clean_text(host.out)},
                       {"err", clean_text(host.err)},
                       {"truncated", host.truncated}});
    return dumped({{"schema", "lockstep-fleet-exec/1"}, {"hosts", all}});
}

std::string PrefixedLines::line(std::string_view text) const {
    // Blanks at the beginning are part of many tables.
    auto cleaned = clean_text(text);
    std::replace(cleaned.begin(), cleaned.end(), '\n', ' ');
    return prefix_ + std::string(cut_utf8(cleaned, k_longest_line)) + "\n";
}

std::string PrefixedLines::take(std::string_view chunk) {
    std::string text;
    pending_ += chunk;
    std::size_t begin = 0;
    for (auto end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n', begin)) {
        text += line(std::string_view(pending_).substr(begin, end - begin));
        begin = end + 1;
    }
    pending_.erase(0, begin);
    // A line without end must not cost memory without end.
    while (pending_.size() > k_longest_line) {
        text += line(std::string_view(pending_).substr(0, k_longest_line));
        pending_.erase(0, k_longest_line);
    }
    return text;
}

std::string PrefixedLines::rest() {
    const auto last = std::exchange(pending_, {});
    return last.empty() ? "" : line(last);
}

}  // namespace lockstep
