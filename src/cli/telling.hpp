// SPDX-License-Identifier: MIT
// The end of a run, told to the sinks. The outbox in the run's directory is the intent: it is on the disk before
// anything is sent, and says afterwards what became of it. None of this changes a verdict or an exit code.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cli/runs.hpp"
#include "cli/wiring.hpp"
#include "lockstep/adapters/notify.hpp"
#include "lockstep/ports/courier.hpp"
#include "lockstep/ports/run_store.hpp"

namespace lockstep::cli {

inline constexpr const char* k_outbox_file = "outbox.json";

/// The sinks of the configuration. Reads the file with the address of the webhook, which is a secret from then on.
[[nodiscard]] notify::Places places_of(const Config::Notify& wish);

/// What telling needs to know about the repository.
struct TellingPlace {
    notify::Places places;
    std::string repository;       ///< its name
    std::filesystem::path state;  ///< what is kept between runs; "" = nothing is
    std::filesystem::path runs;   ///< "" = there are no others
};

[[nodiscard]] TellingPlace telling_place(const Machine& machine);

class Telling {
public:
    Telling(TellingPlace place, Courier& courier) : place_(std::move(place)), courier_(courier) {}

    /// Puts down who is to be told: in `report.notifications`, which is then to be written, and in the outbox.
    void begin(RunStore& store, RunReport& report);
    /// Goes on with the outbox that the run left.
    void take_up(notify::Outbox outbox, const RunReport& report, bool later_run);
    /// Sends what waits, and says in the outbox and in `report.notifications` what became of it. `reach` names each
    /// sink before its message leaves. False: there was nothing to send, and the report has not changed.
    bool send(RunStore& store, RunReport& report, const std::function<void(std::string_view)>& reach);
    /// Tries what earlier runs could not deliver, once each, but for sinks that did not take what was sent just now.
    void send_earlier(const std::string& current_run);

private:
    [[nodiscard]] notify::News news_of(const RunReport& report) const;
    [[nodiscard]] bool is_hopeful(const Notification& entry) const;
    void send_earlier_run(const FoundRun& run);

    TellingPlace place_;
    Courier& courier_;
    notify::Outbox outbox_;
};

/// The outbox that a run left; nothing when it left none, or one that cannot be read.
[[nodiscard]] std::optional<notify::Outbox> outbox_of(const std::filesystem::path& run_directory);

}  // namespace lockstep::cli
