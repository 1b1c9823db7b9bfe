// SPDX-License-Identifier: MIT
// Which evaluators may run beside each other, and how much memory each may take, so that all of them together stay
// within a budget. Reservations follow what hosts are known to need; what nobody has reserved is shared out.
#pragma once

#include <cstdint>
#include <map>

namespace lockstep {

/// Not thread-safe. All sizes in bytes; a budget of 0 means that nothing is bounded.
class EvaluationMemory {
public:
    using Id = std::uint64_t;

    EvaluationMemory(std::uint64_t budget, int evaluators);

    /// What a process that begins with a host is expected to need: `remembered` from earlier runs with some room, else
    /// what other hosts needed in this run, else a guess that lets all evaluators start.
    [[nodiscard]] std::uint64_t expected(std::uint64_t remembered) const;
    /// Whether a process that is expected to need `bytes` fits beside the running ones. The first always does.
    [[nodiscard]] bool admits(std::uint64_t bytes) const;

    void start(Id id, std::uint64_t expected);
    /// The process has this much now, and may need that much for its next host.
    void update(Id id, std::uint64_t resident, std::uint64_t next);
    void end(Id id);
    /// One host needed this much in a process of its own, or as the first of several.
    void learn(std::uint64_t bytes);

    /// What each running process may take. Together they are the budget, or UINT64_MAX each without one.
    [[nodiscard]] std::map<Id, std::uint64_t> limits() const;
    /// The limit of a process that runs alone.
    [[nodiscard]] std::uint64_t budget() const { return budget_; }

private:
    [[nodiscard]] std::uint64_t reserved() const;

    std::uint64_t budget_;
    std::uint64_t guess_;
    std::uint64_t seen_ = 0;
    std::map<Id, std::uint64_t> reserved_;
};

}  // namespace lockstep
