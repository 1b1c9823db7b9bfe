// SPDX-License-Identifier: MIT
// One sentence about a run, from its journal.
#include <fmt/format.h>

#include "lockstep/core/journal.hpp"
#include "lockstep/core/records.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

/// A journal is a file like any other: what it says about itself is foreign.
std::string name_of(const RunHistory& run) {
    return clean_line(run.run_id, 100);
}

std::string base_name(const RunHistory& run) {
    return run.base.empty() ? "the base branch" : clean_line(run.base, 100);
}

/// What is being done between the start of a stage and its end.
std::string stage_wait(const RunHistory& run) {
    if (run.stage.empty() || run.stage == "prepare") return "the remote and Nix to answer the first questions";
    if (run.stage == "update") return "`nix flake update`";
    if (run.stage == "prove") {
        if (run.hosts_found == 0) return "the hosts to be evaluated and built";
        return fmt::format("{} to be evaluated and built", plural(static_cast<std::size_t>(run.hosts_found), "host"));
    }
    if (run.stage == "land") return fmt::format("the push of the proved commit onto {}", base_name(run));
    if (run.stage == "canary") return "the canary hosts to be switched and proved";
    if (run.stage == "propose") return "the forge to take the pull request";
    return "the stage " + clean_line(run.stage, 60);
}

std::string step_wait(const RunHistory& run, const std::string& step) {
    if (step == "push-base")
        return fmt::format("the remote to answer the push of {} onto {}", clean_line(short_id(run.candidate)),
                           base_name(run));
    if (step == "push-branch") return "the remote to answer the push of the update branch";
    if (step == "pull") return "the forge to answer for the pull request";
    if (step == "branch-delete") return "the remote to delete the old update branch";
    if (step == "lock") return "the remote to give the lock of this repository";
    if (step == "switch") return "hosts to be switched and proved";
    if (step == "unlock") return "the remote to take the lock back";
    return "the step " + clean_line(step, 60);
}

std::string then_words(const RunHistory& run) {
    if (run.stage == "land" || run.stage == "propose" || run.deploy == RunHistory::Deploy::begun)
        return "then the run ends";
    if (run.stage == "prove" || run.stage == "canary")
        return fmt::format("then {} moves, or a pull request says what is broken", base_name(run));
    return "then the hosts are proved";
}

std::string ended(const RunHistory& run) {
    const auto& verdict = *run.verdict;
    std::string text = fmt::format("run {} waits for nothing: it ended at {} with `{}` (exit {}): {}", name_of(run),
                                   format_utc(verdict.time), clean_line(verdict.outcome, 40), verdict.exit,
                                   clean_line(verdict.reason, 400));
    if (is_resumable(run)) text += fmt::format("; `lockstep resume {}` goes on with it", name_of(run));
    return text;
}

}  // namespace

std::string why_sentence(const RunHistory& run, bool alive, std::chrono::system_clock::time_point now) {
    const bool deploying = run.deploy == RunHistory::Deploy::begun;
    if (run.verdict && !deploying && !alive) return ended(run);
    const bool asked = !run.open.empty();
    auto since = asked ? run.open.back().since : run.stage.empty() ? run.started : run.stage_since;
    auto wait = asked ? step_wait(run, run.open.back().step) : stage_wait(run);
    if (deploying) {
        if (!asked && run.verdict) since = run.verdict->time;
        wait = step_wait(run, "switch");
    }
    const auto age = std::chrono::duration_cast<Millis>(std::max(now - since, decltype(now - since)::zero()));
    if (!alive)
        return fmt::format(
            "run {} waits for `lockstep resume {}`: its process is gone, and when it ended at about {} it was waiting "
            "for {}; nothing is lost",
            name_of(run), name_of(run), format_utc(run.last), wait);
    return fmt::format("run {} waits for {}, since {} ({}); {}", name_of(run), wait, format_utc(since),
                       human_duration(age), then_words(run));
}

}  // namespace lockstep
