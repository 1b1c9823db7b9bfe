// SPDX-License-Identifier: MIT
// What git says about a push. It is only told as done when git ended well and names this very ref.
#include "edges/git_push.hpp"

#include "fuzz/support/fuzz_input.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/text.hpp"

using namespace lockstep;

namespace {

constexpr const char* k_ref = "refs/heads/main";

bool has_good_line(std::string_view out) {
    for (const auto& line : split(out, '\n')) {
        const auto first = line.find('\t');
        const auto second = first == std::string::npos ? first : line.find('\t', first + 1);
        if (first == 1 && second != std::string::npos && line.front() != '!' &&
            line.substr(0, second).ends_with(":" + std::string(k_ref)))
            return true;
    }
    return false;
}

void check(std::string_view out, std::string_view err, ExitStatus::Kind kind, int code) {
    GitAnswer answer{.out = std::string(out), .err = std::string(err)};
    answer.status.kind = kind;
    answer.status.code = code;
    for (const bool truncated : {false, true}) {
        answer.truncated = truncated;
        const auto outcome = push_outcome(answer, k_ref);
        if (outcome.state == PushState::done) LOCKSTEP_CHECK(answer.ok() && has_good_line(out));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto text = fuzz::input_text(data, size);
    const auto out = fuzz::take_part(text);
    for (const int code : {0, 1, 128}) check(out, text, ExitStatus::Kind::exited, code);
    for (const auto kind : {ExitStatus::Kind::signalled, ExitStatus::Kind::timed_out, ExitStatus::Kind::not_started})
        check(out, text, kind, -1);
    return 0;
}
