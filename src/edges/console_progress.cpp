// SPDX-License-Identifier: MIT
// Events counted, and the count put into words. A forged build line can only ever show up here, where nothing is
// decided.
#include "edges/console_progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_widest_name = 32;
constexpr std::size_t k_named = 3;
constexpr std::size_t k_max_activities = 4096;

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// By the first byte of a UTF-8 character alone.
std::size_t width_of(char lead) {
    const auto byte = static_cast<unsigned char>(lead);
    return (byte >= 0xE3 && byte <= 0xED) || byte >= 0xF0 ? 2 : 1;
}

}  // namespace

std::string age(std::chrono::steady_clock::duration duration) {
    using std::chrono::duration_cast;
    const auto seconds = std::max(duration_cast<std::chrono::seconds>(duration), std::chrono::seconds(0));
    if (seconds.count() < 60) return fmt::format("{} s", seconds.count());
    return human_duration(duration_cast<std::chrono::minutes>(seconds));
}

std::string time_left(std::chrono::steady_clock::duration duration) {
    using namespace std::chrono_literals;
    if (duration <= duration.zero()) return {};
    using Tens = std::chrono::duration<std::int64_t, std::deca>;
    const auto tens = std::chrono::ceil<Tens>(duration);
    const auto shown = tens < 60s ? std::chrono::seconds(tens) : std::chrono::ceil<std::chrono::minutes>(duration);
    return "about " + age(shown) + " left";
}

std::size_t columns(std::string_view text) {
    std::size_t sum = 0;
    for (const char c : text)
        if (!is_continuation(c)) sum += width_of(c);
    return sum;
}

std::string fit(std::string_view text, std::size_t width) {
    if (columns(text) <= width) return std::string(text);
    if (width == 0) return {};
    std::size_t used = 0, at = 0;
    for (; at < text.size(); ++at) {
        if (is_continuation(text[at])) continue;
        if (used + width_of(text[at]) > width - 1) break;
        used += width_of(text[at]);
    }
    return std::string(text.substr(0, at)) + "…";
}

void ConsoleProgress::begin(Activity activity) {
    end(activity.key, activity.evaluation);
    activity.name = clean_line(activity.name, 100);
    activity.machine = clean_line(activity.machine, 60);
    if (activities_.size() < k_max_activities) activities_.push_back(std::move(activity));
}

bool ConsoleProgress::end(const std::string& key, bool evaluation) {
    const auto found = std::find_if(activities_.begin(), activities_.end(),
                                    [&](const Activity& a) { return a.evaluation == evaluation && a.key == key; });
    if (found == activities_.end()) return false;
    activities_.erase(found);
    return true;
}

void ConsoleProgress::on(const Event& event, Time now) {
    if (const auto* stage = std::get_if<StageStarted>(&event)) {
        stage_ = clean_line(stage->text.empty() ? stage->name : stage->text, 200);
        stage_since_ = now;
    } else if (std::holds_alternative<StageEnded>(event)) {
        stage_.clear();
        activities_.clear();
        hosts_total_ = 0;
        end_.reset();
    } else if (const auto* found = std::get_if<HostsFound>(&event)) {
        hosts_total_ = found->names.size();
        hosts_ended_.clear();
        hosts_unchanged_.clear();
        end_.reset();
        hosts_since_ = now;
        expected_ = built_ = 0;
        for (const auto& name : found->names)
            name_width_ = std::min(std::max(name_width_, columns(clean_line(name, 100))), k_widest_name);
    } else if (const auto* eval = std::get_if<EvalStarted>(&event)) {
        begin({eval->host, eval->host, "", now, true});
    } else if (const auto* done = std::get_if<EvalEnded>(&event)) {
        end(done->host, true);
    } else if (const auto* plan = std::get_if<BuildPlanned>(&event)) {
        expected_ = std::max(expected_, plan->derivations_expected);
    } else if (const auto* build = std::get_if<BuildStarted>(&event)) {
        begin({build->drv, build->name, build->machine, now, false});
    } else if (const auto* built = std::get_if<BuildEnded>(&event)) {
        if (end(built->drv, false)) ++built_;
    } else if (const auto* host = std::get_if<HostEnded>(&event)) {
        end(host->result.name, true);
        hosts_ended_.insert(host->result.name);
        if (host->result.state == HostState::unchanged) hosts_unchanged_.insert(host->result.name);
    } else if (const auto* eta = std::get_if<EtaChanged>(&event)) {
        end_ = eta->remaining ? std::optional(now + *eta->remaining) : std::nullopt;
    }
}

