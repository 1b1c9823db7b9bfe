// SPDX-License-Identifier: MIT
// signalfd on a thread.
#include "edges/signals.hpp"

#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers)
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

#include "lockstep/core/check.hpp"

namespace lockstep {

SignalWatch::SignalWatch(std::function<void(int, int)> on_signal) : on_signal_(std::move(on_signal)) {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGINT, SIGTERM}) sigaddset(&set, number);
    // A blocked signal arrives at a signalfd even when it is ignored.
    struct sigaction hang_up {};
    if (sigaction(SIGHUP, nullptr, &hang_up) != 0 || hang_up.sa_handler != SIG_IGN) sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signals_ = Fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    end_ = Fd(eventfd(0, EFD_CLOEXEC));
    LOCKSTEP_CHECK(signals_.open() && end_.open());
    thread_ = std::thread([this] { loop(); });
}

SignalWatch::~SignalWatch() {
    const std::uint64_t one = 1;
    (void)!write(end_.get(), &one, sizeof one);
    thread_.join();
}

void SignalWatch::loop() {
    int nth = 0;
    for (;;) {
        pollfd fds[] = {{signals_.get(), POLLIN, 0}, {end_.get(), POLLIN, 0}};
        if (poll(fds, 2, -1) < 0 && errno != EINTR) return;
        if (fds[1].revents != 0) return;
        signalfd_siginfo info{};
        while (read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
            on_signal_(static_cast<int>(info.ssi_signo), ++nth);
    }
}

}  // namespace lockstep
