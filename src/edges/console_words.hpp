// SPDX-License-Identifier: MIT
// Single events as lines for people: the same words on a terminal and in a log.
#pragma once

#include <string>
#include <string_view>

#include "lockstep/ports/events.hpp"

namespace lockstep {

/// Wraps text in SGR codes when colour is on.
class Paint {
public:
    explicit Paint(bool on) : on_(on) {}
    [[nodiscard]] std::string green(std::string_view text) const { return wrap("32", text); }
    [[nodiscard]] std::string red(std::string_view text) const { return wrap("31", text); }
    [[nodiscard]] std::string yellow(std::string_view text) const { return wrap("33", text); }
    [[nodiscard]] std::string dim(std::string_view text) const { return wrap("2", text); }

private:
    [[nodiscard]] std::string wrap(std::string_view code, std::string_view text) const;
    bool on_;
};

/// Lines without newline, foreign text cleaned; "" when there is nothing to say.
[[nodiscard]] std::string stage_start_line(const StageStarted& event);
[[nodiscard]] std::string stage_end_line(const StageEnded& event, const Paint& paint);
[[nodiscard]] std::string notice_line(const Notice& event, const Paint& paint);
[[nodiscard]] std::string hosts_line(const HostsFound& event);
/// "✓ web1  built  12 s", "✗ db1   a dependency failed: openssl-3.0: builder failed with exit code 1".
[[nodiscard]] std::string host_line(const HostResult& host, std::size_t name_width, const Paint& paint);
/// Whether a host's ending is told even when quiet.
[[nodiscard]] bool needs_a_look(HostState state);
/// What the tail of a failing host is a tail of: "openssl-3.0".
[[nodiscard]] std::string tail_owner(const HostResult& host);

}  // namespace lockstep
