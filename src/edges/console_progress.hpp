// SPDX-License-Identifier: MIT
// What is going on right now, gathered from events: the data behind the live region and the heartbeat.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/deploy_view.hpp"
#include "lockstep/ports/events.hpp"

namespace lockstep {

class ConsoleProgress {
public:
    using Time = std::chrono::steady_clock::time_point;

    void on(const Event& event, Time now);
    void show(const DeployView& view) { deploy_ = view; }

    /// "12/16 hosts, 5 unchanged · 3 building · 140 of 220 derivations · 4 min · about 9 min left"; before hosts are
    /// known the stage; "" when idle.
    [[nodiscard]] std::string header(Time now) const;
    /// One line for each running build and evaluation, oldest first, at most `max_lines`; the last one tells what is
    /// left out.
    [[nodiscard]] std::vector<std::string> running(Time now, std::size_t max_lines) const;
    /// "… 3 building: linux-6.6 (4 min), … · 12/16 hosts · about 9 min left"; "" when idle.
    [[nodiscard]] std::string heartbeat(Time now) const;
    /// Columns of the longest host name that is worth aligning to.
    [[nodiscard]] std::size_t name_width() const { return name_width_; }

private:
    struct Activity {
        std::string key, name, machine;
        Time since;
        bool evaluation = false;
    };
    void begin(Activity activity);
    bool end(const std::string& key, bool evaluation);
    [[nodiscard]] std::size_t count(bool evaluation) const;
    [[nodiscard]] std::string listed(bool evaluation, Time now) const;
    [[nodiscard]] std::string hosts() const;
    [[nodiscard]] std::string left(Time now) const;
    [[nodiscard]] std::string deploy_header(Time now) const;
    [[nodiscard]] std::vector<std::string> deploy_running(Time now, std::size_t max_lines) const;
    [[nodiscard]] std::string deploy_heartbeat(Time now) const;

    std::string stage_;  ///< text of the stage that runs; "" between stages
    Time stage_since_{}, hosts_since_{};
    std::size_t hosts_total_ = 0, name_width_ = 0;
    std::set<std::string> hosts_ended_, hosts_unchanged_;
    std::optional<Time> end_;  ///< when the proof is expected to be done
    int expected_ = 0, built_ = 0;
    std::vector<Activity> activities_;  ///< oldest first
    DeployView deploy_;
};

/// "12 s", "4 min", "2 h 5 min": an age as one reads it at a glance.
[[nodiscard]] std::string age(std::chrono::steady_clock::duration duration);

/// "about 20 s left", "about 4 min left": rounded up, coarse enough not to flicker; "" when it should be over.
[[nodiscard]] std::string time_left(std::chrono::steady_clock::duration duration);

/// Columns on a terminal, roughly: East Asian characters and pictographs count two.
[[nodiscard]] std::size_t columns(std::string_view text);
/// Cut to at most `width` columns, with "…".
[[nodiscard]] std::string fit(std::string_view text, std::size_t width);

}  // namespace lockstep
