// SPDX-License-Identifier: MIT
// Approvals as files, and what they are good for. Whether the signature holds is asked of ssh-keygen, elsewhere.
#include "lockstep/core/deploy_approval.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/deploy_plan_json.hpp"
#include "core/strict_json.hpp"
#include "lockstep/core/json_depth.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

using Json = nlohmann::json;
using std::chrono::floor;
using std::chrono::seconds;
using TimePoint = std::chrono::system_clock::time_point;

constexpr std::size_t k_deepest = 8;
constexpr auto k_clocks_apart = std::chrono::minutes(10);
constexpr std::string_view k_armour_begin = "-----BEGIN SSH SIGNATURE-----\n";
constexpr std::string_view k_armour_end = "\n-----END SSH SIGNATURE-----\n";

Error no_approval(std::string why) {
    return {ErrorKind::config, "the approval cannot be used", std::move(why),
            "have it made anew with `lockstep approve --plan FILE --key KEY`"};
}

Json approval_json(const Approval& approval) {
    return {{"commit", approval.commit},
            {"proof", approval.proof},
            {"plan", approval.plan},
            {"hosts", approval.hosts},
            {"waves", approval.waves},
            {"signer", approval.signer},
            {"signed", format_utc(approval.signed_at)},
            {"expires", format_utc(approval.expires)}};
}

bool is_armour(std::string_view text) {
    if (text.size() < k_armour_begin.size() + k_armour_end.size() || !text.starts_with(k_armour_begin) ||
        !text.ends_with(k_armour_end))
        return false;
    const auto inner = text.substr(k_armour_begin.size(), text.size() - k_armour_begin.size() - k_armour_end.size());
    return std::all_of(inner.begin(), inner.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
               c == '=' || c == '\n';
    });
}

}  // namespace

bool is_principal(std::string_view text) {
    if (text.empty() || text.size() > 200 || text.front() == '-') return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '@' || c == '+' || c == '-';
    });
}

Approval approval_of(const DeployPlanFile& plan, const std::string& signer, TimePoint now,
                     std::chrono::milliseconds valid) {
    Approval approval;
    approval.commit = plan.commit;
    approval.proof = plan.proof;
    approval.plan = plan_hash(plan);
    for (const auto& host : plan.hosts) approval.hosts.push_back(host.name);
    for (const auto& wave : plan.waves) approval.waves.push_back(wave.name);
    approval.signer = signer;
    approval.signed_at = floor<seconds>(now);
    approval.expires = floor<seconds>(now + valid);
    return approval;
}

std::string approval_text(const Approval& approval) {
    return canonical_json(approval_json(approval));
}

std::string approval_file_json(const SignedApproval& file) {
    using Ordered = nlohmann::ordered_json;
    const Ordered root{{"schema", k_approval_schema},
                       {"approval", Ordered::parse(approval_text(file.approval))},
                       {"signature", file.signature}};
    return root.dump(2, ' ', false, Ordered::error_handler_t::replace) + "\n";
}

Result<SignedApproval> read_approval_file(std::string_view text) {
    if (text.size() > k_longest_approval || json_depth(text) > k_deepest)
        return no_approval("it is larger than any approval is");
    const auto json = Json::parse(text, nullptr, false);
    std::string problem, schema;
    SignedApproval file;
    StrictJson in(json, "", problem);
    if (!problem.empty()) return no_approval("it is no JSON object");
    in.text("schema", schema);
    if (problem.empty() && schema != k_approval_schema)
        return no_approval(fmt::format("it is of `{}`, this program reads {}", schema, k_approval_schema));
    const auto* inner = in.at("approval");
    if (inner != nullptr) {
        auto& approval = file.approval;
        StrictJson fields(*inner, "approval", problem);
        fields.text("commit", approval.commit);
        fields.text("proof", approval.proof);
        fields.text("plan", approval.plan);
        fields.texts("hosts", approval.hosts);
        fields.texts("waves", approval.waves);
        fields.text("signer", approval.signer);
        fields.time("signed", approval.signed_at);
        fields.time("expires", approval.expires);
    }
    const auto* signature = in.at("signature");
    if (signature != nullptr && signature->is_string()) file.signature = signature->get<std::string>();
    if (problem.empty() && !is_armour(file.signature)) problem = "`signature` is no ssh signature";
    if (problem.empty() && !is_principal(file.approval.signer)) problem = "`approval.signer` is no name of a signer";
    if (!problem.empty()) return no_approval(problem);
    if (canonical_json(*inner) != approval_text(file.approval))
        return no_approval("it has members that this version does not know");
    return file;
}

std::optional<std::string> approval_trouble(const Approval& approval, const DeployPlanFile& plan, TimePoint now,
                                            std::chrono::milliseconds longest) {
    if (const auto hash = plan_hash(plan); approval.plan != hash)
        return fmt::format("it is of another plan: of {}, this plan is {}", approval.plan, hash);
    // With the hash of the plan these two are given; they are in the approval for people.
    if (approval.commit != plan.commit) return fmt::format("it is of another commit: {}", short_id(approval.commit));
    if (approval.proof != plan.proof) return "it is of what another run proved: " + approval.proof;
    if (approval.signed_at > now + k_clocks_apart)
        return fmt::format("it was signed at {}, which is not yet", format_utc(approval.signed_at));
    if (approval.expires <= now) return "it expired at " + format_utc(approval.expires);
    if (longest.count() > 0 && approval.signed_at + longest <= now)
        return fmt::format("it was signed at {}, and counts for {} here (deploy.approval_valid)",
                           format_utc(approval.signed_at), format_duration(longest));
    return std::nullopt;
}

std::string approver_words(const GivenApproval& given) {
    return given.approval.signer + " (" + given.key + ")";
}

std::vector<std::string> uncovered_hosts(const PlannedWave& wave, const std::vector<GivenApproval>& given) {
    std::vector<std::string> rest;
    for (const auto& host : wave.hosts)
        if (std::none_of(given.begin(), given.end(), [&](const auto& each) {
                const auto& hosts = each.approval.hosts;
                return std::find(hosts.begin(), hosts.end(), host) != hosts.end();
            }))
            rest.push_back(host);
    return rest;
}

}  // namespace lockstep
