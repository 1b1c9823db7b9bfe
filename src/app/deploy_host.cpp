// SPDX-License-Identifier: MIT
// Looking at a host, bringing systems to it, and the words for what became of it.
#include "app/deploy_host.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>

#include <fmt/format.h>

#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

using deploy::Connection;
using std::chrono::duration_cast;
using std::chrono::steady_clock;

namespace {

constexpr std::uint64_t k_log_cap = 16U << 20U;
constexpr std::size_t k_answer_bytes = 4U << 20U;
/// Above what a script's steps take together, and ssh's own limits.
constexpr Millis k_question_limit{90'000};
constexpr Millis k_pause{1'000};

std::string short_path(const std::string& path) {
    return path.starts_with("/nix/store/") ? path.substr(11) : path;
}

}  // namespace

bool is_as_left(const DeployRequest& request, const std::string& host, const std::string& running) {
    const auto left = request.expected.find(host);
    const auto to_boot = request.expected_after_boot.find(host);
    return left == request.expected.end() || left->second == running ||
           (to_boot != request.expected_after_boot.end() && to_boot->second == running);
}

DeployHostSession::DeployHostSession(const DeployRequest& request, const DeployTarget& target, const DeployPorts& ports,
                                     Changed changed)
    : request_(request), target_(target), ports_(ports), changed_(std::move(changed)), ssh_(target.addresses.front()) {
    record_.name = target.name;
    record_.to = target.path;
    record_.address = ssh_.host;
}

void DeployHostSession::tell() {
    if (changed_) changed_(record_);
}

void DeployHostSession::stage(const std::string& name) {
    record_.stage = name;
    if (!name.empty()) log(name);
    tell();
}

void DeployHostSession::log(const std::string& line) {
    if (!log_) {
        auto opened = ports_.store.open_log("deployment-logs", target_.name, k_log_cap);
        if (!opened.ok()) return;
        log_ = std::move(opened).value();
        record_.log = log_->path();
    }
    log_->write(fmt::format("{} {}\n", format_utc(ports_.clock.now()), line));
}

std::string DeployHostSession::nonce() {
    return deploy::switch_token(request_.run, target_.name, std::to_string(++questions_), request_.secret)
        .substr(0, 24);
}

Completed DeployHostSession::ask(const Command& command) {
    auto limited = command;
    if (!limited.deadline) limited.deadline = k_question_limit;
    auto done = run_to_end(ports_.processes, limited, k_answer_bytes);
    if (!done.status.ok() && !done.err.empty()) log(command.label + ": " + clean_line(done.err, 1000));
    return done;
}

HostOutcome DeployHostSession::end(HostOutcome outcome, const std::string& detail) {
    record_.detail = clean_line(detail, 1000);
    log(std::string(word(outcome)) + (detail.empty() ? "" : ": " + record_.detail));
    set_outcome(outcome);
    return outcome;
}

void DeployHostSession::set_outcome(HostOutcome outcome) {
    record_.outcome = outcome;
    record_.stage.clear();
    if (!needs_person(outcome)) record_.manual.clear();
    tell();
}

Result<void> DeployHostSession::reach(std::string_view step) const {
    return ports_.failpoint ? ports_.failpoint(step) : Result<void>{};
}

void DeployHostSession::recall(const DeployHostRecord& past) {
    earlier_ = past;
    left_something_ = true;
}

/// Rollbacks need the recorded system until the run is over; a person needs what the host wrote down.
void DeployHostSession::tidy() {
    const auto& outcome = record_.outcome ? record_.outcome : earlier_.outcome;
    if (!left_something_ || stopped() || !outcome || needs_person(*outcome) || *outcome == HostOutcome::unreachable ||
        *outcome == HostOutcome::inconclusive)
        return;
    const auto mark = nonce();
    const auto done = deploy::parse_cleaned(ask(deploy::clean_command(ssh_, request_.run, mark)).out, mark);
    if (!done.value_or(false)) log("what the run left on the host could not be taken away");
}

HostOutcome DeployHostSession::leave_alone(const std::string& why, HostOutcome outcome) {
    return end(stopped() ? HostOutcome::cancelled : outcome, why);
}

void DeployHostSession::set_took(Millis took) {
    record_.took = took;
    tell();
}

void DeployHostSession::close() {
    tidy();
    if (!ssh_.control_path.empty()) (void)ask(deploy::ssh_close_command(ssh_));
    if (log_) log_->close();
}

std::string DeployHostSession::by_hand(const std::string& what) const {
    const auto user = ssh_.user.empty() ? ssh_.host : ssh_.user + "@" + ssh_.host;
    return fmt::format("ssh {}{} -- {}", ssh_.port != 0 ? fmt::format("-p {} ", ssh_.port) : "", user, what);
}

std::optional<deploy::HostProbe> DeployHostSession::probe_once(Connection connection, bool ask_busy) {
    const auto mark = nonce();
    deploy::ProbeRequest request{.nonce = mark, .candidate = target_.path, .type = target_.type};
    if (ask_busy) {
        request.busy_files = target_.busy_files;
        request.busy_command = target_.busy_command;
    }
    const auto done = ask(deploy::probe_command(ssh_, connection, request));
    auto probe = deploy::parse_probe(done.out, mark);
    if (!probe) record_.detail = clean_line(done.err.empty() ? describe(done.status) : done.err, 400);
    return probe;
}

void DeployHostSession::set_baseline(const std::optional<std::vector<std::string>>& failed_units) {
    baseline_known_ = failed_units.has_value();
    baseline_ = failed_units.value_or(std::vector<std::string>{});
}

bool DeployHostSession::probe(bool before_switch) {
    stage("probe");
    const auto begin = ports_.clock.steady();
    for (;;) {
        for (const auto& address : target_.addresses) {
            ssh_ = address;
            record_.address = address.host;
            auto found = probe_once(Connection::shared, before_switch);
            if (!found) continue;
            seen_ = std::move(found);
            set_baseline(seen_->failed_units);
            record_.from = record_.running = seen_->running;
            if (target_.action == deploy::SwitchAction::test)
                record_.next_boot = seen_->profile_system.empty() ? seen_->profile : seen_->profile_system;
            record_.reboot_reasons = deploy::reboot_reasons(
                seen_->booted_parts, seen_->candidate_parts.empty() ? target_.parts : seen_->candidate_parts);
            record_.detail.clear();
            log(fmt::format("{} runs {}, profile {}", seen_->hostname, short_path(seen_->running),
                            short_path(seen_->profile)));
            stage("");
            return true;
        }
        if (stopped() || ports_.clock.steady() - begin >= target_.reach_within) break;
        ports_.clock.sleep_for(k_pause);
    }
    stage("");
    return false;
}

bool DeployHostSession::is_unchanged() const {
    if (request_.purpose == DeployPurpose::restart) return false;
    return seen_ && seen_->running == target_.path && seen_->profile_holds(target_.path);
}

bool DeployHostSession::is_own_machine() const {
    return seen_ && !request_.machine_id.empty() && seen_->machine_id == request_.machine_id;
}

/// What forbids to touch the host now.
std::optional<HostOutcome> DeployHostSession::may_begin() {
    if (!seen_) return end(HostOutcome::unreachable, record_.detail);
    if (waits_for_landing() && is_own_machine())
        return no_canary("lockstep runs on it and would not be there to say that the update landed");
    const bool ours = seen_->holder.starts_with(request_.run);
    if (!seen_->holder.empty() && seen_->holder_alive && !ours)
        return end(HostOutcome::refused, "run " + seen_->holder + " has this host (" + seen_->holder_state + ")");
    if (seen_->switch_locked.value_or(false))
        return end(HostOutcome::refused, "a switch of somebody else is under way: " + seen_->switch_lock_owner);
    if (!seen_->busy.empty()) return end(HostOutcome::deferred, "busy: " + join(seen_->busy, "; "));
    if (seen_->running.empty()) return end(HostOutcome::refused, "it runs no system of the Nix store");
    if (!target_.accept_drift && !is_as_left(request_, target_.name, seen_->running) && seen_->running != target_.path)
        return end(HostOutcome::drifted, fmt::format("{} runs, {} was left there", short_path(seen_->running),
                                                     short_path(request_.expected.at(target_.name))));
    return std::nullopt;
}

/// A recorded system is nowhere but on the host, and going back is to need nobody else.
std::optional<HostOutcome> DeployHostSession::find_there() {
    stage("look for it");
    const auto there = ask(deploy::host_validity_command(ssh_, {target_.path}));
    if (!there.status.ok() && deploy::judge_ssh(there.status, there.err) != deploy::ReachTrouble::none)
        return end(HostOutcome::unreachable, clean_line(there.err, 300));
    if (!there.status.ok())
        return end(HostOutcome::refused,
                   short_path(target_.path) +
                       " is gone from the host: its garbage was collected since; `lockstep deploy "
                       "--from RUN` brings the system of an earlier run");
    keep();
    stage("");
    return std::nullopt;
}

/// Both systems, from the garbage collector.
void DeployHostSession::keep() {
    left_something_ = true;
    const auto mark = nonce();
    const auto pinned =
        deploy::parse_pinned(ask(deploy::pin_command(ssh_, request_.run, target_.path, record_.from, mark)).out, mark);
    if (!pinned.value_or(false)) log("could not be kept from the garbage collector");
}

/// Nix cuts NIX_SSHOPTS at white space: options that hold some, as the way through a jump host does, come by a file.
Result<std::string> DeployHostSession::copy_config() const {
    const auto options = deploy::ssh_options(ssh_, Connection::shared);
    const bool plain = std::none_of(options.begin(), options.end(), [](const auto& option) {
        return option.find_first_of(" \t") != std::string::npos;
    });
    if (plain || ssh_.control_path.empty()) return std::string();
    auto file = ssh_.control_path + ".copy";
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << deploy::ssh_config_text(ssh_);
    out.close();
    if (!out) return Error{ErrorKind::infrastructure, "cannot write " + file, "", ""};
    return file;
}

std::optional<HostOutcome> DeployHostSession::bring() {
    if (!seen_ && !probe()) return end(stopped() ? HostOutcome::cancelled : HostOutcome::unreachable, record_.detail);
    if (auto no = may_begin()) return no;
    if (request_.purpose == DeployPurpose::restart) return std::nullopt;
    if (request_.purpose == DeployPurpose::go_back) return find_there();
    stage("copy");
    const auto begin = ports_.clock.steady();
    const auto config = copy_config();
    if (!config.ok()) return end(HostOutcome::failed, config.error().what);
    const auto copy = deploy::host_copy_command(request_.setup, ssh_,
                                                {.paths = {target_.path},
                                                 .substitute = target_.substitute,
                                                 .ssh_ng = target_.ssh_ng,
                                                 .check_signatures = target_.check_signatures,
                                                 .config_file = config.value(),
                                                 .timeout = target_.copy_timeout});
    const auto validity = deploy::host_validity_command(ssh_, {target_.path});
    auto done = ask(copy);
    auto there = ask(validity);
    // A connection that was lost: what has arrived stays, the rest is sent once more.
    if (done.status.kind == ExitStatus::Kind::exited && !there.status.ok() && !stopped()) {
        log("the copy was cut off: once more");
        done = ask(copy);
        there = ask(validity);
    }
    record_.copy = duration_cast<Millis>(ports_.clock.steady() - begin);
    if (!there.status.ok() && stopped()) return end(HostOutcome::cancelled, "interrupted while it was copied");
    if (!there.status.ok()) {
        if (deploy::judge_ssh(there.status, there.err) != deploy::ReachTrouble::none)
            return end(HostOutcome::unreachable, "lost while copying: " + clean_line(there.err, 300));
        return end(HostOutcome::failed, "the system could not be copied: " +
                                            clean_line(done.err.empty() ? describe(done.status) : done.err, 600));
    }
    keep();
    // Now that the system is there, its kernel and the like can be compared with what was booted.
    if (const auto now = probe_once(Connection::shared))
        record_.reboot_reasons = deploy::reboot_reasons(now->booted_parts, now->candidate_parts);
    stage("");
    return std::nullopt;
}

}  // namespace lockstep
