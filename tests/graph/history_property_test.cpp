// SPDX-License-Identifier: MIT
// Random histories of the whole main job (hosts that fail, machines in trouble, a base branch that moves at any moment)
// against a model: whatever happens, base never gets a commit whose hosts were not proved. A failure names its seed;
// LOCKSTEP_HISTORY_SEED=n runs that history alone.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <random>

#include "fakes/fake_fleet.hpp"
#include "fakes/fake_git.hpp"
#include "fakes/fake_nix.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"
#include "lockstep/app/run.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::test {
namespace {

using fakes::Dice;
using fakes::FakeCommit;
using fakes::FakeGit;
using fakes::PushFate;
using fakes::Versions;
using fakes::versions_of;

class QuietSink final : public EventSink {
public:
    void on(const Event&) noexcept override {}
};

class KeptMemory final : public Memory {
public:
    [[nodiscard]] const Recollection& recall() const override { return recollection_; }
    void learn(const std::vector<Lesson>& lessons) noexcept override {
        for (const auto& lesson : lessons) recollection_.take(lesson);
    }

private:
    Recollection recollection_;
};

/// What kind of history a seed means.
struct Wishes {
    explicit Wishes(std::uint64_t seed) {
        std::mt19937_64 random(seed);
        const auto one_of = [&](auto... values) {
            const std::array all{values...};
            return all[random() % all.size()];
        };
        chance = random();
        fleet.hosts = 1 + static_cast<int>(random() % 6);
        runs = 1 + static_cast<int>(random() % 3);
        fleet.percent_bad = one_of(0, 0, 8, 25);
        fleet.percent_eval_fails = one_of(0, 0, 0, 8);
        fleet.percent_absent = one_of(0, 0, 20);
        percent_move = one_of(0, 5, 12, 35);
        percent_trouble = one_of(0, 0, 4, 15);
        percent_push_trouble = one_of(0, 0, 15, 50);
        percent_collected = one_of(0, 20, 70, 100);
        percent_interrupted = one_of(0, 0, 0, 3);
        tries = 1 + static_cast<int>(random() % 3);
        retries = static_cast<int>(random() % 3);
        cores = 1 + static_cast<int>(random() % 3);
        flaky = random() % 3 == 0;
        through_pull = random() % 20 == 0;
        version = one_of("2.8.0", "2.26.3");
        for (int host = 1; host <= fleet.hosts; ++host)
            if (random() % 5 == 0) optional += " h" + std::to_string(host);
    }
    std::uint64_t chance = 0;
    fakes::FakeFleet::Wishes fleet;
    int runs = 1, tries = 1, retries = 0, cores = 1;
    int percent_move = 0, percent_trouble = 0, percent_push_trouble = 0, percent_collected = 0, percent_interrupted = 0;
    bool flaky = false, through_pull = false;
    std::string optional;  ///< " h1 h4"
    const char* version = "";
};

/// How often what happened, so that a run of the test can show that it was about something.
struct Tally {
    int landed = 0, proposed = 0, unchanged = 0, base_moved = 0, base_refused = 0, infrastructure = 0, interrupted = 0;
    int landed_on_moved_base = 0, unbuilt_in_landing_run = 0, must_land = 0, overtaken = 0;
};

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
        if (happens(wishes_.percent_move, "move " + key)) move_base();
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
        const bool broken = happens(wishes_.percent_push_trouble / 8, what);
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
            .getenv = [](const char*) { return std::string(); }};
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
        EXPECT_LE(done, 1) << how;
        if (landed) {
            EXPECT_EQ(done, 1) << how;
            EXPECT_EQ(ending.exit, ExitCode::ok);
            EXPECT_EQ(ours_, std::vector<std::string>{report.repo.candidate_commit});
            EXPECT_EQ(report.repo.base_after, report.repo.candidate_commit);
        } else if (done > 0) {
            check_untold_landing(ending.exit, how);
        }
        if (ending.exit == ExitCode::base_moved) {
            EXPECT_GE(moves_ - moves_at_start_, wishes_.tries) << how;
            EXPECT_GE(pushes, wishes_.tries) << how;
        }
        EXPECT_NE(ending.exit, ExitCode::internal) << how;
        check_hosts(report, store, landed);
        check_that_it_lands(settings, report, how);
        count(report, pushes);
    }

    /// It moved base and cannot know: the push ended without an answer, and what came next hid or lost the answer.
    void check_untold_landing(ExitCode exit, const std::string& how) {
        ++tally_.overtaken;
        if (std::getenv("LOCKSTEP_HISTORY_TALLY") != nullptr) std::printf("untold: %s\n", how.c_str());
        const bool covered = git_.tip() != ours_.front();
        EXPECT_TRUE(covered || exit == ExitCode::infrastructure || exit == ExitCode::terminated) << how;
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

    void count(const RunReport& report, int pushes) {
        const auto& ending = report.ending;
        tally_.landed += ending.outcome == Outcome::landed ? 1 : 0;
        tally_.landed_on_moved_base += ending.outcome == Outcome::landed && pushes > 1 ? 1 : 0;
        tally_.proposed += ending.outcome == Outcome::proposed ? 1 : 0;
        tally_.unchanged += ending.outcome == Outcome::unchanged ? 1 : 0;
        tally_.base_moved += ending.exit == ExitCode::base_moved ? 1 : 0;
        tally_.base_refused += ending.exit == ExitCode::base_refused ? 1 : 0;
        tally_.infrastructure += ending.exit == ExitCode::infrastructure ? 1 : 0;
        tally_.interrupted += ending.exit == ExitCode::terminated ? 1 : 0;
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
    RecordProperty("landed", tally.landed);
    if (std::getenv("LOCKSTEP_HISTORY_TALLY") != nullptr)
        std::printf(
            "landed %d (moved base %d, proved before %d hosts, must %d) proposed %d unchanged %d moved %d "
            "refused %d infra %d interrupted %d overtaken %d\n",
            tally.landed, tally.landed_on_moved_base, tally.unbuilt_in_landing_run, tally.must_land, tally.proposed,
            tally.unchanged, tally.base_moved, tally.base_refused, tally.infrastructure, tally.interrupted,
            tally.overtaken);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Histories, ::testing::Range<std::uint64_t>(0, k_parts));

}  // namespace
}  // namespace lockstep::test
