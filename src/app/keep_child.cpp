// SPDX-License-Identifier: MIT
// Bounded capture: a chatty child must not cost memory.
#include "app/keep_child.hpp"

#include <memory>

#include "lockstep/adapters/nix.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_part = 32u << 10;

/// The beginning and the end: the error is the last thing that Nix says, unless it goes on with a trace.
struct Errors {
    std::string head, tail;
    void take(std::string_view chunk) {
        const auto room = k_part - head.size();
        head.append(chunk.substr(0, room));
        if (chunk.size() > room) tail.append(chunk.substr(room));
        if (tail.size() > 2 * k_part) tail.erase(0, tail.size() - k_part);
    }
};

}  // namespace

ChildId submit_captured(ProcessRunner& processes, Command command,
                        std::function<void(const ExitStatus&, const std::string& errors)> done) {
    auto errors = std::make_shared<Errors>();
    return processes.submit(
        std::move(command),
        [errors](Stream stream, std::string_view chunk) {
            if (stream == Stream::err) errors->take(chunk);
        },
        [errors, done = std::move(done)](const ExitStatus& status) { done(status, errors->head + errors->tail); });
}

std::string why_it_failed(const ExitStatus& status, const std::string& errors) {
    const auto line = status.kind == ExitStatus::Kind::exited ? nix::first_error_line(errors) : std::string();
    return clean_line(line.empty() ? describe(status) : line);
}

}  // namespace lockstep
