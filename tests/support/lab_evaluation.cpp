// SPDX-License-Identifier: MIT
// Marks, texts and results of one evaluation.
#include "support/lab_evaluation.hpp"

#include <gtest/gtest.h>

namespace lockstep::test {

Evaluation evaluate(const NixLab& lab, const std::string& flake, const std::vector<Target>& slice) {
    const auto ran = lab.run(nix::evaluate_command(lab.setup(), flake, slice, k_nonce));
    Evaluation result;
    result.code = ran.code;
    nix::EvalReader reader(k_nonce, slice.size());
    const auto on_event = [&](const nix::EvalEvent& event) { result.events.push_back(event); };
    const auto on_text = [&](std::string_view text) { result.text += std::string(text) + "\n"; };
    reader.feed(ran.err, on_event, on_text);
    reader.finish(on_event, on_text);
    if (const auto drvs = nix::parse_evaluation(ran.out); drvs.ok()) result.drvs = *drvs;
    return result;
}

std::vector<Target> hosts(const std::vector<std::string>& names) {
    std::vector<Target> result;
    for (const auto& name : names) result.push_back(make_target("nixosConfigurations", TargetKind::nixos, name));
    return result;
}

Derivation read_drv(const std::string& path) {
    auto drv = parse_derivation(read_file(path));
    EXPECT_TRUE(drv.ok()) << path;
    return drv.ok() ? *drv : Derivation();
}

std::string out_path(const std::string& drv) {
    return read_drv(drv).outputs.at(0).path;
}

}  // namespace lockstep::test
