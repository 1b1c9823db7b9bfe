// SPDX-License-Identifier: MIT
// Runs a user's commands before and after runs, waves and hosts, within the limits that builders have: a deadline, a
// process group of their own, a capped log. Their lines come from the machine's own file only.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lockstep/adapters/hooks.hpp"
#include "lockstep/ports/clock.hpp"
#include "lockstep/ports/events.hpp"
#include "lockstep/ports/process.hpp"
#include "lockstep/ports/run_store.hpp"

namespace lockstep {

struct HookWishes {
    std::map<HookPoint, std::vector<std::string>> lines;
    std::chrono::milliseconds timeout{300'000};  ///< of each command
    bool stop = true;                            ///< a before_* that fails forbids what it comes before
    std::uint64_t log_limit = 64ULL << 20;       ///< bytes kept of what each of them prints
};

struct HookPorts {
    ProcessRunner& processes;
    RunStore& store;
    Clock& clock;
    EventSink& events;
    /// Of what hooks are told: reasons may quote others, and hooks may send them on. Empty: told as it is.
    std::function<std::string(std::string_view)> redact = {};
};

/// Thread-safe. What is referred to must outlive it.
class Hooks {
public:
    /// `common`: what every hook of the run is told.
    Hooks(HookWishes wishes, HookFacts common, HookPorts ports);

    /// The commit that it is about, once it is known. Before the first hook that is to know it.
    void set_commit(const std::string& commit) { common_.commit = commit; }
    [[nodiscard]] bool any(HookPoint point) const;
    /// Facts about this point, with what is common filled in.
    [[nodiscard]] HookFacts facts(HookPoint point) const;

    /// Runs the commands of the point, in order; blocks. Before something: the first that fails is the last, and what
    /// is returned says why it must not begin. After something, or with `on_failure: warn`: each is run, failures are
    /// told and counted, and nothing is returned.
    [[nodiscard]] std::optional<std::string> before(const HookFacts& facts);
    void after(const HookFacts& facts);

    [[nodiscard]] std::size_t run_so_far() const { return run_; }
    [[nodiscard]] std::size_t failed() const { return failed_; }
    /// "4 hooks run, 1 of them failed"; "" when there was none.
    [[nodiscard]] std::string words() const;

private:
    /// Why it failed, if it did.
    [[nodiscard]] std::optional<std::string> run(const std::string& line, const HookFacts& facts);

    const HookWishes wishes_;
    HookFacts common_;
    const HookPorts ports_;
    std::atomic<std::size_t> run_{0}, failed_{0};
};

}  // namespace lockstep
