// SPDX-License-Identifier: MIT
// What is worth telling while it happens. Core and adapters never print or log; the spine and the proof emit events,
// and sinks (console, run.log) show them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lockstep/core/records.hpp"
#include "lockstep/core/report.hpp"

namespace lockstep {

struct StageStarted {
    std::string name, text;
};  ///< "prove", "evaluating and building 16 hosts"
struct StageEnded {
    StageRecord stage;
    std::string text;
};
struct Notice {
    bool warning = false;
    std::string text;
};  ///< ours; may quote cleaned foreign text
struct InputsChanged {
    std::vector<InputChange> changes;
};
struct HostsFound {
    std::vector<std::string> names;
    int slots = 0, evaluators = 0;
};
struct EvalStarted {
    std::string host;
};
struct EvalEnded {
    std::string host;
    bool ok = true;
    Millis duration{0};
};
struct BuildPlanned {
    int derivations_expected = 0;
};  ///< from Nix's own totals; may grow
struct BuildStarted {
    std::string drv, name, machine;
};
struct BuildEnded {
    std::string drv, name;
    bool ok = true;
    Millis duration{0};
};
struct HostEnded {
    HostResult result;
    std::vector<std::string> tail;
};
struct EtaChanged {
    std::optional<Millis> remaining;
};  ///< of the proof, from now; nullopt when nobody knows

using Event = std::variant<StageStarted, StageEnded, Notice, InputsChanged, HostsFound, EvalStarted, EvalEnded,
                           BuildPlanned, BuildStarted, BuildEnded, HostEnded, EtaChanged>;

/// Called from several threads; implementations lock for themselves and return quickly.
class EventSink {
public:
    virtual ~EventSink() = default;
    virtual void on(const Event& event) noexcept = 0;
};

}  // namespace lockstep
