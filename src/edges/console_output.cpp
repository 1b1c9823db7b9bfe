// SPDX-License-Identifier: MIT
// Bounded writes: ask whether there is room first, then write no more than a pipe takes without blocking.
#include "edges/console_output.hpp"

#include <poll.h>
#include <pthread.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers)
#include <sys/ioctl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ctime>

namespace lockstep {

namespace {

/// Keeps a write to a closed pipe from ending the program, whatever the process thinks of SIGPIPE.
class NoPipeSignal {
public:
    NoPipeSignal() {
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        sigset_t pending;
        sigpending(&pending);
        was_pending_ = sigismember(&pending, SIGPIPE) == 1;
        pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    ~NoPipeSignal() {
        const timespec none{};
        if (!was_pending_)
            while (sigtimedwait(&pipe_, nullptr, &none) < 0 && errno == EINTR) continue;
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    NoPipeSignal(const NoPipeSignal&) = delete;
    NoPipeSignal& operator=(const NoPipeSignal&) = delete;

private:
    sigset_t pipe_{}, before_{};
    bool was_pending_ = false;
};

}  // namespace

void ConsoleOutput::write(std::string_view text, std::chrono::milliseconds patience) noexcept {
    if (gone_ || text.empty()) return;
    const NoPipeSignal guard;
    const auto until = std::chrono::steady_clock::now() + (lost_ ? std::chrono::milliseconds(0) : patience);
    if (lost_ && !write_all("\n", until)) return;
    lost_ = !write_all(text, until);
}

bool ConsoleOutput::write_all(std::string_view text, std::chrono::steady_clock::time_point until) noexcept {
    while (!text.empty()) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
        pollfd wanted{fd_, POLLOUT, 0};
        const int ready = poll(&wanted, 1, static_cast<int>(std::max<long long>(left, 0)));
        if (ready < 0 && errno == EINTR) continue;
        if (ready == 0) return false;
        // A pipe that polls writable has room for PIPE_BUF bytes: no more, or a write to a blocking one waits for its
        // reader.
        const auto done = ::write(fd_, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
        if (done > 0) {
            text.remove_prefix(static_cast<std::size_t>(done));
        } else if (done < 0 && errno != EINTR && errno != EAGAIN) {
            gone_ = errno == EPIPE || errno == EBADF || errno == EIO;
            return false;
        } else if (left <= 0) {
            return false;
        }
    }
    return true;
}

ConsoleOutput::Size ConsoleOutput::size() const noexcept {
    winsize window{};
    if (ioctl(fd_, TIOCGWINSZ, &window) != 0) return {};
    Size size;
    if (window.ws_col > 0) size.columns = window.ws_col;
    if (window.ws_row > 0) size.rows = window.ws_row;
    return size;
}

std::string console_token() noexcept {
    unsigned char bytes[16];
    ssize_t got = -1;
    do got = getrandom(bytes, sizeof bytes, 0);
    while (got < 0 && errno == EINTR);
    if (got != static_cast<ssize_t>(sizeof bytes)) return {};
    std::string token;
    for (const auto byte : bytes) {
        token += "0123456789abcdef"[byte >> 4U];
        token += "0123456789abcdef"[byte & 15U];
    }
    return token;
}

}  // namespace lockstep
