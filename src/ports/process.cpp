// SPDX-License-Identifier: MIT
// Words for endings, and the blocking form of running a child.
#include "lockstep/ports/process.hpp"

#include <cstring>
#include <future>
#include <memory>

#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

/// Keeps the first and the last half of what was written, when it is more than `most`.
class Bounded {
public:
    explicit Bounded(std::size_t most) : half_(most / 2) {}

    void add(std::string_view text) {
        if (head_.size() < half_) {
            const auto part = text.substr(0, half_ - head_.size());
            head_.append(part);
            text.remove_prefix(part.size());
        }
        tail_.append(text);
        if (tail_.size() > 2 * half_ + 1) {
            cut_ = true;
            tail_.erase(0, tail_.size() - half_);
        }
    }

    [[nodiscard]] std::string take(bool& truncated) {
        if (tail_.size() > half_) {
            cut_ = true;
            tail_.erase(0, tail_.size() - half_);
        }
        truncated = truncated || cut_;
        return std::move(head_) + tail_;
    }

private:
    std::size_t half_;
    std::string head_, tail_;
    bool cut_ = false;
};

std::string limit_of(const ExitStatus& status) {
    return status.limit.count() > 0 ? format_duration(status.limit) : human_duration(status.wall);
}

}  // namespace

std::string describe(const ExitStatus& status) {
    using Kind = ExitStatus::Kind;
    switch (status.kind) {
        case Kind::exited:
            return "exited with code " + std::to_string(status.code);
        case Kind::signalled: {
            const char* name = sigdescr_np(status.signal);  // strsignal is not for several threads
            return "was killed by signal " + std::to_string(status.signal) +
                   (name == nullptr ? "" : std::string(" (") + name + ")");
        }
        case Kind::timed_out:
            return "took longer than " + limit_of(status) + " and was ended";
        case Kind::over_memory:
            return "needed more than " + human_size(status.memory_limit) + " of memory and was ended";
        case Kind::silent:
            return "printed nothing for " + limit_of(status) + " and was ended";
        case Kind::interrupted:
            return "was interrupted";
        case Kind::not_started:
            return "could not be started: " + status.reason;
    }
    return "";
}

Completed run_to_end(ProcessRunner& runner, Command command, std::size_t max_bytes) {
    Completed result;
    Bounded out(max_bytes), err(max_bytes);
    // Shared: the runner's thread may still be inside set_value when we are already awake and gone.
    const auto ended = std::make_shared<std::promise<ExitStatus>>();
    auto future = ended->get_future();
    runner.submit(
        std::move(command),
        [&](Stream stream, std::string_view chunk) { (stream == Stream::out ? out : err).add(chunk); },
        [ended](const ExitStatus& status) { ended->set_value(status); });
    result.status = future.get();
    result.out = out.take(result.truncated);
    result.err = err.take(result.truncated);
    return result;
}

}  // namespace lockstep
