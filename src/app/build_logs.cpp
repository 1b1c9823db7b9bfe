// SPDX-License-Identifier: MIT
// Routing of one internal-json stream to logs and facts.
#include "app/build_logs.hpp"

#include <algorithm>

#include "lockstep/core/derivation.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep {

namespace {
constexpr std::size_t k_max_errors = 2000;  // kept texts; a fleet that fails more often repeats itself
constexpr std::size_t k_max_waits = 1'000;
constexpr std::size_t k_max_error_bytes = 16u << 10;
constexpr std::size_t k_max_tail_line = 2u << 10;
constexpr std::uint64_t k_builds_activity = 104;  // progress of "builds" as a whole
}  // namespace

/// A derivation that is being built: its file, and the last lines in a ring whose strings are reused. Text of one chunk
/// is collected and handed over at its end, so that most lines never come near the file or the ring by themselves.
struct BuildLogs::Open {
    struct Span {
        std::size_t begin, size;
    };
    std::string drv, machine;
    std::unique_ptr<LogSink> sink;
    std::string fresh;        ///< lines that are not handed over
    std::vector<Span> spans;  ///< the last of them, again as a ring
    std::size_t fresh_lines = 0;
    std::vector<std::string> ring;
    std::size_t next = 0, activities = 0;
    std::chrono::steady_clock::time_point started, last_output;
    std::chrono::steady_clock::duration longest_silence{0};
    std::optional<std::chrono::steady_clock::time_point> failed_at;
};

BuildLogs::BuildLogs(const ProveRequest& request, const ProvePorts& ports) : request_(request), ports_(ports) {}
BuildLogs::~BuildLogs() = default;

void BuildLogs::feed(std::string_view chunk) {
    now_ = ports_.clock.steady();
    splitter_.feed(chunk, [this](std::string_view one) { line(one); });
    for (auto* open : touched_) hand_over(*open);
    touched_.clear();
}

BuildLogs::Open* BuildLogs::building(std::uint64_t id) {
    if (id == last_id_ && last_open_ != nullptr) return last_open_;
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return nullptr;
    last_id_ = id;
    return last_open_ = found->second.get();
}

bool BuildLogs::take_build_line(std::string_view raw) {
    const auto found = nix::scan_build_line(raw);
    if (!found) return false;
    auto* open = building(found->id);
    auto& into = open != nullptr ? open->fresh : nobodys_;
    const auto begin = into.size();
    if (!nix::append_text(into, *found)) return false;
    if (open != nullptr) add_line(*open, begin);
    nobodys_.clear();
    return true;
}

void BuildLogs::line(std::string_view raw) {
    using Kind = nix::LogRecord::Kind;
    if (take_build_line(raw)) return;
    const nix::LogRecord record = nix::parse_log_line(raw);
    switch (record.kind) {
        case Kind::build_start:
            start(record);
            break;
        case Kind::stop:
            end_wait(record.id);
            stop(record.id);
            break;
        case Kind::build_line:
            if (auto* open = building(record.id)) {
                const auto begin = open->fresh.size();
                open->fresh += record.text;
                add_line(*open, begin);
            }
            break;
        case Kind::message:
            if (record.level == 0 && errors_.size() < k_max_errors)
                errors_.emplace_back(cut_utf8(record.text, k_max_error_bytes));
            if (record.level == 0) mark_failed(record.text);
            if (record.level <= 1) ports_.store.log("nix: " + clean_line(record.text));
            break;
        case Kind::plain:
            if (errors_.size() < k_max_errors && !raw.empty()) errors_.emplace_back(cut_utf8(raw, k_max_error_bytes));
            break;
        case Kind::progress:
            if (record.expected > expected_ && record.activity == static_cast<int>(k_builds_activity)) {
                expected_ = record.expected;
                ports_.events.on(BuildPlanned{static_cast<int>(std::min<std::uint64_t>(expected_, 1'000'000))});
            }
            break;
        case Kind::waiting:
            wait_for(record);
            break;
        case Kind::build_phase:
        case Kind::other:
            break;
    }
}

/// Told once each: Nix says the same again whenever it looks and the lock is still held.
void BuildLogs::wait_for(const nix::LogRecord& record) {
    auto text = clean_line(record.text, 300);
    if (text.empty() || told_waits_.size() >= k_max_waits) return;
    if (told_waits_.insert(text).second) ports_.events.on(Notice{true, "nix: " + text});
    waiting_.insert_or_assign(record.id, std::move(text));
}

/// A Nix that is ended while it waits closes the record first, so the last one counts until something is built.
void BuildLogs::end_wait(std::uint64_t id) {
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return;
    last_wait_ = std::move(found->second);
    waiting_.erase(found);
}

std::vector<std::string> BuildLogs::waiting() const {
    std::vector<std::string> texts;
    if (waiting_.empty() && !last_wait_.empty()) texts.push_back(last_wait_);
    for (const auto& [id, text] : waiting_) texts.push_back(text);
    return texts;
}

