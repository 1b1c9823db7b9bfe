// SPDX-License-Identifier: MIT
// One evaluation process in a lab, read as the evaluator reads it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "support/nix_lab.hpp"

namespace lockstep::test {

inline constexpr const char* k_nonce = "f00dfeedf00dfeed";

struct Evaluation {
    int code = -1;
    std::vector<nix::EvalEvent> events;
    std::string text;
    std::map<std::string, std::string> drvs;
};
[[nodiscard]] Evaluation evaluate(const NixLab& lab, const std::string& flake, const std::vector<Target>& slice);

[[nodiscard]] std::vector<Target> hosts(const std::vector<std::string>& names);
[[nodiscard]] Derivation read_drv(const std::string& path);
[[nodiscard]] std::string out_path(const std::string& drv);

}  // namespace lockstep::test
