// SPDX-License-Identifier: MIT
// One lock around everything that is shown; a thread of its own redraws and says the heartbeat.
#include "edges/console.hpp"

#include <pthread.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers)

#include <algorithm>

#include "edges/console_words.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t k_running_lines = 6;
constexpr milliseconds k_redraw{100};
constexpr milliseconds k_default_heartbeat{30'000};

constexpr std::string_view k_hide_cursor = "\x1b[?25l";
constexpr std::string_view k_show_cursor = "\x1b[?25h";
// Synchronised update: terminals that know it show a redraw in one piece, others ignore it.
constexpr std::string_view k_begin_update = "\x1b[?2026h";
constexpr std::string_view k_end_update = "\x1b[?2026l";

std::string indented(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines) text += "    " + clean_line(line, 1000) + "\n";
    return text;
}

}  // namespace

bool use_color(std::string_view when, bool tty, const std::function<std::string(const char*)>& getenv) {
    if (when == "always") return true;
    if (when == "never" || !getenv("NO_COLOR").empty()) return false;
    if (const auto force = getenv("CLICOLOR_FORCE"); !force.empty() && force != "0") return true;
    return tty && getenv("TERM") != "dumb" && getenv("CLICOLOR") != "0";
}

Console::Console(ConsoleOptions options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      output_(options_.fd),
      region_(options_.tty && !options_.plain && !options_.quiet && options_.runner == runner::Kind::none),
      live_(region_),
      last_output_(clock.steady()) {
    if (options_.heartbeat.count() <= 0 || options_.quiet) return;
    // Signals belong to the thread that watches for them: this one takes none.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    ticker_ = std::thread([this] { run_ticker(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Console::~Console() {
    stop();
}

bool Console::actions() const {
    using runner::Kind;
    return options_.runner == Kind::github || options_.runner == Kind::gitea || options_.runner == Kind::forgejo;
}

void Console::on(const Event& event) noexcept {
    const std::lock_guard lock(mutex_);
    progress_.on(event, clock_.steady());
    dirty_ = true;
    tell(event);
}

void Console::show(const DeployView& view) noexcept {
    const std::lock_guard lock(mutex_);
    progress_.show(view);
    dirty_ = true;
}

void Console::tell(const Event& event) {
    const Paint paint(options_.color);
    const auto line = [this](const std::string& text) {
        if (!text.empty()) print(text + "\n");
    };
    if (const auto* host = std::get_if<HostEnded>(&event)) return tell_host(*host);
    if (const auto* notice = std::get_if<Notice>(&event)) {
        if (!options_.quiet || notice->warning) line(notice_line(*notice, paint));
        return;
    }
    if (options_.quiet) return;
    if (const auto* stage = std::get_if<StageStarted>(&event)) {
        if (!region_) line(stage_start_line(*stage));
    } else if (const auto* ended = std::get_if<StageEnded>(&event)) {
        line(stage_end_line(*ended, paint));
    } else if (const auto* found = std::get_if<HostsFound>(&event)) {
        line(hosts_line(*found));
    } else if (const auto* inputs = std::get_if<InputsChanged>(&event)) {
        tell_inputs(*inputs);
    }
}

void Console::tell_inputs(const InputsChanged& event) {
    if (event.changes.empty()) return;
    const auto text = lockdiff_text(event.changes);
    if (!actions()) return print(text);
    print(runner::group_start(plural(event.changes.size(), "input") + " changed") + "\n", true);
    print(text);
    print(runner::group_end() + "\n", true);
}

void Console::tell_host(const HostEnded& event) {
    const auto& host = event.result;
    if (options_.quiet && !needs_a_look(host.state)) return;
    print(host_line(host, progress_.name_width(), Paint(options_.color)) + "\n");
    if (!region_ && !options_.quiet && needs_a_look(host.state)) tell_tail(event);
}

void Console::tell_tail(const HostEnded& event) {
    if (event.tail.empty()) return;
    const auto& cause = event.result.cause;
    if (!cause.empty() && !causes_shown_.insert(cause).second) return;
    const auto title = "last lines of " + tail_owner(event.result);
    if (!actions()) return print("  " + title + ":\n" + indented(event.tail));
    const auto token = console_token();
    print(runner::group_start(title) + "\n", true);
    if (token.empty())
        print(indented(event.tail));
    else
        print(runner::foreign_block(join(event.tail, "\n"), token), true);
    print(runner::group_end() + "\n", true);
}

void Console::foreign(std::string_view text) noexcept {
    if (text.empty()) return;
    const std::lock_guard lock(mutex_);
    std::string block(text);
    if (block.back() != '\n') block += '\n';
    print(std::move(block));
}

void Console::print(std::string text, bool ours) {
    text = without_secrets(std::move(text));
    if (actions() && !ours) text = runner::split_commands(text);
    last_output_ = clock_.steady();
    dirty_ = true;
    if (!live_) return output_.write(text);
    const bool stood = !drawn_.empty();
    erase();
    output_.write(text);
    if (stood && last_output_ - last_draw_ >= k_redraw) redraw();
}

std::string Console::without_secrets(std::string text) const {
    return options_.redact ? options_.redact(text) : text;
}

void Console::erase() {
    if (drawn_.empty()) return;
    // A narrower window has wrapped what was drawn for a wider one.
    const auto width = std::max<std::size_t>(output_.size().columns, 1);
    std::size_t rows = 0;
    for (const auto used : drawn_) rows += std::max<std::size_t>((used + width - 1) / width, 1);
    drawn_.clear();
    output_.write("\x1b[" + std::to_string(rows) + "A\r\x1b[J");
}

void Console::redraw() {
    const auto now = clock_.steady();
    const auto size = output_.size();
    const auto width = std::max<std::size_t>(size.columns, 2) - 1;
    const auto room = std::min(k_running_lines, size.rows > 3 ? size.rows - 3 : 0);
    std::vector<std::string> lines;
    if (const auto header = progress_.header(now); !header.empty()) {
        lines.push_back(fit(without_secrets(header), width));
        for (const auto& line : progress_.running(now, room)) lines.push_back(fit(without_secrets(line), width));
    }
    dirty_ = false;
    last_draw_ = now;
    if (lines.empty() && drawn_.empty()) return;
    output_.write(k_begin_update);
    erase();
    const Paint paint(options_.color);
    std::string text(k_hide_cursor);
    for (const auto& line : lines) {
        text += paint.dim(line) + "\n";
        drawn_.push_back(columns(line));
    }
    output_.write(text.append(k_end_update));
}

void Console::tick() noexcept {
    const std::lock_guard lock(mutex_);
    const auto now = clock_.steady();
    if (live_) {
        if (dirty_ || now - last_draw_ >= std::chrono::seconds(1)) redraw();
        return;
    }
    if (options_.quiet || stopping_) return;
    const auto interval = options_.heartbeat.count() > 0 ? options_.heartbeat : k_default_heartbeat;
    if (now - last_output_ < interval) return;
    if (const auto text = progress_.heartbeat(now); !text.empty()) print(Paint(options_.color).dim(text) + "\n");
}

void Console::run_ticker() {
    const auto step = live_ ? k_redraw : std::clamp(options_.heartbeat / 4, milliseconds(10), milliseconds(1000));
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            if (changed_.wait_for(lock, step, [this] { return stopping_; })) return;
        }
        tick();
    }
}

void Console::stop() noexcept {
    const std::lock_guard join_lock(join_mutex_);
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (ticker_.joinable()) ticker_.join();
    const std::lock_guard lock(mutex_);
    if (!live_) return;
    erase();
    output_.write(k_show_cursor);
    live_ = false;
}

}  // namespace lockstep
