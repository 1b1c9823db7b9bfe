// SPDX-License-Identifier: MIT
// Derivations as Nix stores them, and the graph over several of them.
#include "lockstep/core/derivation.hpp"

#include "fuzz/support/fuzz_input.hpp"
#include "lockstep/core/check.hpp"

using namespace lockstep;

namespace {

/// The parts of the input are derivations; a path's size and first byte say which one stands there.
void check_graph(const std::vector<std::string>& texts) {
    DrvGraph graph;
    std::size_t reads = 0;
    const auto reader = [&](const std::string& path) -> Result<std::string> {
        if (path.empty() || ++reads > 200) return Error{ErrorKind::infrastructure, "no such derivation", "", ""};
        return texts[(path.size() + static_cast<unsigned char>(path.front())) % texts.size()];
    };
    const auto root = graph.add("root", reader);
    if (!root.ok()) return;
    const auto closure = graph.closure(*root);
    LOCKSTEP_CHECK(!closure.empty() && closure.size() <= graph.size() && closure.back() == *root);
    for (const auto index : closure) {
        const auto chain = graph.chain(*root, index);
        LOCKSTEP_CHECK(!chain.empty() && chain.front() == *root && chain.back() == index);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto text = fuzz::input_text(data, size);
    LOCKSTEP_CHECK(derivation_name(text).size() <= text.size());
    std::vector<std::string> texts;
    do texts.emplace_back(fuzz::take_part(text));
    while (!text.empty());
    for (const auto& each : texts) {
        const auto derivation = parse_derivation(each);
        if (!derivation.ok()) {
            LOCKSTEP_CHECK(derivation.error().kind == ErrorKind::infrastructure);
            continue;
        }
        // Every proper beginning and every tail is an error.
        auto random = fuzz::random_of(each);
        LOCKSTEP_CHECK(!parse_derivation(each.substr(0, fuzz::below(random, each.size()))).ok());
        LOCKSTEP_CHECK(!parse_derivation(each + "x").ok());
    }
    check_graph(texts);
    return 0;
}