std::size_t ConsoleProgress::count(bool evaluation) const {
    return static_cast<std::size_t>(std::count_if(activities_.begin(), activities_.end(),
                                                  [&](const Activity& a) { return a.evaluation == evaluation; }));
}

std::string ConsoleProgress::hosts() const {
    if (hosts_total_ == 0) return {};
    auto text = fmt::format("{}/{} hosts", std::min(hosts_ended_.size(), hosts_total_), hosts_total_);
    if (const auto number = std::min(hosts_unchanged_.size(), hosts_total_); number > 0)
        text += fmt::format(", {} unchanged", number);
    return text;
}

std::string ConsoleProgress::left(Time now) const {
    return end_ && hosts_total_ > 0 ? time_left(*end_ - now) : "";
}

std::string ConsoleProgress::header(Time now) const {
    if (deploy_.hosts > 0) return deploy_header(now);
    std::vector<std::string> parts;
    if (auto text = hosts(); !text.empty()) {
        parts.push_back(std::move(text));
    } else if (!stage_.empty()) {
        parts.push_back(stage_);
    }
    if (parts.empty()) return {};
    if (const auto number = count(true); number > 0) parts.push_back(fmt::format("{} evaluating", number));
    if (const auto number = count(false); number > 0) parts.push_back(fmt::format("{} building", number));
    if (expected_ > 0 && hosts_total_ > 0)
        parts.push_back(fmt::format("{} of {} derivations", built_, std::max(expected_, built_)));
    parts.push_back(age(now - (hosts_total_ > 0 ? hosts_since_ : stage_since_)));
    if (auto text = left(now); !text.empty()) parts.push_back(std::move(text));
    return join(parts, " · ");
}

std::vector<std::string> ConsoleProgress::running(Time now, std::size_t max_lines) const {
    if (deploy_.hosts > 0) return deploy_running(now, max_lines);
    std::vector<std::string> lines;
    const bool all = activities_.size() <= max_lines;
    for (const auto& activity : activities_) {
        if (!all && lines.size() + 1 >= max_lines) break;
        const auto place = activity.machine.empty() ? "" : " on " + activity.machine;
        lines.push_back(fmt::format("  {} {}{}  {}", activity.evaluation ? "evaluating" : "building", activity.name,
                                    place, age(now - activity.since)));
    }
    if (!all && max_lines > 0) lines.push_back(fmt::format("  and {} more", activities_.size() - lines.size()));
    return lines;
}

std::string ConsoleProgress::listed(bool evaluation, Time now) const {
    std::string text;
    std::size_t named = 0;
    for (const auto& activity : activities_) {
        if (activity.evaluation != evaluation) continue;
        if (++named > k_named) return text + ", …";
        text += fmt::format("{}{} ({})", named > 1 ? ", " : "", activity.name, age(now - activity.since));
    }
    return text;
}

std::string ConsoleProgress::heartbeat(Time now) const {
    if (deploy_.hosts > 0) return deploy_heartbeat(now);
    std::vector<std::string> parts;
    if (const auto number = count(false); number > 0)
        parts.push_back(fmt::format("{} building: {}", number, listed(false, now)));
    if (const auto number = count(true); number > 0)
        parts.push_back(fmt::format("{} evaluating: {}", number, listed(true, now)));
    if (parts.empty() && !stage_.empty()) parts.push_back(fmt::format("{} ({})", stage_, age(now - stage_since_)));
    if (parts.empty()) return {};
    if (auto text = hosts(); !text.empty()) parts.push_back(std::move(text));
    if (auto text = left(now); !text.empty()) parts.push_back(std::move(text));
    return "… " + join(parts, " · ");
}

}  // namespace lockstep
