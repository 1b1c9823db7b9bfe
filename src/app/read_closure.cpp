// SPDX-License-Identifier: MIT
#include "lockstep/app/read_closure.hpp"

#include "lockstep/adapters/deploy_closure.hpp"

namespace lockstep {

std::optional<std::vector<ClosurePath>> read_closure(ProcessRunner& processes, const Command& command,
                                                     const std::string& nonce) {
    constexpr std::size_t k_most = 32U << 20U;  // twice what is taken for an answer
    return deploy::parse_closure(run_to_end(processes, command, k_most).out, nonce);
}

}  // namespace lockstep
