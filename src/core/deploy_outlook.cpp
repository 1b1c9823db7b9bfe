// SPDX-License-Identifier: MIT
// What is known and what is not, in one line for each host.
#include "lockstep/core/deploy_outlook.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "lockstep/core/closure_diff.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

std::string host_words(const HostOutlook& host) {
    const auto proved = short_store_path(host.proved);
    if (host.proved.empty()) return "nothing is proved for it";
    if (host.unsure) return "what was left there is not known; would get " + proved;
    if (host.running.empty()) return "was never deployed to; would get " + proved;
    if (host.running == host.proved) return "was left with what is proved";
    auto text = fmt::format("was left with {}; would get {}", short_store_path(host.running), proved);
    text += host.packages.empty() ? " (packages: not known here)" : " (" + host.packages + ")";
    return host.went_back ? text + "; it went back from that before" : text;
}

}  // namespace

std::string deploy_outlook_text(const std::vector<HostOutlook>& hosts, const std::string& proof, std::size_t most) {
    const bool deployed =
        std::any_of(hosts.begin(), hosts.end(), [](const auto& host) { return host.unsure || !host.running.empty(); });
    if (!deployed) return "Deploy    nothing is known: no host was deployed to from here\n";
    if (proof.empty()) return "Deploy    nothing was proved that could be deployed\n";
    std::size_t width = 0;
    for (const auto& host : hosts) width = std::max(width, std::min<std::size_t>(40, host.name.size()));
    auto text = fmt::format("Deploy    of what run {} proved, by what earlier deploys left; no host was asked\n",
                            clean_line(proof, 100));
    for (std::size_t n = 0; n < std::min(most, hosts.size()); ++n)
        text += fmt::format("          {:<{}}  {}\n", clean_line(hosts[n].name, 100), width,
                            clean_line(host_words(hosts[n]), 600));
    if (hosts.size() > most) text += fmt::format("          and {} more\n", plural(hosts.size() - most, "host"));
    return text +
           "          not known: what this update brings (it is not built), kernels, units, reboots, free space;\n"
           "          `lockstep deploy --dry-run` asks the hosts\n";
}

}  // namespace lockstep
