// SPDX-License-Identifier: MIT
// A deploy at one moment, for people who watch it.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "lockstep/core/records.hpp"

namespace lockstep {

struct DeployView {
    using Time = std::chrono::steady_clock::time_point;
    struct Host {
        std::string name, stage;  ///< "copy", "activate", "prove", …
        Time since{};
        Millis usual{0};  ///< what this stage took there before; 0: not known
    };
    std::size_t hosts = 0, ended = 0, failed = 0;  ///< no hosts: nothing is being deployed
    std::string wave;                              ///< "canary (1 of 3)"; "" before the first
    std::vector<Host> busy;                        ///< whose stage began first comes first
    Time since{};
    std::optional<Time> end;  ///< when it is expected to be done
};

}  // namespace lockstep
