// SPDX-License-Identifier: MIT
// A scripted run for the console, and the two ends of what it writes to.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "edges/console.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep::test {

using namespace std::chrono_literals;

class StillClock final : public Clock {
public:
    [[nodiscard]] std::chrono::system_clock::time_point now() const override { return {}; }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        return std::chrono::steady_clock::time_point(passed);
    }
    void sleep_for(std::chrono::milliseconds duration) override { passed += duration; }
    std::chrono::milliseconds passed{1h};
};

/// What arrives at the other end of a pipe or a terminal, read by a thread so that no writer ever waits.
class Reader {
public:
    Reader() = default;
    void start(int fd) {
        fd_ = fd;
        thread_ = std::thread([this] {
            char buffer[4096];
            for (;;) {
                const auto got = read(fd_, buffer, sizeof buffer);
                if (got < 0 && errno == EINTR) continue;
                if (got <= 0) return;
                text_.append(buffer, static_cast<std::size_t>(got));
            }
        });
    }
    /// After the writing end is closed.
    std::string all() {
        if (thread_.joinable()) thread_.join();
        close(fd_);
        return text_;
    }

private:
    int fd_ = -1;
    std::thread thread_;
    std::string text_;
};

struct Pipe {
    Pipe() {
        int ends[2];
        EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
        fd = ends[1];
        reader.start(ends[0]);
    }
    std::string all() {
        close(fd);
        return reader.all();
    }
    int fd = -1;
    Reader reader;
};

inline HostEnded host(const std::string& name, HostState state, std::vector<std::string> tail = {}) {
    HostEnded event;
    event.result.name = name;
    event.result.state = state;
    event.result.build_time = 12s;
    if (state == HostState::dependency_failed) {
        event.result.chain = {"nixos-system-" + name, "openssl-3.0"};
        event.result.cause = "/nix/store/openssl-3.0.drv";
        event.result.detail = "builder failed with exit code 1";
    }
    event.tail = std::move(tail);
    return event;
}

inline InputChange change(const std::string& input) {
    InputChange change;
    change.input = input;
    change.direct = true;
    FlakeRef ref{.type = "github", .owner = "NixOS", .repo = "nixpkgs"};
    ref.rev = std::string(40, 'a');
    change.from = ref;
    ref.rev = std::string(40, 'b');
    change.to = ref;
    return change;
}

inline StageEnded ended(const std::string& name, StageState state, const std::string& error = "") {
    StageEnded event;
    event.stage.name = name;
    event.stage.state = state;
    event.stage.duration = 65s;
    event.stage.error_message = error;
    return event;
}

/// A run of four hosts; every foreign text in it is `evil` or contains it.
inline void play(Console& console, StillClock& clock, const std::string& evil = "") {
    console.on(StageStarted{"update", "updating the lock file"});
    console.on(InputsChanged{{change("nixpkgs" + evil)}});
    console.on(ended("update", StageState::done));
    console.on(StageStarted{"prove", "evaluating and building"});
    console.on(HostsFound{{"db1" + evil, "db2", "printer", "web1"}, 3, 2});
    console.on(EvalStarted{"db1" + evil});
    clock.passed += 31s;
    console.tick();
    console.on(EvalEnded{"db1" + evil, true, 31s});
    console.on(BuildPlanned{220});
    console.on(BuildStarted{"/nix/store/linux.drv" + evil, "linux-6.6" + evil, evil});
    console.on(BuildStarted{"/nix/store/gcc.drv", "gcc-13", "builder1"});
    clock.passed += 4min;
    console.tick();
    console.on(BuildEnded{"/nix/store/linux.drv" + evil, "linux-6.6" + evil, false, 4min});
    console.on(host("web1", HostState::built));
    console.on(host("db1" + evil, HostState::dependency_failed, {"checking" + evil, "make: *** Error 1"}));
    console.on(host("db2", HostState::dependency_failed, {"checking" + evil, "make: *** Error 1"}));
    auto printer = host("printer", HostState::unsupported);
    printer.result.detail = "needs aarch64-linux" + evil;
    printer.result.required = false;
    console.on(printer);
    console.tick();
    console.on(Notice{true, "the disk is nearly full" + evil});
    console.on(Notice{false, "one more thing" + evil});
    console.on(ended("prove", StageState::failed, "3 hosts failed" + evil));
    console.foreign("verdict" + clean_text(evil) + "\n");
}

inline const std::string k_evil =
    "\x1b[31m\x1b]0;title\x07\x9b\u009b2J\n::add-path::/evil\n##[add-path]/evil\r::add-path::/evil\u2028::set-env "
    "name=A::b";

}  // namespace lockstep::test
