// SPDX-License-Identifier: MIT
// A hook is a child like a builder is: it may hang, flood, or leave a daemon, and none of that is our trouble.
#include "lockstep/app/hooks.hpp"

#include <future>
#include <memory>

#include <fmt/format.h>

#include "lockstep/core/journal.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_tail = 4096;  ///< bytes kept in memory, for its last words

std::string subject(const HookFacts& facts) {
    const auto& of = !facts.host.empty() ? facts.host : facts.wave;
    return std::string(word(facts.point)) + (of.empty() ? "" : " " + of);
}

/// What one command prints, on its way to the log. Used by the runner's thread until the command has ended.
class Output {
public:
    explicit Output(std::unique_ptr<LogSink> log) : log_(std::move(log)) {}

    /// A line of our own.
    void note(const std::string& line) {
        if (log_) log_->write(line);
    }
    void write(std::string_view bytes) {
        if (log_) log_->write(bytes);
        tail_.append(bytes.size() > k_tail ? bytes.substr(bytes.size() - k_tail) : bytes);
        if (tail_.size() > 2 * k_tail) tail_.erase(0, tail_.size() - k_tail);
    }
    [[nodiscard]] std::string last_words() const {
        const auto lines = lines_of(tail_);
        return lines.empty() ? "" : clean_line(lines.back(), 300);
    }
    [[nodiscard]] std::string path() const { return log_ ? log_->path() : ""; }
    void close() {
        if (log_) log_->close();
    }

private:
    std::unique_ptr<LogSink> log_;
    std::string tail_;
};

}  // namespace

Hooks::Hooks(HookWishes wishes, HookFacts common, HookPorts ports)
    : wishes_(std::move(wishes)), common_(std::move(common)), ports_(std::move(ports)) {}

bool Hooks::any(HookPoint point) const {
    const auto found = wishes_.lines.find(point);
    return found != wishes_.lines.end() && !found->second.empty();
}

HookFacts Hooks::facts(HookPoint point) const {
    auto facts = common_;
    facts.point = point;
    return facts;
}

std::optional<std::string> Hooks::run(const std::string& line, const HookFacts& facts) {
    const auto what = subject(facts);
    auto opened = ports_.store.open_log("hooks", replace_all(what, " ", "-"), wishes_.log_limit);
    Output output(opened.ok() ? std::move(opened).value() : nullptr);
    output.note(fmt::format("{} {}\n", format_utc(ports_.clock.now()), line));
    // Shared: the runner's thread may still be inside set_value when we are already awake and gone.
    const auto ended = std::make_shared<std::promise<ExitStatus>>();
    auto future = ended->get_future();
    auto command = hook_command(line, facts, wishes_.timeout);
    if (ports_.redact) command.stdin_text = ports_.redact(command.stdin_text);
    ports_.processes.submit(
        std::move(command), [&](Stream, std::string_view bytes) { output.write(bytes); },
        [ended](const ExitStatus& status) { ended->set_value(status); });
    const auto status = future.get();
    output.note(fmt::format("{} {}\n", format_utc(ports_.clock.now()), describe(status)));
    output.close();
    ++run_;
    (void)ports_.store.journal("fact", "hook",
                               journal_data({{"hook", std::string(word(facts.point))},
                                             {"host", facts.host},
                                             {"wave", facts.wave},
                                             {"ok", std::int64_t{status.ok() ? 1 : 0}},
                                             {"log", output.path()}}));
    if (status.leftovers || (status.ok() && !status.reason.empty()))
        ports_.events.on(Notice{false, fmt::format("hook {}: it left processes behind{}", what,
                                                   status.reason.empty() ? "" : ": " + status.reason)});
    if (status.ok()) return std::nullopt;
    ++failed_;
    std::string why = fmt::format("hook {} {}", what, describe(status));
    if (const auto said = output.last_words(); status.kind == ExitStatus::Kind::exited && !said.empty())
        why += ": " + said;
    if (!output.path().empty()) why += " (" + output.path() + ")";
    return why;
}

std::optional<std::string> Hooks::before(const HookFacts& facts) {
    if (!any(facts.point)) return std::nullopt;
    for (const auto& line : wishes_.lines.at(facts.point)) {
        const auto why = run(line, facts);
        if (!why) continue;
        if (wishes_.stop) return why;
        ports_.events.on(Notice{true, *why});
    }
    return std::nullopt;
}

void Hooks::after(const HookFacts& facts) {
    if (!any(facts.point)) return;
    for (const auto& line : wishes_.lines.at(facts.point))
        if (const auto why = run(line, facts)) ports_.events.on(Notice{true, *why});
}

std::string Hooks::words() const {
    if (run_ == 0) return "";
    return fmt::format("{} run, {} of them failed", plural(run_, "hook"), failed_.load());
}

}  // namespace lockstep
