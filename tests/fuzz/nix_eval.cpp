// SPDX-License-Identifier: MIT
// The streams of an evaluation: marks between foreign text, cut anywhere, and the JSON answers.
#include "fuzz/support/fuzz_input.hpp"
#include "lockstep/adapters/nix.hpp"
#include "lockstep/core/check.hpp"

using namespace lockstep;

namespace {

constexpr std::size_t k_hosts = 3;

struct Heard {
    std::vector<nix::EvalEvent> events;
    std::vector<std::string> texts;
    bool operator==(const Heard&) const = default;
};

Heard read(const std::string& nonce, const std::vector<std::string_view>& pieces) {
    nix::EvalReader reader(nonce, k_hosts);
    Heard heard;
    const auto on_event = [&](const nix::EvalEvent& event) {
        LOCKSTEP_CHECK(event.index < k_hosts);
        if (event.kind == nix::EvalEvent::Kind::end)
            LOCKSTEP_CHECK(event.drv.starts_with('/') && event.drv.ends_with(".drv"));
        heard.events.push_back(event);
    };
    const auto on_text = [&](std::string_view text) {
        LOCKSTEP_CHECK(!text.empty() && text.size() <= 64U << 10U);
        LOCKSTEP_CHECK(text.find_first_of("\n\r") == std::string_view::npos);
        heard.texts.emplace_back(text);
    };
    for (const auto piece : pieces) reader.feed(piece, on_event, on_text);
    reader.finish(on_event, on_text);
    return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::input_text(data, size);
    const auto heard = read("n0nce", {text});
    for (const std::size_t longest : {1U, 9U, 300U})
        LOCKSTEP_CHECK(read("n0nce", fuzz::pieces_of(text, longest)) == heard);
    // Whoever does not know the nonce cannot make a mark.
    if (text.find("n0nce") == std::string_view::npos) LOCKSTEP_CHECK(heard.events.empty());

    (void)nix::parse_evaluation(text);
    (void)nix::parse_names(text);
    (void)nix::parse_flake_config(text);
    (void)nix::parse_settings(text, [](const std::string&) { return std::string("ssh://b x86_64-linux - 4 1 kvm"); });
    const auto literal = nix::string_literal(text);
    LOCKSTEP_CHECK(literal.size() >= 2 && literal.front() == '"' && literal.back() == '"');
    for (std::size_t i = 1; i + 1 < literal.size(); ++i) {
        if (literal[i] == '\\')
            ++i;
        else
            LOCKSTEP_CHECK(literal[i] != '"' && literal.compare(i, 2, "${") != 0);
        LOCKSTEP_CHECK(i + 1 < literal.size());
    }
    return 0;
}
