// SPDX-License-Identifier: MIT
// What a deploy would bring, as far as earlier runs know it: no host is asked.
#pragma once

#include <string>
#include <vector>

namespace lockstep {

struct HostOutlook {
    std::string name;
    std::string running;  ///< what the last deploy left there; "" = there was none
    std::string proved;   ///< by the newest run that may be deployed; "" = it proved nothing for the host
    bool unsure = false;  ///< a deploy left something there, and nobody knows what
    bool went_back = false;
    std::string packages;  ///< what differs between the two; "" = not known
};

/// The part "Deploy" of `lockstep plan`, with a column of its own on the left. `proof`: the run that is meant, "" =
/// none.
[[nodiscard]] std::string deploy_outlook_text(const std::vector<HostOutlook>& hosts, const std::string& proof,
                                              std::size_t most = 50);

}  // namespace lockstep
