// SPDX-License-Identifier: MIT
// Reservations within the budget.
#include "lockstep/core/evaluation_memory.hpp"

#include <algorithm>

namespace lockstep {

namespace {

// Real NixOS hosts need 500 to 850 MiB (Nix 2.8 and 2.34, 2026).
constexpr std::uint64_t k_least_guess = 512ULL << 20, k_most_guess = 1024ULL << 20;

std::uint64_t with_room(std::uint64_t bytes) {
    return bytes + bytes / 8;
}

}  // namespace

EvaluationMemory::EvaluationMemory(std::uint64_t budget, int evaluators)
    : budget_(budget),
      guess_(std::clamp(budget / static_cast<std::uint64_t>(std::max(1, evaluators)), k_least_guess, k_most_guess)) {
    if (budget_ > 0) guess_ = std::min(guess_, budget_);
}

std::uint64_t EvaluationMemory::expected(std::uint64_t remembered) const {
    const std::uint64_t wanted = remembered > 0 ? with_room(remembered) : seen_ > 0 ? with_room(seen_) : guess_;
    return budget_ > 0 ? std::min(wanted, budget_) : wanted;
}

std::uint64_t EvaluationMemory::reserved() const {
    std::uint64_t sum = 0;
    for (const auto& [id, bytes] : reserved_) sum += bytes;
    return sum;
}

bool EvaluationMemory::admits(std::uint64_t bytes) const {
    if (budget_ == 0 || reserved_.empty()) return true;
    const auto taken = reserved();
    return taken < budget_ && bytes <= budget_ - taken;
}

void EvaluationMemory::start(Id id, std::uint64_t expected) {
    reserved_[id] = expected;
}

void EvaluationMemory::update(Id id, std::uint64_t resident, std::uint64_t next) {
    if (const auto found = reserved_.find(id); found != reserved_.end()) found->second = std::max(resident, next);
}

void EvaluationMemory::end(Id id) {
    reserved_.erase(id);
}

void EvaluationMemory::learn(std::uint64_t bytes) {
    seen_ = std::max(seen_, bytes);
}

std::map<EvaluationMemory::Id, std::uint64_t> EvaluationMemory::limits() const {
    std::map<Id, std::uint64_t> result;
    const auto taken = reserved();
    const std::uint64_t spare = budget_ > taken && !reserved_.empty() ? (budget_ - taken) / reserved_.size() : 0;
    for (const auto& [id, bytes] : reserved_) result[id] = budget_ == 0 ? UINT64_MAX : bytes + spare;
    return result;
}

}  // namespace lockstep
