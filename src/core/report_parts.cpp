// SPDX-License-Identifier: MIT
// Small pieces of Markdown, and how a section is cut to a budget.
#include "core/report_parts.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::parts {

namespace {

constexpr std::size_t k_mark_room = 160;  // for the line that says what was cut

bool is_plain_url_byte(char c) {
    const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return alnum || std::string_view("-._~:/?#@!$&'*+,;=%").find(c) != std::string_view::npos;
}

bool is_object_id(std::string_view id) {
    return id.size() >= 7 && id.size() <= 64 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::string inline_text(std::string_view foreign, std::size_t max_bytes) {
    return markdown_inline(clean_line(foreign, max_bytes));
}

std::string link_target(std::string_view url) {
    if (!url.starts_with("https://") && !url.starts_with("http://")) return {};
    if (url.size() > 1000 || !std::all_of(url.begin(), url.end(), is_plain_url_byte)) return {};
    const auto authority = url.substr(0, url.find_first_of("/?#", url.find("://") + 3));
    if (authority.find('@') != std::string_view::npos) return {};  // credentials, or a host that is not what it seems
    return std::string(url);
}

std::string link(const std::string& text, std::string_view url) {
    const auto target = link_target(url);
    return target.empty() ? text : fmt::format("[{}]({})", text, target);
}

std::string commit(const RunReport& report, std::string_view id) {
    if (!is_object_id(id)) return inline_text(id, 40);
    const auto page = report.repo.web.empty() ? "" : fmt::format("{}/commit/{}", report.repo.web, id);
    return link(fmt::format("`{}`", short_id(id)), page);
}

std::string next_action(const RunReport& report) {
    const std::string_view action = report.ending.next_action;
    if (action.empty()) return {};
    // An escaped address is no link, and nobody can copy it.
    const auto url = report.pull ? link_target(report.pull->url) : "";
    const auto at = url.empty() ? std::string_view::npos : action.find(url);
    if (at == std::string_view::npos) return fmt::format("Next: {}\n\n", inline_text(action, 500));
    return fmt::format("Next: {} [pull request {}]({}){}\n\n", inline_text(action.substr(0, at), 300),
                       report.pull->number, url, inline_text(action.substr(at + url.size()), 300));
}

std::string names(const std::vector<std::string>& foreign, std::size_t max_names) {
    // Never "and 1 more": the name itself is as short.
    const auto shown = foreign.size() <= max_names + 1 ? foreign.size() : max_names;
    std::vector<std::string> escaped;
    for (std::size_t i = 0; i < shown; ++i) escaped.push_back(inline_text(foreign[i], 80));
    auto text = join(escaped, ", ");
    if (shown < foreign.size()) text += fmt::format(" and {} more", foreign.size() - shown);
    return text;
}

std::string plain_name(std::string_view foreign) {
    auto name = clean_line(foreign, 80);
    std::replace_if(
        name.begin(), name.end(),
        [](char c) {
            const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            return !alnum && std::string_view("+._-").find(c) == std::string_view::npos;
        },
        '_');
    return name;
}

std::size_t size_of(const Section& section) {
    std::size_t size = section.head.size() + section.foot.size();
    for (const auto& row : section.rows) size += row.size();
    return size;
}

std::size_t append(std::string& out, const Section& section, std::size_t room, std::string_view where,
                   std::vector<std::string>& limits) {
    if (section.rows.empty()) return 0;
    const auto before = out.size();
    std::size_t fitting = section.rows.size();
    if (section.unlisted > 0 || size_of(section) > room) {
        std::size_t used = section.head.size() + section.foot.size() + k_mark_room;
        fitting = 0;
        while (fitting < section.rows.size() && used + section.rows[fitting].size() <= room)
            used += section.rows[fitting++].size();
    }
    const auto all = section.rows.size() + section.unlisted;
    const auto left_out = all - fitting;
    if (section.shortened > 0)
        limits.push_back(fmt::format("{}: {} shortened", where, plural(section.shortened, section.what)));
    if (left_out > 0)
        limits.push_back(fmt::format("{}: {} of {} left out", where, left_out, plural(all, section.what)));
    if (fitting == 0 && k_mark_room > room) return 0;
    if (fitting > 0) {
        out += section.head;
        for (std::size_t i = 0; i < fitting; ++i) out += section.rows[i];
    }
    if (left_out > 0)
        out += fmt::format("\n_… {} left out here: the report of the run has {}._\n",
                           plural(left_out, fitting > 0 ? "more " + section.what : section.what),
                           left_out == 1 ? "it" : "them all");
    if (fitting > 0) out += section.foot;
    return out.size() - before;
}

}  // namespace lockstep::parts