/// A remote build starts twice, once here and once nested for the other machine: both ids mean the same derivation.
void BuildLogs::start(const nix::LogRecord& record) {
    last_wait_.clear();
    auto& open = by_drv_[record.drv];
    if (!open) {
        open = std::make_shared<Open>();
        open->drv = record.drv;
        open->started = open->last_output = ports_.clock.steady();
        auto& build = builds_[record.drv];
        build.facts.drv = record.drv;
        build.facts.started = true;
        build.started = open->started;
        const std::string name{derivation_name(record.drv)};
        if (auto sink = ports_.store.open_log("derivations", name, request_.log_limit); sink.ok()) {
            open->sink = std::move(sink).value();
            build.log = open->sink->path();
        } else {
            ports_.store.log("no log file for " + clean_line(name) + ": " + sink.error().why);
        }
        ports_.events.on(BuildStarted{record.drv, name, record.machine});
    }
    if (!record.machine.empty()) open->machine = builds_[record.drv].facts.machine = record.machine;
    if (by_id_.emplace(record.id, open).second) ++open->activities;
}

/// What was appended to `fresh` from `begin` on is one line.
void BuildLogs::add_line(Open& open, std::size_t begin) {
    if (open.fresh_lines++ == 0) touched_.push_back(&open);
    if (request_.tail_lines > 0) {
        const Open::Span span{begin, std::min(open.fresh.size() - begin, k_max_tail_line)};
        if (open.spans.size() < request_.tail_lines)
            open.spans.push_back(span);
        else
            open.spans[(open.fresh_lines - 1) % open.spans.size()] = span;
    }
    open.fresh.push_back('\n');
}

void BuildLogs::hand_over(Open& open) {
    if (open.fresh_lines == 0) return;
    open.longest_silence = std::max(open.longest_silence, now_ - open.last_output);
    open.last_output = std::max(open.last_output, now_);
    if (open.sink) open.sink->write(open.fresh);
    const auto spans = open.spans.size();
    for (std::size_t i = 0; i < spans; ++i) {
        const auto [begin, size] = open.spans[(open.fresh_lines + i) % spans];
        const auto part = std::string_view(open.fresh).substr(begin, size);
        if (open.ring.size() < request_.tail_lines) {
            open.ring.emplace_back(part);
        } else {
            open.ring[open.next].assign(part);
            open.next = (open.next + 1) % open.ring.size();
        }
    }
    open.fresh.clear();
    open.spans.clear();
    open.fresh_lines = 0;
}

/// Nix 2.8 and 2.26 send the `stop` of a failed build only at the end of the whole process; its error comes at once.
void BuildLogs::mark_failed(std::string_view message) {
    for (auto& [drv, open] : by_drv_)
        if (!open->failed_at && message.find(drv) != std::string_view::npos) {
            open->failed_at = ports_.clock.steady();
            tell_end(*open, false);
        }
}

void BuildLogs::stop(std::uint64_t id) {
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return;
    const auto open = found->second;
    by_id_.erase(found);
    last_open_ = nullptr;
    if (--open->activities > 0) return;
    hand_over(*open);
    std::erase(touched_, open.get());
    const auto now = open->failed_at.value_or(ports_.clock.steady());
    auto& build = builds_[open->drv];
    build.stopped = now;
    build.facts.stopped = true;
    build.facts.duration = std::chrono::duration_cast<Millis>(now - open->started);
    build.facts.longest_silence =
        std::chrono::duration_cast<Millis>(std::max(open->longest_silence, now - open->last_output));
    for (std::size_t i = 0; i < open->ring.size(); ++i)
        build.facts.tail.push_back(open->ring[(open->next + i) % open->ring.size()]);
    if (open->sink) {
        open->sink->close();
        build.bytes = open->sink->bytes();
        build.dropped = open->sink->dropped();
    }
    by_drv_.erase(open->drv);
    if (!open->failed_at) tell_end(*open, true);
}

void BuildLogs::tell_end(const Open& open, bool ok) {
    const auto until = open.failed_at.value_or(ports_.clock.steady());
    ports_.events.on(BuildEnded{open.drv, std::string(derivation_name(open.drv)), ok,
                                std::chrono::duration_cast<Millis>(until - open.started)});
}

void BuildLogs::finish() {
    now_ = ports_.clock.steady();
    splitter_.finish([this](std::string_view one) { line(one); });
    std::vector<std::uint64_t> ids;
    for (const auto& [id, open] : by_id_) ids.push_back(id);
    std::vector<std::string> unfinished;
    for (const auto& [drv, open] : by_drv_) unfinished.push_back(drv);
    for (const auto id : ids) stop(id);
    for (const auto& drv : unfinished) builds_[drv].facts.stopped = false;
}

}  // namespace lockstep
