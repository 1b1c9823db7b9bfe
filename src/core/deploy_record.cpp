// SPDX-License-Identifier: MIT
// A deploy for machines (status file) and for people (report, terminal).
#include "lockstep/core/deploy_record.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "lockstep/core/closure_diff.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

using Json = nlohmann::ordered_json;

std::string outcome_words(const DeployHostRecord& host) {
    if (!host.outcome) return host.stage.empty() ? "waiting" : host.stage;
    return replace_all(std::string(word(*host.outcome)), "_", " ");
}

Json host_json(const DeployHostRecord& host) {
    Json json{{"name", clean_line(host.name, 200)},
              {"address", clean_line(host.address, 300)},
              {"state", host.outcome         ? std::string(word(*host.outcome))
                        : host.stage.empty() ? "waiting"
                                             : "running"},
              {"stage", host.stage},
              {"wave", host.wave},
              {"from", host.from},
              {"to", host.to},
              {"running", host.running},
              {"detail", host.detail},
              {"failed_units", host.failed_units},
              {"reboot_reasons", host.reboot_reasons},
              {"evidence", host.evidence},
              {"copy_ms", host.copy.count()},
              {"activation_ms", host.activation.count()},
              {"proof_ms", host.proof.count()},
              {"took_ms", host.took.count()},
              {"log", host.log}};
    if (!host.next_boot.empty()) json["next_boot"] = host.next_boot;
    if (!host.manual.empty()) json["manual"] = host.manual;
    if (host.blameless) json["blameless"] = true;
    if (!host.approver.empty()) json["approver"] = host.approver;
    if (!host.boot_before.empty()) json["boot"] = {{"before", host.boot_before}, {"after", host.boot_after}};
    return json;
}

std::array<std::size_t, k_host_outcomes> counts_of(const DeployRecord& record) {
    std::array<std::size_t, k_host_outcomes> counts{};
    for (const auto& host : record.hosts)
        if (host.outcome) ++counts[static_cast<std::size_t>(*host.outcome)];
    return counts;
}

/// Hosts that a person should look at first come first.
std::vector<const DeployHostRecord*> by_need(const DeployRecord& record) {
    std::vector<const DeployHostRecord*> hosts;
    for (const auto& host : record.hosts) hosts.push_back(&host);
    const auto rank = [](const DeployHostRecord* host) {
        if (!host->outcome || needs_person(*host->outcome)) return 0;
        if (is_failure(*host->outcome)) return 1;
        return is_success(*host->outcome) ? 3 : 2;
    };
    std::stable_sort(hosts.begin(), hosts.end(), [&](const auto* a, const auto* b) { return rank(a) < rank(b); });
    return hosts;
}

}  // namespace

std::string_view word(DeployPurpose purpose) {
    switch (purpose) {
        case DeployPurpose::deploy:
            return "deploy";
        case DeployPurpose::go_back:
            return "rollback";
        case DeployPurpose::restart:
            return "reboot";
    }
    return "";
}

std::string deploy_counts(const DeployRecord& record) {
    const auto counts = counts_of(record);
    std::string text;
    for (const auto outcome : k_all_host_outcomes)
        if (const auto count = counts[static_cast<std::size_t>(outcome)]; count > 0)
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count,
                                replace_all(std::string(word(outcome)), "_", " "));
    return text.empty() ? "no hosts" : text;
}

std::string deploy_status_json(const DeployRecord& record, std::chrono::system_clock::time_point now) {
    Json hosts = Json::array();
    for (const auto& host : record.hosts) hosts.push_back(host_json(host));
    Json counts = Json::object();
    for (const auto outcome : k_all_host_outcomes)
        if (const auto count = counts_of(record)[static_cast<std::size_t>(outcome)]; count > 0)
            counts[std::string(word(outcome))] = count;
    Json approvals = Json::array();
    for (const auto& given : record.approvals)
        approvals.push_back({{"signer", given.approval.signer},
                             {"key", given.key},
                             {"signed", format_utc(given.approval.signed_at)},
                             {"expires", format_utc(given.approval.expires)},
                             {"hosts", given.approval.hosts}});
    Json root{{"schema", "lockstep-deployment/1.0"},
              {"run", record.run},
              {"purpose", std::string(word(record.purpose))},
              {"commit", record.commit},
              {"updated", format_utc(now)},
              {"finished", record.finished},
              {"exit_code", record.finished ? Json(static_cast<int>(record.exit)) : Json(nullptr)},
              {"reason", record.reason},
              {"strategy", record.strategy},
              {"plan", record.plan},
              {"plan_hash", record.plan_hash.empty() ? Json(nullptr) : Json(record.plan_hash)},
              {"approvals", approvals},
              {"counts", counts},
              {"hosts", hosts}};
    if (record.hooks_run > 0) root["hooks"] = {{"run", record.hooks_run}, {"failed", record.hooks_failed}};
    return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string deploy_markdown(const DeployRecord& record) {
    std::string text =
        fmt::format("# Deployment {}\n\n{}{}\n\n", markdown_inline(record.run), markdown_inline(deploy_counts(record)),
                    record.reason.empty() ? "." : ". " + markdown_inline(record.reason) + ".");
    if (record.hooks_run > 0)
        text += fmt::format("{} run, {} of them failed; what they said is in hooks/.\n\n",
                            plural(record.hooks_run, "hook"), record.hooks_failed);
    text += "| Host | Result | From | To | Why |\n|---|---|---|---|---|\n";
    for (const auto* host : by_need(record))
        text += fmt::format("| {} | {} | {} | {} | {} |\n", markdown_inline(host->name),
                            markdown_inline(outcome_words(*host)), markdown_inline(short_store_path(host->from)),
                            markdown_inline(short_store_path(host->to)), markdown_inline(host->detail));
    for (const auto* host : by_need(record))
        if (!host->manual.empty())
            text += fmt::format("\n{} needs a person:\n\n{}\n", markdown_inline(host->name),
                                markdown_fence(host->manual, "sh"));
    text += "\n## Plan\n\n";
    for (const auto& line : record.plan) text += "- " + markdown_inline(line) + "\n";
    if (!record.plan_hash.empty()) text += "\nOf the plan " + markdown_inline(record.plan_hash) + ".\n";
    for (const auto& given : record.approvals)
        text += fmt::format("\nApproved by {} on {}, until {}.\n", markdown_inline(approver_words(given)),
                            format_utc(given.approval.signed_at), format_utc(given.approval.expires));
    text += "\n## Evidence\n";
    for (const auto& host : record.hosts) {
        if (host.evidence.empty()) continue;
        text += "\n" + markdown_inline(host.name) + "\n\n";
        for (const auto& line : host.evidence) text += "- " + markdown_inline(line) + "\n";
    }
    return text;
}

std::string deploy_text(const DeployRecord& record) {
    std::string text;
    std::size_t width = 0;
    for (const auto& host : record.hosts) width = std::max(width, host.name.size());
    for (const auto* host : by_need(record)) {
        text +=
            fmt::format("  {:<{}}  {:<15}  {}\n", clean_line(host->name, 100), width, outcome_words(*host),
                        host->detail.empty() && host->outcome && is_success(*host->outcome) ? short_store_path(host->to)
                                                                                            : host->detail);
        if (!host->manual.empty()) text += fmt::format("  {:<{}}  by hand: {}\n", "", width, host->manual);
    }
    return text + deploy_counts(record) + (record.reason.empty() ? "" : "; " + record.reason) + "\n";
}

}  // namespace lockstep
