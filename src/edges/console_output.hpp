// SPDX-License-Identifier: MIT
// Getting bytes to a terminal or log that may be slow, gone or not read at all, without waiting for ever.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace lockstep {

class ConsoleOutput {
public:
    explicit ConsoleOutput(int fd) : fd_(fd) {}

    /// Writes all of it, or gives up after `patience` (at once when the last write gave up already). After a loss the
    /// next text that gets through begins on a line of its own. Never raises SIGPIPE.
    void write(std::string_view text, std::chrono::milliseconds patience = std::chrono::milliseconds(3000)) noexcept;

    struct Size {
        std::size_t columns = 80, rows = 24;
    };
    /// Of the terminal behind the descriptor, asked each time; 80x24 when it does not say.
    [[nodiscard]] Size size() const noexcept;

private:
    [[nodiscard]] bool write_all(std::string_view text, std::chrono::steady_clock::time_point until) noexcept;

    int fd_;
    bool lost_ = false, gone_ = false;
};

/// 32 hex digits of the kernel's randomness; "" when there is none.
[[nodiscard]] std::string console_token() noexcept;

}  // namespace lockstep
