// SPDX-License-Identifier: MIT
// Random histories of the whole main job (hosts that fail, machines in trouble, a base branch that moves at any moment)
// against a model: whatever happens, base never gets a commit whose hosts were not proved. A failure names its seed;
// LOCKSTEP_HISTORY_SEED=n plays that history alone, LOCKSTEP_HISTORY_TALLY=1 tells what happened how often.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fakes/fake_fleet.hpp"
#include "fakes/fake_git.hpp"
#include "fakes/fake_nix.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"
#include "graph/history_wishes.hpp"
#include "lockstep/app/run.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::test {
namespace {

using fakes::Dice;
using fakes::FakeCommit;
using fakes::FakeGit;
using fakes::PushFate;
using fakes::versions_of;

class History {
public:
    History(std::uint64_t seed, Tally& tally)
        : wishes_(seed),
          dice_(wishes_.chance),
          tally_(tally),
          fleet_(dice_, wishes_.fleet),
          nix_(dice_, fleet_, store_, git_) {
        nix_.percent_trouble = wishes_.percent_trouble;
        nix_.version = wishes_.version;
        nix_.moment = [this](const char* moment) { at_moment(moment); };
        git_.moment = [this](const char* moment) { at_moment(moment); };
        git_.fate = [this](const std::string& ref) { return fate(ref); };
        git_.breaks = [this](const char* what) { return breaks(what); };
        git_.base_pushed = [this](const auto& before, const auto& after) { check_push(before, after); };
        auto tree = git_.commit(git_.tip()).tree;
        tree["lockstep.yaml"] = wishes_.optional;
        others_put(git_.tip(), tree);
    }

    void play() {
        for (run_ = 1; run_ <= wishes_.runs && !::testing::Test::HasFailure(); ++run_) {
            between_runs();
            run_once();
        }
        EXPECT_TRUE(nix_.surprises().empty()) << nix_.surprises().front();
    }

private:
    // ── what happens meanwhile ──────────────────────────────────────────────────────────────────────────────────────

    std::uint64_t next(const std::string& question) { return dice_.roll(question, counters_[question]++); }
    bool happens(int percent, const std::string& question) {
        return next(question) % 100 < static_cast<std::uint64_t>(percent);
    }

    void at_moment(const char* moment) {
        const std::string key = moment;
        const int hurry = key == "unanswered push" ? 4 : 1;  // rare, and most delicate
        const auto before = git_.tip();
        if (happens(wishes_.percent_move * hurry, "move " + key)) move_base();
        // Our commit is gone from base before anybody could look: nothing tells that it ever landed.
        if (hurry > 1 && !ours_.empty() && before == ours_.back() && git_.tip() != before) {
            const auto kept = git_.tip().empty() ? Result<bool>(false) : git_.is_ancestor(before, git_.tip());
            overtaken_ = !kept.ok() || !kept.value();
        }
        if (happens(wishes_.percent_move / 3, "upstream " + key)) ++nix_.upstream_lock;
        if (happens(wishes_.percent_collected / 10, "collect " + key)) collect(10);
        if (happens(wishes_.percent_interrupted, "interrupt " + key)) {
            ++disturbances_;
            signal_ = 15;
            nix_.stop_all(false);
        }
    }

    void others_put(const std::string& parent, fakes::Tree tree) {
        tip_ = git_.others_commit(parent, std::move(tree));
        others_.insert(tip_);
        ++moves_;
    }

    /// Somebody else changes something on base, seldom against the rules.
    void move_base() {
        ++disturbances_;
        const auto tip = git_.tip();
        if (tip.empty()) return;
        const auto commit = git_.commit(tip);
        auto tree = commit.tree;
        const auto number = std::to_string(moves_ + 1);
        switch (next("kind of move") % 20) {
            case 0:  // rewrites the last commit away
                if (commit.parents.empty()) return;
                others_ = git_.history(commit.parents.front());
                tree["README"] = "rewritten " + number;
                return others_put(commit.parents.front(), tree);
            case 1:
                others_.clear();
                deleted_ = tip;
                tip_.clear();
                ++moves_;
                return git_.others_delete_base();
            case 2:
            case 3:
            case 4:
                tree["flake.nix"] = fakes::flake_text(versions_of(tree).flake + 1);
                break;
            case 5:
            case 6:
                tree["flake.lock"] = fakes::lock_text(nix_.upstream_lock);
                break;
            case 7:
                tree["flake.lock"] = fakes::lock_text(100 + moves_);
                break;
            case 8:
            case 9:
                tree["lockstep.yaml"] =
                    next("optional") % 2 == 0 ? "" : " h" + std::to_string(1 + next("optional") % 6);
                break;
            default:
                tree["README"] = number;
        }
        others_put(tip, tree);
    }

