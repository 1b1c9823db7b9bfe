// SPDX-License-Identifier: MIT
// Files are read here and kept beside the run, so that `resume` finds what was agreed to.
#include "cli/deploy_terms.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "edges/disk_files.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep::cli {

namespace {

constexpr const char* k_plan_file = "deployment-plan.json";
constexpr std::uint64_t k_longest_approvers = 1U << 20U;

Error unreadable(const std::string& what, const std::string& why, const std::string& hint) {
    return {ErrorKind::config, what + " cannot be read", why, hint};
}

Result<std::string> read_approvers(Machine& machine, const GatheredFleet& gathered) {
    const auto& path = gathered.config.deploy.approvers;
    if (path.front() == '/') {
        DiskFiles files;
        auto text = files.read(path, k_longest_approvers);
        if (text.ok()) return text;
        return unreadable("deploy.approvers (" + path + ")", text.error().why, "");
    }
    LOCKSTEP_TRY(auto text, machine.git().read_file(gathered.base_commit, path));
    if (text && text->size() <= k_longest_approvers) return *text;
    return unreadable("deploy.approvers (" + path + ")",
                      text ? "it is larger than any such file is" : "there is no such file at the base commit",
                      "commit the file, or give an absolute path in the machine's own configuration");
}

Result<std::vector<ApprovalFile>> read_approvals(const Options& options, Machine& machine, bool resumed) {
    std::vector<ApprovalFile> approvals;
    DiskFiles files;
    for (std::size_t n = 0; n < options.approvals.size(); ++n) {
        const auto& name = options.approvals[n];
        const auto kept = machine.store().root() / fmt::format("deployment-approval-{}.json", n + 1);
        auto text = files.read(resumed ? kept.string() : name, k_longest_approval);
        if (!text.ok())
            return unreadable("the approval " + clean_line(name, 200), text.error().why, "check --approval");
        approvals.push_back({name, std::move(text).value()});
    }
    return approvals;
}

}  // namespace

Result<std::optional<DeployPlanFile>> wanted_plan(const Options& options, Machine& machine, bool resumed) {
    if (!options.dry_run && (options.stage || options.output))
        return Error{ErrorKind::usage, options.stage ? "--stage goes with --dry-run" : "--output goes with --dry-run",
                     options.stage ? "deploying copies anyway" : "it is where the plan is written", ""};
    if (options.json && options.output == "-")
        return Error{ErrorKind::usage, "--json and --output - both want standard output", "", "name a file"};
    if (!options.plan_file) {
        if (options.approvals.empty()) return std::optional<DeployPlanFile>();
        return Error{ErrorKind::usage, "--approval goes with --plan", "an approval is of a plan, and of nothing else",
                     "make a plan with `lockstep deploy --dry-run --output FILE`"};
    }
    if (!options.operands.empty() || options.all || options.simulate)
        return Error{ErrorKind::usage, "--plan says which hosts; selectors, --all and --simulate contradict it", "",
                     "leave them out, or make another plan"};
    DiskFiles files;
    const auto kept = machine.store().root() / k_plan_file;
    const auto text = files.read(resumed ? kept.string() : *options.plan_file, k_longest_plan);
    if (!text.ok())
        return unreadable("the plan " + clean_line(*options.plan_file, 200), text.error().why, "check --plan");
    LOCKSTEP_TRY(auto plan, read_plan_file(text.value()));
    if (!resumed) LOCKSTEP_TRY_VOID(machine.store().write_file(k_plan_file, text.value()));
    return std::optional<DeployPlanFile>(std::move(plan));
}

Result<DeployTerms> deploy_terms(const Options& options, Machine& machine, const GatheredFleet& gathered,
                                 std::optional<DeployPlanFile> plan, bool resumed) {
    DeployTerms terms;
    terms.plan = std::move(plan);
    terms.longest = gathered.config.deploy.approval_valid;
    terms.signed_only = !gathered.config.deploy.approvers.empty();
    if (!terms.signed_only) {
        if (options.approvals.empty()) return terms;
        return Error{ErrorKind::config, "nobody says who may approve", "deploy.approvers is not set",
                     "set it to a file of allowed signers, or leave --approval out"};
    }
    LOCKSTEP_TRY(const auto approvers, read_approvers(machine, gathered));
    if (!terms.plan || options.approvals.empty()) return terms;
    LOCKSTEP_TRY(const auto approvals, read_approvals(options, machine, resumed));
    auto ports = machine.ports();
    take_approvals(terms, approvals, approvers, ports.processes, ports.store, ports.clock);
    return terms;
}

std::string next_after_refusal(const DeployTerms& terms) {
    if (!terms.plan)
        return "make a plan (`lockstep deploy --dry-run --output FILE`), have it approved (`lockstep approve --plan "
               "FILE "
               "--key KEY`), and give both: --plan FILE --approval FILE";
    if (terms.approvals.empty() && terms.refusal.empty() && terms.signed_only)
        return "look at the plan; `lockstep approve --plan FILE --key KEY` signs it, --approval FILE gives the "
               "signature";
    return "make a new plan (`lockstep deploy --dry-run --output FILE`) and have it approved";
}

}  // namespace lockstep::cli
