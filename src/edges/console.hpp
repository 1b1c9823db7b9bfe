// SPDX-License-Identifier: MIT
// Talk while a run goes on: a live region at the bottom of a terminal, or plain lines for logs and runners.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "edges/console_output.hpp"
#include "edges/console_progress.hpp"
#include "lockstep/adapters/runner.hpp"
#include "lockstep/ports/clock.hpp"
#include "lockstep/ports/events.hpp"

namespace lockstep {

struct ConsoleOptions {
    int fd = 2;          ///< borrowed
    bool tty = false;    ///< `fd` is a terminal that understands cursor movement
    bool color = false;  ///< SGR codes of our own
    bool quiet = false;  ///< warnings and failing hosts only
    bool plain = false;  ///< no live region even on a terminal
    runner::Kind runner = runner::Kind::none;
    std::chrono::milliseconds heartbeat{
        30'000};  ///< a sign of life after this much silence; 0: no thread (tests call tick)
    std::function<std::string(std::string_view)> redact{};  ///< of everything that is shown; unset: shown as it is
};

/// Whether to colour: `when` is auto, always or never; auto asks NO_COLOR, CLICOLOR_FORCE, CLICOLOR, TERM and `tty`.
[[nodiscard]] bool use_color(std::string_view when, bool tty, const std::function<std::string(const char*)>& getenv);

/// Writes to one descriptor only and never waits for ever on a reader that does not read: what cannot be written is
/// lost.
class Console : public EventSink {
public:
    Console(ConsoleOptions options, const Clock& clock);
    ~Console() override;
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    void on(const Event& event) noexcept override;
    /// What a deploy is at; without hosts: there is none.
    void show(const DeployView& view) noexcept;
    /// Redraws the live region, or says the heartbeat when it is due.
    void tick() noexcept;
    /// Ends the ticker, takes the live region away and shows the cursor again. Later events still print their lines.
    void stop() noexcept;
    /// Prints a block of our own rendering above the live region; on an Actions runner foreign commands in it are
    /// split.
    void foreign(std::string_view text) noexcept;
    [[nodiscard]] bool color() const { return options_.color; }

private:
    void tell(const Event& event);
    void tell_host(const HostEnded& event);
    void tell_tail(const HostEnded& event);
    void tell_inputs(const InputsChanged& event);
    /// Writes whole lines; `ours`: holds workflow commands that must stay as they are.
    void print(std::string text, bool ours = false);
    void redraw();
    [[nodiscard]] std::string without_secrets(std::string text) const;
    void erase();
    void run_ticker();
    [[nodiscard]] bool actions() const;

    const ConsoleOptions options_;
    const Clock& clock_;
    std::mutex mutex_;
    std::condition_variable changed_;
    ConsoleOutput output_;
    ConsoleProgress progress_;
    std::set<std::string> causes_shown_;
    const bool region_;  ///< there is a live region until stop()
    bool live_;
    bool dirty_ = false, stopping_ = false;
    std::vector<std::size_t> drawn_;  ///< columns of each line of the live region that stands on the screen
    std::chrono::steady_clock::time_point last_output_, last_draw_{};
    std::mutex join_mutex_;
    std::thread ticker_;
};

}  // namespace lockstep