    void collect(int percent) {
        for (const auto& out : store_.all_valid())
            if (happens(percent, "collect " + out)) store_.collect(out);
    }

    PushFate fate(const std::string& ref) {
        if (!happens(wishes_.percent_push_trouble, "push " + ref)) return PushFate::as_git_does;
        ++disturbances_;
        constexpr std::array k_fates{PushFate::unknown_but_done, PushFate::unknown_but_done, PushFate::unknown_not_done,
                                     PushFate::unknown_not_done, PushFate::unreachable,      PushFate::rejected,
                                     PushFate::denied,           PushFate::is_protected};
        return k_fates[next("fate " + ref) % k_fates.size()];
    }

    bool breaks(const char* what) {
        const bool broken = happens(wishes_.percent_push_trouble / 4, what);
        if (broken) ++disturbances_;
        return broken;
    }

    void restore_base() {
        if (!git_.tip().empty()) return;
        git_.others_restore_base(tip_ = deleted_);
        others_ = git_.history(tip_);
    }

    void between_runs() {
        restore_base();
        if (next("news") % 4 != 0) ++nix_.upstream_lock;
        if (happens(wishes_.percent_move, "move between runs")) move_base();
        restore_base();
        collect(wishes_.percent_collected);
        clock_.start += std::chrono::hours(next("hours") % 40);
        store_.start_run();
        nix_.start_run();
        signal_ = 0;
        moves_at_start_ = moves_;
        disturbances_ = 0;
        ours_.clear();
        overtaken_ = false;
    }

    // ── the run ─────────────────────────────────────────────────────────────────────────────────────────────────────

    /// lockstep.yaml of these histories holds nothing but the names of optional hosts.
    [[nodiscard]] static std::vector<std::string> optional_at(const fakes::Tree& tree) {
        const auto file = tree.find("lockstep.yaml");
        if (file == tree.end()) return {};
        return words(file->second);
    }

    Config config_of(const std::optional<RepositoryFile>& file) const {
        Config config;
        config.land.tries = wishes_.tries;
        if (wishes_.through_pull) config.land.mode = LandMode::pull_request;
        config.prove.retries = wishes_.retries;
        config.prove.retry_pause = std::chrono::milliseconds(run_ == 2 ? 1000 : 0);
        if (wishes_.flaky) config.prove.flaky = {"package*"};
        config.forge.kind = "none";
        if (file) config.targets.optional = words(file->text);
        return config;
    }

    void run_once() {
        fakes::MemoryStore store("run-" + std::to_string(run_));
        QuietSink events;
        RunSettings settings;
        settings.dry_run = next("dry") % 25 == 0;
        settings.retry_failed = next("retry failed") % 6 == 0;
        settings.now = clock_.now();
        settings.tool_version = "1.0.0";
        settings.cores = wishes_.cores;
        settings.secret_nonce = dice_.letters("nonce", 32);
        const RunPorts ports{
            .processes = nix_,
            .git = git_,
            .store = store,
            .clock = clock_,
            .events = events,
            .files = nix_,
            .memory = memory_,
            .configure = [this](const auto& file) { return Result<Config>(config_of(file)); },
            .make_forge = [](const auto&, const auto&) { return Result<std::unique_ptr<Forge>>(nullptr); },
            .lock = [](const auto&, const auto&) { return Result<std::unique_ptr<HeldLock>>(nullptr); },
            .interrupted = [this] { return signal_.load(); },
            .getenv = [](const char*) { return std::string(); },
            .is_dead = [](const auto&, const auto&) { return true; }};  // there is one machine
        const int pushes = git_.pushes(), done = git_.pushes_done(), troubles = nix_.troubles();
        const auto report = run_update(settings, ports);
        disturbances_ += nix_.troubles() - troubles;
        check_run(settings, report, store, git_.pushes() - pushes, git_.pushes_done() - done);
    }

    // ── the properties ──────────────────────────────────────────────────────────────────────────────────────────────

