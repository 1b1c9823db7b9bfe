// SPDX-License-Identifier: MIT
// Whether somebody who may agree has agreed to this plan. Every "no" says what to do about it.
#include "lockstep/app/deploy_terms.hpp"

#include <fmt/format.h>

#include "lockstep/adapters/deploy_approval.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_words = 64U << 10U;
constexpr const char* k_approvers_file = "deployment-approvers";

std::string said(const Completed& done) {
    const auto text = clean_line(join(lines_of(done.err), "; "), 300);
    return text.empty() ? describe(done.status) : text;
}

/// The fingerprint of the key, or why the signature does not count.
struct Verdict {
    std::string key, trouble;
};

Verdict verify(const SignedApproval& file, const std::string& approvers_file, const std::string& signature_file,
               ProcessRunner& processes) {
    const auto text = approval_text(file.approval);
    const auto signer = file.approval.signer;
    const auto held = run_to_end(processes, deploy::signature_check_command(signature_file, text), k_words);
    if (held.status.kind == ExitStatus::Kind::not_started)
        return {"", "it cannot be checked: ssh-keygen cannot be run: " + clean_line(held.status.reason, 200)};
    const auto key = deploy::parse_good_signature(held.out);
    if (!held.status.ok() || !key)
        return {"", "its signature is not of this text: somebody changed one of them (" + said(held) + ")"};
    const auto known =
        run_to_end(processes, deploy::signature_verify_command(approvers_file, signer, signature_file, text), k_words);
    const auto same = deploy::parse_good_signature(known.out);
    if (!known.status.ok() || same != key)
        return {"", fmt::format("{} with the key {} is none of deploy.approvers ({})", signer, *key, said(known))};
    return {*key, ""};
}

}  // namespace

void take_approvals(DeployTerms& terms, const std::vector<ApprovalFile>& files, const std::string& approvers,
                    ProcessRunner& processes, RunStore& store, const Clock& clock) {
    LOCKSTEP_CHECK(terms.plan.has_value());
    const auto refuse = [&](const std::string& name, const std::string& why) {
        if (!terms.refusal.empty()) return;
        terms.refusal = "the approval " + clean_line(name, 200) + " does not count: " + why;
    };
    if (const auto written = store.write_file(k_approvers_file, approvers); !written.ok())
        return refuse("file", "the run's directory cannot be written: " + written.error().why);
    for (std::size_t n = 0; n < files.size(); ++n) {
        const auto file = read_approval_file(files[n].text);
        if (!file.ok()) {
            refuse(files[n].name, file.error().why);
            continue;
        }
        if (const auto trouble = approval_trouble(file->approval, *terms.plan, clock.now(), terms.longest)) {
            refuse(files[n].name, *trouble);
            continue;
        }
        const auto signature = fmt::format("deployment-approval-{}.sig", n + 1);
        if (const auto written = store.write_file(signature, file->signature); !written.ok()) {
            refuse(files[n].name, "the run's directory cannot be written: " + written.error().why);
            continue;
        }
        (void)store.write_file(fmt::format("deployment-approval-{}.json", n + 1), files[n].text);
        auto verdict = verify(file.value(), (store.root() / k_approvers_file).string(),
                              (store.root() / signature).string(), processes);
        if (!verdict.trouble.empty())
            refuse(files[n].name, verdict.trouble);
        else
            terms.approvals.push_back({file->approval, std::move(verdict.key)});
    }
}

}  // namespace lockstep
