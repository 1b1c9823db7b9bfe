// SPDX-License-Identifier: MIT
// The sections of a report about what an update changes on hosts.
#include <fmt/format.h>

#include "core/report_parts.hpp"
#include "lockstep/core/closure_diff.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep::parts {

namespace {

std::string reboot_words(const HostChange& change) {
    return change.reboot.empty() ? "not needed" : "needed: " + join(change.reboot, ", ");
}

std::string row(const HostResult& host) {
    const auto& change = *host.change;
    return fmt::format("| {} | {} | {} | {} | {} | {} |\n", inline_text(host.name, 80),
                       inline_text(short_store_path(change.from) + " → " + short_store_path(host.out), 240),
                       change.packages.empty() ? "not known" : inline_text(change.packages, 200),
                       change.kernel.empty() ? "the same" : inline_text(change.kernel, 100),
                       inline_text(reboot_words(change), 120),
                       change.copy_bytes == 0 ? "not known" : "at most " + human_size(change.copy_bytes));
}

}  // namespace

Section changes(const RunReport& report) {
    Section section{.head =
                        "### What changes on hosts\n\n"
                        "| Host | System | Packages | Kernel | Reboot | Copy |\n| --- | --- | --- | --- | --- | --- "
                        "|\n",
                    .rows = {},
                    .foot =
                        "\n_Against what landed before. Units, free space and time are asked of the hosts: "
                        "`lockstep deploy --dry-run`._\n\n",
                    .what = "host"};
    for (const auto& host : report.hosts)
        if (host.change) section.rows.push_back(row(host));
    return section;
}

Section changed_packages(const RunReport& report) {
    Section section{.head = "", .rows = {}, .foot = "", .what = "list of packages"};
    for (const auto& host : report.hosts) {
        if (!host.change || host.change->package_lines.empty()) continue;
        section.rows.push_back(
            fmt::format("<details><summary>Packages of {}</summary>\n\n{}\n</details>\n\n", plain_name(host.name),
                        markdown_fence(replace_all(join(host.change->package_lines, "\n"), "<!--", "<!- -"))));
    }
    return section;
}

}  // namespace lockstep::parts
