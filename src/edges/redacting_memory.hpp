// SPDX-License-Identifier: MIT
// Lessons hold first errors and last lines of logs: what later runs remember of them is redacted like the logs.
#pragma once

#include <memory>

#include "edges/secrets.hpp"
#include "lockstep/ports/memory.hpp"

namespace lockstep {

class RedactingMemory final : public Memory {
public:
    RedactingMemory(std::unique_ptr<Memory> inner, const Secrets& secrets)
        : inner_(std::move(inner)), secrets_(secrets) {}

    [[nodiscard]] const Recollection& recall() const override { return inner_->recall(); }
    /// A lesson that is none any more without the secret (its name, its path) is not kept.
    void learn(const std::vector<Lesson>& lessons) noexcept override {
        std::vector<Lesson> clean;
        clean.reserve(lessons.size());
        for (const auto& lesson : lessons) {
            const auto line = lesson_line(lesson), redacted = secrets_.redacted(line);
            if (line == redacted)
                clean.push_back(lesson);
            else if (auto again = parse_lesson(redacted))
                clean.push_back(*std::move(again));
        }
        inner_->learn(clean);
    }

private:
    std::unique_ptr<Memory> inner_;
    const Secrets& secrets_;
};

}  // namespace lockstep
