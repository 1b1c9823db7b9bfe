// SPDX-License-Identifier: MIT
// The impact of a deploy in words. What is not known is said to be not known.
#include "lockstep/core/deploy_impact.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "lockstep/core/closure_diff.hpp"
#include "lockstep/core/deploy_plan_file.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_units_shown = 12;
constexpr std::size_t k_packages_shown = 8;

std::string some(const std::vector<std::string>& names, std::size_t most) {
    if (names.size() <= most) return join(names, ", ");
    return join({names.begin(), names.begin() + static_cast<std::ptrdiff_t>(most)}, ", ") +
           fmt::format(" and {} more", names.size() - most);
}

std::string reboot_words(const PlannedHost& host) {
    if (host.reboot == "always") return "always";
    if (host.reboot_reasons.empty()) return "not needed";
    const auto reasons = join(host.reboot_reasons, ", ");
    return host.reboot == "if-needed" ? "yes: " + reasons : "pending: " + reasons;
}

std::string unit_words(const HostImpact& impact) {
    if (!impact.units) return "known after staging";
    const auto& units = *impact.units;
    std::vector<std::string> parts;
    for (const auto& [word, names] : {std::pair<const char*, const std::vector<std::string>&>{"restart", units.restart},
                                      {"stop", units.stop},
                                      {"start", units.start},
                                      {"reload", units.reload}})
        if (!names.empty()) parts.push_back(fmt::format("{} {}", word, some(names, k_units_shown)));
    if (units.by_boot) parts.emplace_back("its checks refuse a live switch: by the next boot");
    return parts.empty() ? "none" : join(parts, "; ");
}

std::string space_words(const HostMeasure& measure) {
    std::string text = measure.copy_bytes ? "at most " + human_size(*measure.copy_bytes) : "bytes not known";
    if (measure.store_free) text += fmt::format(" ({} free)", human_size(*measure.store_free));
    if (measure.boot_needed && *measure.boot_needed > 0) {
        text += fmt::format("; /boot {}", human_size(*measure.boot_needed));
        text +=
            measure.boot_free ? fmt::format(" ({} free)", human_size(*measure.boot_free)) : " (free space not known)";
    }
    return text;
}

/// What is told of a host, as "key", "words".
std::vector<std::pair<std::string, std::string>> details(const PlannedHost& host, const HostMeasure& measure) {
    std::vector<std::pair<std::string, std::string>> lines;
    if (!host.impact.kernel.empty()) lines.emplace_back("kernel", host.impact.kernel);
    lines.emplace_back("packages", host.impact.packages.empty() ? "not known: the system that runs there cannot be read"
                                                                : host.impact.packages);
    std::size_t told = 0;
    for (const auto& line : host.impact.package_lines) {
        if (told++ == k_packages_shown) {
            lines.emplace_back("", fmt::format("and {} more", host.impact.package_lines.size() - k_packages_shown));
            break;
        }
        lines.emplace_back("", line);
    }
    lines.emplace_back("units", unit_words(host.impact));
    lines.emplace_back("copy", space_words(measure));
    for (const auto& warning : impact_warnings(measure)) lines.emplace_back("warning", warning);
    return lines;
}

HostMeasure measure_of(const DeployPlanFile& plan, const std::string& host) {
    const auto found = plan.measured.find(host);
    return found == plan.measured.end() ? HostMeasure{} : found->second;
}

std::string from_words(const PlannedHost& host) {
    return host.from.empty() ? "not reached" : short_store_path(host.from);
}

}  // namespace

std::vector<std::string> impact_warnings(const HostMeasure& measure) {
    std::vector<std::string> warnings;
    if (measure.copy_bytes && measure.store_free && *measure.copy_bytes > *measure.store_free)
        warnings.push_back(fmt::format("the store may be too small: up to {} to copy, {} free",
                                       human_size(*measure.copy_bytes), human_size(*measure.store_free)));
    if (measure.boot_needed && measure.boot_free && *measure.boot_needed > *measure.boot_free)
        warnings.push_back(fmt::format("/boot is too small: {} for kernel and initrd, {} free",
                                       human_size(*measure.boot_needed), human_size(*measure.boot_free)));
    return warnings;
}

std::vector<std::string> impact_lines(const DeployPlanFile& plan, std::size_t most) {
    std::vector<std::string> lines;
    std::size_t width = 4, told = 0, unchanged = 0;
    for (const auto& host : plan.hosts) width = std::max(width, std::min<std::size_t>(host.name.size(), 40));
    for (const auto& host : plan.hosts) {
        if (!host.from.empty() && host.from == host.to && host.wave.empty()) {
            ++unchanged;
            continue;
        }
        if (told++ >= most) continue;
        lines.push_back(fmt::format("{:<{}}  {} → {}", host.name, width, from_words(host), short_store_path(host.to)));
        const auto tell = [&](const std::string& key, const std::string& words) {
            lines.push_back(fmt::format("{:<{}}    {:<9} {}", "", width, key, words));
        };
        const bool foreign = !host.backend.empty() && host.backend != "embedded";
        tell("action",
             fmt::format("{}{}, reboot {}", host.action, foreign ? " by " + host.backend : "", reboot_words(host)));
        if (!host.risk.empty()) tell("risk", host.risk);
        const auto measure = measure_of(plan, host.name);
        for (const auto& [key, words] : details(host, measure)) tell(key, words);
        if (measure.expected.count() > 0) tell("time", "about " + human_duration(measure.expected));
    }
    if (told > most) lines.push_back(fmt::format("and {} more: the plan file has all", plural(told - most, "host")));
    if (unchanged > 0) lines.push_back(plural(unchanged, "host") + " unchanged");
    return lines;
}

std::string impact_markdown(const DeployPlanFile& plan, std::size_t most) {
    std::string text = "| Host | From | To | Reboot | Packages | Units | Copy |\n|---|---|---|---|---|---|---|\n";
    std::size_t told = 0;
    for (const auto& host : plan.hosts) {
        if (told++ >= most) continue;
        const auto measure = measure_of(plan, host.name);
        auto copy = space_words(measure);
        for (const auto& warning : impact_warnings(measure)) copy += "; " + warning;
        text += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", markdown_inline(host.name),
                            markdown_inline(from_words(host)), markdown_inline(short_store_path(host.to)),
                            markdown_inline(reboot_words(host)),
                            markdown_inline(host.impact.packages.empty() ? "not known" : host.impact.packages),
                            markdown_inline(unit_words(host.impact)), markdown_inline(copy));
    }
    if (told > most) text += fmt::format("\nand {} more\n", plural(told - most, "host"));
    return text;
}

}  // namespace lockstep
