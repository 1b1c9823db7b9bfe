// SPDX-License-Identifier: MIT
// approve: shows a plan, and signs that it may be carried out.
#include <fcntl.h>

#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/output_file.hpp"
#include "cli/wanted_run.hpp"
#include "edges/disk_files.hpp"
#include "edges/supervisor.hpp"
#include "edges/system_clock.hpp"
#include "lockstep/adapters/deploy_approval.hpp"
#include "lockstep/core/deploy_approval.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep::cli {

namespace {

constexpr std::size_t k_words = 64U << 10U;

Result<DeployPlanFile> plan_to_sign(const Options& options, const Environment& environment) {
    if (options.plan_file && !options.operands.empty())
        return Error{ErrorKind::usage, "--plan and RUN both name a plan", "", "give one of them"};
    auto path = options.plan_file.value_or("");
    if (path.empty()) {
        LOCKSTEP_TRY(const auto run, wanted_run(options, environment));
        path = (run.directory / "deployment-plan.json").string();
    }
    DiskFiles files;
    const auto text = files.read(path, k_longest_plan);
    if (!text.ok())
        return Error{ErrorKind::config, "the plan " + clean_line(path, 300) + " cannot be read", text.error().why,
                     "`lockstep deploy --dry-run` makes one"};
    return read_plan_file(text.value());
}

/// --signer, or who git says that we are.
Result<std::string> signer_of(const Options& options, ProcessRunner& processes) {
    auto name = options.signer;
    if (name.empty()) {
        Command command;
        command.argv = {"git", "-C", options.repo, "config", "user.email"};
        command.label = "git config";
        name = trim(run_to_end(processes, command, k_words).out);
    }
    if (is_principal(name)) return name;
    return Error{
        ErrorKind::usage, "nobody says who signs",
        name.empty() ? "git knows no user.email here" : "`" + clean_line(name, 100) + "` is no name of a signer",
        "name yourself as the file of approvers does: --signer alice@example.org"};
}

Result<std::string> sign(const Options& options, const Approval& approval, ProcessRunner& processes) {
    const auto done =
        run_to_end(processes, deploy::approval_sign_command(options.key_file, approval_text(approval)), k_words);
    if (done.status.ok()) return done.out;
    return Error{ErrorKind::credentials, "the approval could not be signed with " + clean_line(options.key_file, 300),
                 clean_text(done.err.empty() ? describe(done.status) : done.err),
                 "the key must need no passphrase, or be in an agent: then name its .pub file"};
}

void show(const DeployPlanFile& plan, const Approval& approval) {
    for (const auto& wave : plan.waves)
        std::cerr << fmt::format("wave {}: {}{}\n", wave.name, join(wave.hosts, ", "),
                                 wave.gate.empty() ? "" : " (asks: " + wave.gate + ")");
    for (const auto& line : impact_lines(plan)) std::cerr << line << '\n';
    std::cerr << fmt::format("lockstep: {} approves {} (commit {}) until {}\n", approval.signer, approval.plan,
                             short_id(plan.commit), format_utc(approval.expires));
}

}  // namespace

int command_approve(const Options& options, Environment environment) {
    if (options.key_file.empty())
        return tell_error(
            {ErrorKind::usage, "approve needs a key: --key FILE", "", "an ssh key that may sign approvals"});
    const auto valid = parse_duration(options.valid.value_or("24h"));
    if (!valid.ok()) return tell_error(valid.error());
    const auto plan = plan_to_sign(options, environment);
    if (!plan.ok()) return tell_error(plan.error());
    Supervisor processes(environment.for_children());
    const auto signer = signer_of(options, processes);
    if (!signer.ok()) return tell_error(signer.error());
    const SystemClock clock;
    SignedApproval file;
    file.approval = approval_of(plan.value(), signer.value(), clock.now(), valid.value());
    show(plan.value(), file.approval);
    auto signature = sign(options, file.approval, processes);
    if (!signature.ok()) return tell_error(signature.error());
    file.signature = std::move(signature).value();
    const auto text = approval_file_json(file);
    if (const auto whole = read_approval_file(text); !whole.ok()) return tell_error(whole.error());
    if (!options.output || *options.output == "-") {
        tell_result(text);
        return 0;
    }
    if (const auto written = write_output(*options.output, text); !written.ok()) return tell_error(written.error());
    std::cerr << fmt::format("lockstep: wrote {}\n  next: lockstep deploy --plan FILE --approval {}\n", *options.output,
                             *options.output);
    return 0;
}

}  // namespace lockstep::cli
