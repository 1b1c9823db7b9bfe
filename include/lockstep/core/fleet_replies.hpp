// SPDX-License-Identifier: MIT
// What hosts said to a ping or to a command that ran on many of them. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "lockstep/core/exit_code.hpp"
#include "lockstep/core/records.hpp"

namespace lockstep {

enum class PingEnd {
    answered,
    unreachable,  ///< no route, refused, no such name, no answer in time
    not_let_in,   ///< it is there: its key is not the pinned one, or it refuses ours
};

struct FleetPing {
    std::string name, address;
    bool required = true;  ///< neither optional nor offline_ok
    PingEnd end = PingEnd::unreachable;
    Millis took{0};
    std::string trouble;  ///< cleaned

    bool operator==(const FleetPing&) const = default;
};

/// 0: every required host answered; 40: one cannot be reached; 41: all can be, and one does not let us in.
[[nodiscard]] ExitCode ping_exit(const std::vector<FleetPing>& pings);
[[nodiscard]] std::string fleet_ping_text(const std::vector<FleetPing>& pings);
/// "lockstep-fleet-ping/1". Ends with a newline.
[[nodiscard]] std::string fleet_ping_json(const std::vector<FleetPing>& pings);

enum class ExecEnd {
    done,         ///< exit code 0
    failed,       ///< it ran and ended otherwise; `code`
    unreachable,  ///< it did not run
    lost,         ///< the connection ended: it may have run
    interrupted,  ///< by us; what runs on the host may go on
    not_started,  ///< others failed before its turn
};
[[nodiscard]] std::string_view word(ExecEnd end);  ///< "not_started"

struct FleetExec {
    std::string name, address;
    bool required = true;
    ExecEnd end = ExecEnd::not_started;
    int code = -1;
    Millis took{0};
    std::string trouble;     ///< cleaned
    std::string out, err;    ///< as they came; bounded
    bool truncated = false;  ///< one of them was longer

    bool operator==(const FleetExec&) const = default;
};

/// Counts against --tolerate, and decides the exit code.
[[nodiscard]] bool is_failure(const FleetExec& host);
/// 0: it did what it should on every host, hosts that may be off left aside; 40: each host that did not was not
/// reached; 20: it failed on a host.
[[nodiscard]] ExitCode exec_exit(const std::vector<FleetExec>& hosts);
/// A line for each host on which it did not do what it should, then counts.
[[nodiscard]] std::string fleet_exec_text(const std::vector<FleetExec>& hosts);
/// "lockstep-fleet-exec/1", with what was said; output is cleaned. Ends with a newline.
[[nodiscard]] std::string fleet_exec_json(const std::vector<FleetExec>& hosts);

/// Makes lines of chunks: "web1 | text". Lines are cleaned, and cut when they are longer than 16 KiB.
class PrefixedLines {
public:
    explicit PrefixedLines(std::string prefix) : prefix_(std::move(prefix)) {}
    /// What is complete now, each line with the prefix and a newline.
    [[nodiscard]] std::string take(std::string_view chunk);
    /// The last line, when it has no end.
    [[nodiscard]] std::string rest();

private:
    [[nodiscard]] std::string line(std::string_view text) const;

    std::string prefix_, pending_;
};

}  // namespace lockstep
