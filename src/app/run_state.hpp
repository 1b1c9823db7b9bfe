// SPDX-License-Identifier: MIT
// What a run knows so far, handed from stage to stage, and how a stage is told and recorded.
#pragma once

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "app/keep_run.hpp"
#include "app/run_deadline.hpp"
#include "lockstep/adapters/nix.hpp"
#include "lockstep/app/run.hpp"

namespace lockstep {

struct RunState {
    const RunSettings& settings;
    const RunPorts& ports;

    Config config;
    CheckoutFacts checkout;
    RemoteFacts remote;
    std::unique_ptr<HeldLock> lock;
    std::string remote_lock;  ///< commit of the lock that we hold on the remote, or ""
    std::unique_ptr<Forge> forge;
    nix::Setup setup;
    nix::Capabilities can;
    bool submodules = false;
    bool shallow = false;  ///< the private repository lacks old history: only for a proof of what is checked out
    std::future<Result<void>> push_answer;                   ///< whether the remote lets us push; await_permission()
    std::future<Result<nix::Version>> version_answer;        ///< asked for while git is busy
    std::future<Result<nix::Capabilities>> settings_answer;  ///< Nix's settings, asked for while other things go on
    std::string base;                                        ///< branch name
    std::string base_commit;
    LockFile base_lock;
    bool had_lock = false;
    std::string wanted_branch;
    std::string date;  ///< "2026-11-21" in the configured time zone
    CommitInfo candidate;
    std::string candidate_lock;  ///< text of the updated lock
    std::string tree = "tree";   ///< name of its work tree, below the run's directory
    int resumed = 0;             ///< how many processes of this run came before
    bool canaries_wait = false;  ///< for the answer of the landing, and for nothing else
    bool base_unknown = false;   ///< nobody can say whether the last push of base was done
    bool unpublished = false;    ///< a pull request was wanted, and is not there as it should be
    int tries = 1;               ///< how often the update was put on a base branch

    HaltSwitch halt;                ///< ends a proof before its time
    std::unique_ptr<RunKeep> keep;  ///< keeper() makes it

    RunReport report;

    /// How far the run is, for the moment when its time gets short.
    enum class Phase { before_proof, proving, publishing };
    std::atomic<Phase> phase{Phase::before_proof};
    std::atomic<bool> time_is_short{false};  ///< nothing more is proved
    std::atomic<bool> time_is_up{false};     ///< nothing more is done
    RunDeadline deadline;                    ///< last: its thread uses what is above

    RunState(const RunSettings& s, const RunPorts& p)
        : settings(s), ports(p), deadline([this] { time_gets_short(); }, [this] { end_all(); }) {}

    /// Reads the configuration, with the repository's file or without.
    [[nodiscard]] Result<void> configure(const std::optional<RepositoryFile>& file);
    /// Ends the proof; what is known can be published. Before there is a proof there is nothing to publish.
    void time_gets_short();
    /// Ends everything.
    void end_all();
    /// What the run keeps; made when first asked for.
    [[nodiscard]] RunKeep& keeper();
    /// Whether nothing further shall begin.
    [[nodiscard]] bool interrupted() const { return ports.interrupted() != 0 || time_is_up; }
    /// Tells what is known so far, for a report should the end not be reached.
    void tell_so_far() const {
        if (ports.so_far) ports.so_far(report);
    }
    [[nodiscard]] std::string lock_path() const {
        return config.flake.empty() ? "flake.lock" : config.flake + "/flake.lock";
    }
    [[nodiscard]] std::string flake_path() const {
        return config.flake.empty() ? "flake.nix" : config.flake + "/flake.nix";
    }
    [[nodiscard]] std::filesystem::path repository_dir() const {
        return ports.store.root() / "work" / "repository.git";
    }
    [[nodiscard]] std::filesystem::path worktree_dir() const {
        std::string name = tries == 1 ? tree : tree + "-" + std::to_string(tries);
        if (resumed > 0) name += "-r" + std::to_string(resumed);
        return ports.store.root() / "work" / name;
    }

    /// The flake at a commit, as Nix is asked for it.
    [[nodiscard]] std::string pinned(const std::string& commit) const {
        auto reference = nix::pinned_flake(worktree_dir().string(), commit, config.flake, submodules);
        if (shallow) reference += "&shallow=1";
        return reference;
    }

    /// A step at which a test may want to fail, stall or die.
    [[nodiscard]] Result<void> at(std::string_view step) const {
        return ports.failpoint ? ports.failpoint(step) : Result<void>();
    }
    /// Writes down what is about to be done outside; it must not be done when this fails.
    [[nodiscard]] Result<void> intend(std::string_view step, const JournalData& data) const {
        LOCKSTEP_TRY_VOID(at("journal:" + std::string(step)));
        return ports.store.journal("intent", step, journal_data(data));
    }
    /// Writes down what came of it. It happened, whether this can be written or not.
    void settled(std::string_view step, const JournalData& data) const {
        (void)ports.store.journal("outcome", step, journal_data(data));
    }
    void known(std::string_view step, const JournalData& data) const {
        (void)ports.store.journal("fact", step, journal_data(data));
    }

    /// A stage begins.
    void enter(const std::string& stage) {
        phase = stage == "prove"                                             ? Phase::proving
                : stage == "land" || stage == "propose" || stage == "canary" ? Phase::publishing
                                                                             : Phase::before_proof;
        tell_so_far();
    }

