// SPDX-License-Identifier: MIT
// One evaluation process and what it has said so far.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/evaluator.hpp"

namespace lockstep {

struct Evaluator::Slice {
    std::uint64_t number = 0;
    std::string nonce;
    std::vector<std::size_t> targets;
    bool base = false;              ///< of the base commit
    std::optional<ChildId> child;   ///< once it was submitted
    bool alone = false;             ///< nothing runs beside it: a second try
    std::vector<std::string> drvs;  ///< as streamed, "" until END
    nix::EvalReader reader;
    std::string out, text;             ///< stdout; stderr since the last END
    std::string preamble;              ///< stderr before the first BEGIN: belongs to everybody
    std::size_t begun = 0, ended = 0;  ///< counts; targets are evaluated in order
    std::chrono::steady_clock::time_point started, mark;
    bool recycled = false;             ///< we end it between two targets, because it has grown too large
    std::uint64_t first_resident = 0;  ///< after its first target
    std::shared_ptr<MemoryAllowance> memory = std::make_shared<MemoryAllowance>();

    Slice(std::uint64_t n, std::vector<std::size_t> list, std::string slice_nonce)
        : number(n),
          nonce(std::move(slice_nonce)),
          targets(std::move(list)),
          drvs(targets.size()),
          reader(nonce, targets.size()) {}
};

}  // namespace lockstep