    /// At the very moment when lockstep moves base.
    void check_push(const FakeCommit& before, const FakeCommit& after) {
        ours_.push_back(after.id);
        tip_ = after.id;
        others_.insert(after.id);  // from now on others build on it
        EXPECT_TRUE(after.by_lockstep);
        EXPECT_EQ(after.parents, std::vector<std::string>{before.id}) << "base was not at the landed commit's parent";
        auto tree = after.tree;
        tree["flake.lock"] = before.tree.at("flake.lock");
        EXPECT_EQ(tree, before.tree) << "more than flake.lock was changed";
        EXPECT_NE(after.tree.at("flake.lock"), before.tree.at("flake.lock"));
        const auto old_hosts = fleet_.hosts(versions_of(before.tree)), hosts = fleet_.hosts(versions_of(after.tree));
        const auto optional = optional_at(after.tree);
        const auto among = [](const auto& all, const auto& one) {
            return std::find(all.begin(), all.end(), one) != all.end();
        };
        for (const auto& host : old_hosts)
            EXPECT_TRUE(among(optional, host) || among(hosts, host)) << host << " is gone";
        for (const auto& host : hosts) {
            if (among(optional, host)) continue;
            const auto drv = fleet_.evaluate(versions_of(after.tree), host);
            ASSERT_TRUE(drv) << host << " does not even evaluate";
            EXPECT_TRUE(store_.ever_built(*drv)) << host << " was landed although nobody ever built " << *drv;
            if (store_.valid_in_this_run(fleet_.find(*drv)->out)) continue;
            ++tally_.unbuilt_in_landing_run;
            EXPECT_EQ(fleet_.evaluate(versions_of(before.tree), host), drv)
                << host << " changed, and this run never saw its output valid";
        }
    }

    void check_run(const RunSettings& settings, const RunReport& report, const fakes::MemoryStore& store, int pushes,
                   int done) {
        const auto& ending = report.ending;
        const bool landed = ending.outcome == Outcome::landed;
        const auto tip = git_.tip();
        const auto history = git_.history(tip);
        const std::string how = std::string(outcome_word(ending.outcome)) + " (" + ending.reason + ")";
        for (const auto& id : others_) EXPECT_TRUE(tip.empty() || history.count(id) > 0) << "lost somebody's " << id;
        EXPECT_EQ(tip, tip_) << "base is neither where somebody put it nor at a landed commit: " << how;
        if (settings.dry_run || wishes_.through_pull) {
            EXPECT_EQ(pushes, 0) << how;
        }
        if (landed) {
            EXPECT_EQ(ending.exit, ExitCode::ok);
            ASSERT_FALSE(ours_.empty()) << how;
            EXPECT_EQ(ours_.back(), report.repo.candidate_commit);
            EXPECT_EQ(report.repo.base_after, report.repo.candidate_commit);
        }
        if (overtaken_)
            tell_overtaken(how);
        else if (!landed && done > 0)  // the push ended without an answer, and so did the question what became of it
            EXPECT_EQ(ending.exit, ExitCode::infrastructure) << how;
        else
            EXPECT_EQ(done, landed ? 1 : 0) << how;
        if (ending.exit == ExitCode::base_moved) {
            EXPECT_GE(moves_ - moves_at_start_, wishes_.tries) << how;
            EXPECT_GE(pushes, wishes_.tries) << how;
        }
        EXPECT_NE(ending.exit, ExitCode::internal) << how;
        check_hosts(report, store, landed);
        check_that_it_lands(settings, report, how);
        tally_.count(report, pushes);
    }

    /// A push landed without an answer, and somebody else's commit was on top of it (or it was gone again) before
    /// lockstep could look: it takes this for a base that moved and goes on from there, so that the run may tell
    /// `unchanged` or exit 30 although it landed, or land twice. What landed is proved all the same.
    void tell_overtaken(const std::string& how) {
        ++tally_.overtaken;
        if (std::getenv("LOCKSTEP_HISTORY_TALLY") != nullptr)
            std::printf("overtaken, seed %d: %s\n", static_cast<int>(tally_.seed), how.c_str());
    }