    void notice(const std::string& text, bool warning = false) {
        report.notices.push_back(text);
        ports.events.on(Notice{warning, text});
    }
};

/// Runs one named stage: tells its start and end, records it in the report, and turns an interruption into an Error.
template <class Body>
auto stage(RunState& state, const std::string& name, const std::string& text, Body&& body) -> decltype(body()) {
    if (state.interrupted())
        return Error{ErrorKind::interrupted, "the run was interrupted before it could " + name, "",
                     "run again: nothing was changed"};
    StageRecord record{.name = name, .started = state.ports.clock.now()};
    const auto begin = state.ports.clock.steady();
    state.ports.events.on(StageStarted{name, text});
    state.known("stage-" + name, {});
    state.enter(name);
    auto result = std::forward<Body>(body)();
    record.duration = std::chrono::duration_cast<Millis>(state.ports.clock.steady() - begin);
    if (!result.ok()) {
        const bool stopped = result.error().kind == ErrorKind::interrupted || state.interrupted();
        record.state = stopped ? StageState::interrupted : StageState::failed;
        record.error_class = std::string(exit_code_word(exit_code_for(result.error().kind)));
        record.error_message = result.error().what;
    }
    state.report.stages.push_back(record);
    state.tell_so_far();
    state.ports.events.on(StageEnded{record, ""});
    return result;
}

/// Repository, base commit, configuration, Nix, forge: everything that can be known to be wrong before work begins.
[[nodiscard]] Result<void> prepare(RunState& state);
/// Its first step: remote, base branch and configuration, which depend on each other.
[[nodiscard]] Result<void> settle_base_and_config(RunState& state);
/// Its first part: remote, base commit, configuration, flake and lock; nothing is locked or asked of Nix or the forge.
[[nodiscard]] Result<void> prepare_reading(RunState& state);
/// The same for a proof of what is checked out: no remote, no forge.
[[nodiscard]] Result<void> prepare_build(RunState& state);
/// Starts Nix to ask its version, in the background; prepare_nix() takes the answer.
void ask_nix(RunState& state);
/// Nix version; the effective settings are asked for in the background.
[[nodiscard]] Result<void> prepare_nix(RunState& state);
/// Waits for the settings; needed before anything is built. Later calls do nothing.
[[nodiscard]] Result<void> await_settings(RunState& state);
/// The run's work tree at the base commit, for pinned references: with files only where submodules need them.
[[nodiscard]] Result<void> add_pinned_worktree(RunState& state);
/// Waits for the remote's answer whether we may push; needed before anything is built. Later calls do nothing.
[[nodiscard]] Result<void> await_permission(RunState& state);
/// Private work tree, `nix flake update`, commit. False: nothing changed.
[[nodiscard]] Result<bool> update(RunState& state);
/// Puts the run on a base branch that moved on: reads configuration, flake and lock from its tip. Errors: what
/// prepare() has for them, and base_refused when the branch was rewritten or is gone.
[[nodiscard]] Result<void> follow_base(RunState& state);
/// The same update on top of the new base: the lock that was proved when flake and lock there are as before, else
/// update() anew. False: nothing is left to update.
[[nodiscard]] Result<bool> reapply(RunState& state);
/// Discovery and proof of `commit`; fills hosts, causes, logs and notices of the report. `base` may be "".
[[nodiscard]] Result<void> prove_commit(RunState& state, const std::string& commit, const std::string& base);
/// Which targets a run would prove, without evaluating them.
struct Discovery {
    std::vector<Target> targets;   ///< selected
    std::vector<Target> vanished;  ///< selected ones that only the base commit has
    std::vector<bool> in_base;     ///< per target: whether the base commit has it too
    std::string broken;            ///< why the updated flake has no readable attribute names, "" when it has
    std::string broken_text;
};
[[nodiscard]] Result<Discovery> discover(RunState& state, const std::string& commit, const std::string& base);
/// Base holds the candidate: tells, and sets the ending.
void say_landed(RunState& state);
/// What follows: cleans up after earlier runs, sets statuses, keeps what landed.
void finish_landing(RunState& state);
/// Takes up the candidate that an earlier process of the run made: false when it is not there any more, or is not what
/// `tree` says.
[[nodiscard]] bool adopt_candidate(RunState& state, const std::string& commit, const std::string& tree);
/// Pushes the proved commit onto base; sets the ending. Errors are what stopped it.
[[nodiscard]] Result<void> land(RunState& state);
/// The mark of a pull request that an earlier run wrote for the same base and flake; nothing of anybody else's.
[[nodiscard]] std::optional<PullMarker> our_marker(const RunState& state, const PullRequest& pull);
/// "main" of "refs/heads/main"; "" of any other ref.
[[nodiscard]] std::string branch_of(std::string_view ref);
/// Why an update does not land by itself.
enum class Proposal {
    broken,   ///< hosts are, or an alarm stops it
    refused,  ///< a canary is not well
    green     ///< all is proved: somebody has to merge it
};
/// Pushes the branch and writes the pull request; sets the ending. `why` in words; of what is broken the hosts tell.
[[nodiscard]] Result<void> propose(RunState& state, Proposal proposal, const std::string& why = "");

/// The trailer that says "lockstep made exactly this lock on exactly this parent, for this base and flake": a hash, so
/// that a commit whose lock was edited, or which was rebased, does not carry a true one.
[[nodiscard]] std::string seal_of(RunState& state, const std::string& parent, const std::string& lock_blob);
/// Whether a branch on the remote, as it was listed, ends with a commit as lockstep makes them: sealed, and nothing but
/// the lock in it. Somebody who amends one with another file keeps the seal.
[[nodiscard]] bool ends_with_ours(RunState& state, const RemoteRef& branch);

/// Text by strftime in a time zone. Errors (config): unknown zone.
[[nodiscard]] Result<std::string> local_time(RunState& state, const std::string& format);

/// Copies an Error into the report's ending.
void end_with(RunState& state, const Error& error);

}  // namespace lockstep
