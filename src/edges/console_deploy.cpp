// SPDX-License-Identifier: MIT
// A deploy in the live region, and in the heartbeat of a log.
#include <fmt/format.h>

#include <algorithm>

#include "edges/console_progress.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_named = 3;

/// "copy web1", of a host's name that came from outside.
std::string what(const DeployView::Host& host) {
    return clean_line(host.stage, 40) + " " + clean_line(host.name, 60);
}

std::string counts(const DeployView& view) {
    auto text = fmt::format("{}/{} hosts", view.ended, view.hosts);
    if (view.failed > 0) text += fmt::format(", {} failed", view.failed);
    return text;
}

}  // namespace

std::string ConsoleProgress::deploy_header(Time now) const {
    std::vector<std::string> parts{counts(deploy_)};
    if (!deploy_.wave.empty()) parts.push_back("wave " + clean_line(deploy_.wave, 60));
    parts.push_back(age(now - deploy_.since));
    if (deploy_.end)
        if (auto text = time_left(*deploy_.end - now); !text.empty()) parts.push_back(std::move(text));
    return join(parts, " · ");
}

std::vector<std::string> ConsoleProgress::deploy_running(Time now, std::size_t max_lines) const {
    std::vector<std::string> lines;
    const auto& busy = deploy_.busy;
    const auto shown = busy.size() <= max_lines ? busy.size() : std::max<std::size_t>(max_lines, 1) - 1;
    for (std::size_t n = 0; n < shown; ++n) {
        const auto usual = busy[n].usual > Millis{0} ? ", usually " + age(busy[n].usual) : "";
        lines.push_back(fmt::format("  {}  {}{}", what(busy[n]), age(now - busy[n].since), usual));
    }
    if (shown < busy.size() && max_lines > 0) lines.push_back(fmt::format("  and {} more", busy.size() - shown));
    return lines;
}

std::string ConsoleProgress::deploy_heartbeat(Time now) const {
    std::string text;
    for (std::size_t n = 0; n < std::min(deploy_.busy.size(), k_named); ++n)
        text += fmt::format("{}{} ({})", n == 0 ? "" : ", ", what(deploy_.busy[n]), age(now - deploy_.busy[n].since));
    if (deploy_.busy.size() > k_named) text += ", …";
    return "… " + (text.empty() ? "" : text + " · ") + deploy_header(now);
}

}  // namespace lockstep