    /// One result for each host of the last commit that was proved.
    void check_hosts(const RunReport& report, const fakes::MemoryStore& store, bool landed) {
        std::string candidate, base, last_candidate, last_base;
        for (const auto& line : store.lines()) {
            const auto at = line.data.find(R"("commit":")");
            if (line.step == "base") last_base = line.data.substr(at + 10, 40);
            if (line.step == "commit") last_candidate = line.data.substr(at + 10, 40);
            if (line.step == "decided") candidate = last_candidate, base = last_base;
        }
        std::set<std::string> expected, told;
        if (!candidate.empty()) {
            for (const auto& commit : {candidate, base})
                for (const auto& host : fleet_.hosts(versions_of(git_.commit(commit).tree))) expected.insert(host);
        }
        for (const auto& host : report.hosts) {
            told.insert(host.name);
            if (!landed || !host.required) continue;
            EXPECT_TRUE(is_proved(host.state)) << host.name << " " << state_word(host.state);
        }
        EXPECT_EQ(told.size(), report.hosts.size());
        EXPECT_EQ(told, expected);
    }

    /// Never landing would satisfy everything above. Where nothing went wrong, it must land.
    void check_that_it_lands(const RunSettings& settings, const RunReport& report, const std::string& how) {
        if (disturbances_ > 0 || settings.dry_run || wishes_.through_pull) return;
        if (report.ending.outcome == Outcome::unchanged || report.repo.candidate_commit.empty()) return;
        const auto candidate = git_.commit(report.repo.candidate_commit);
        const auto base = git_.commit(candidate.parents.front());
        const auto hosts = fleet_.hosts(versions_of(candidate.tree));
        if (hosts != fleet_.hosts(versions_of(base.tree))) return;
        const auto optional = optional_at(candidate.tree);
        bool any = false;
        for (const auto& host : hosts) {
            if (std::find(optional.begin(), optional.end(), host) != optional.end()) continue;
            const auto drv = fleet_.evaluate(versions_of(candidate.tree), host);
            if (!drv || !fleet_.builds(*drv)) return;
            any = true;
        }
        // A derivation that kills Nix takes the others of its wave with it, and those may run out of further tries.
        for (const auto& host : hosts)
            if (const auto drv = fleet_.evaluate(versions_of(candidate.tree), host); drv && !fleet_.builds(*drv))
                return;
        if (!any) return;
        ++tally_.must_land;
        EXPECT_EQ(report.ending.outcome, Outcome::landed) << how;
    }

    Wishes wishes_;
    Dice dice_;
    Tally& tally_;
    fakes::FakeFleet fleet_;
    fakes::FakeStore store_;
    FakeGit git_;
    fakes::ManualClock clock_;
    KeptMemory memory_;
    int run_ = 0;
    std::atomic<int> signal_{0};
    // Written at moments, which come one at a time: the spine waits while Nix works.
    std::map<std::string, std::uint64_t> counters_;
    std::set<std::string> others_;  ///< commits that base's history must hold
    std::vector<std::string> ours_;
    bool overtaken_ = false;
    std::string deleted_;
    std::string tip_;  ///< where base must be
    int moves_ = 0, moves_at_start_ = 0, disturbances_ = 0;
    fakes::FakeNix nix_;  // last: its thread ends first
};

constexpr std::uint64_t k_histories = 1'000, k_parts = 10;

class Histories : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(Histories, NeverLandWhatWasNotProved) {
    Tally tally;
    const char* wanted = std::getenv("LOCKSTEP_HISTORY_SEED");
    for (std::uint64_t seed = GetParam(); seed < k_histories; seed += k_parts) {
        if (wanted != nullptr && std::to_string(seed) != wanted) continue;
        SCOPED_TRACE("history with seed " + std::to_string(seed));
        tally.seed = seed;
        History(seed, tally).play();
        if (HasFailure()) return;
    }
    if (wanted != nullptr) return;
    // Not what the properties are about, but without any of these they would be about nothing.
    EXPECT_GT(tally.landed, 20);
    EXPECT_GT(tally.must_land, 5);
    EXPECT_GT(tally.proposed, 5);
    EXPECT_GT(tally.unchanged, 5);
    EXPECT_GT(tally.landed_on_moved_base, 0);
    EXPECT_GT(tally.base_moved, 0);
    EXPECT_GT(tally.infrastructure, 0);
    if (std::getenv("LOCKSTEP_HISTORY_TALLY") != nullptr) std::printf("%s\n", tally.text().c_str());
}

INSTANTIATE_TEST_SUITE_P(Seeds, Histories, ::testing::Range<std::uint64_t>(0, k_parts));

}  // namespace
}  // namespace lockstep::test
