// SPDX-License-Identifier: MIT
// Fault table, rows 22 to 26 and 29: whole runs that end in a pull request, at forges that fail, limit, stall, lie by
// silence or stop believing the token. The parts are tested in contract/forge_contract_faults_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/forge_session.hpp"
#include "edges/curl_http.hpp"
#include "fakes/fake_forge.hpp"
#include "graph/fault_rig.hpp"

namespace lockstep::test {
namespace {

namespace fault = fakes::fault;
using fakes::FakeForge;
using fakes::ForgeKind;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* k_create = "/pulls$";
constexpr fakes::Occurrence k_always{1, 0};

class ForgeRows : public ::testing::TestWithParam<ForgeKind> {
protected:
    ForgeRows()
        : bare_(GitRepo::make_bare(dir_ / "fleet.git")),
          first_(bare_.commit("main", {{"flake.nix", fakes::flake_text(1)}, {"flake.lock", fakes::lock_text(1)}})),
          forge_({.kind = GetParam(), .repository = bare_.path()}),
          machine_(dir_ / "machine", bare_, forge_.clone_url(), {.token = forge_.token()}) {
        machine_.config.land.mode = LandMode::pull_request;
        machine_.make_forge = [this](const Config&) { return session(); };
        machine_.nix().moment = [this](const char* moment) {
            if (std::string(moment) != "building") return;
            built_ = true;
            if (meanwhile_) meanwhile_();
        };
    }

    Result<std::unique_ptr<Forge>> session() {
        for (const auto& row : forge::registry())
            if (row.name == forge_.kind())
                return std::unique_ptr<Forge>(
                    std::make_unique<ForgeSession>(row.make({forge_.web_root(), forge_.api_base(), "ada", "fleet"}),
                                                   http_, machine_.own_clock, forge_.token(), options_));
        return Error{ErrorKind::internal, "no such dialect", "", ""};
    }

    /// The branch is pushed, base is where it was.
    void expect_pushed(const RunReport& report) const {
        EXPECT_EQ(bare_.ref("main"), first_);
        EXPECT_EQ(bare_.ref(report.repo.branch), report.repo.candidate_commit) << how_it_ended(report);
    }
    void expect_proposed(const RunReport& report) {
        EXPECT_EQ(report.ending.outcome, Outcome::proposed_green) << how_it_ended(report);
        EXPECT_EQ(report.ending.exit, ExitCode::ok) << how_it_ended(report);
        expect_pushed(report);
        ASSERT_THAT(forge_.pulls(), SizeIs(1));
        EXPECT_EQ(forge_.pulls().front().head_sha, report.repo.candidate_commit);
    }
    [[nodiscard]] std::size_t creations() const { return forge_.requests("POST", k_create).size(); }
    [[nodiscard]] milliseconds waited() const {
        milliseconds sum{0};
        for (const auto sleep : machine_.own_clock.sleeps) sum += sleep;
        return sum;
    }

    TempDir dir_;
    GitRepo bare_;
    std::string first_;
    FakeForge forge_;
    CurlHttp http_;
    ForgeSession::Options options_;
    Machine machine_;
    std::function<void()> meanwhile_;
    std::atomic<bool> built_{false};
};

#define LOCKSTEP_FORGE_ROW(name)             \
    using name = ForgeRows;                  \
    INSTANTIATE_TEST_SUITE_P(Dialects, name, \
                             ::testing::Values(ForgeKind::github, ForgeKind::gitea, ForgeKind::forgejo), dialect)

std::string dialect(const ::testing::TestParamInfo<ForgeKind>& one) {
    return one.param == ForgeKind::github ? "github" : one.param == ForgeKind::gitea ? "gitea" : "forgejo";
}

LOCKSTEP_FORGE_ROW(FaultRow22);
TEST_P(FaultRow22, ServerErrorsAreTriedAgain) {
    forge_.faults().on("POST", k_create, fault::bad_gateway_before(500), {1, 1});
    forge_.faults().on("POST", k_create, fault::bad_gateway_before(504), {2, 1});
    const auto report = machine_.run();
    expect_proposed(report);
    EXPECT_EQ(creations(), 3U);
    EXPECT_GE(waited(), seconds(2));
}

TEST_P(FaultRow22, ForgeThatStaysDownEndsAfterThePushAndNamesTheMissingStep) {
    forge_.faults().on("POST", k_create, fault::bad_gateway_before(503), k_always);
    const auto report = machine_.run();
    EXPECT_EQ(report.ending.exit, ExitCode::infrastructure) << how_it_ended(report);
    EXPECT_THAT(report.ending.reason, HasSubstr("could not open the pull request"));
    expect_pushed(report);
    EXPECT_THAT(forge_.pulls(), IsEmpty());
    EXPECT_LE(waited(), seconds(125)) << "two minutes, and no more";
    EXPECT_LE(creations(), 12U);
    // The next run makes good what is missing, on the same branch.
    forge_.faults().clear();
    ++machine_.nix().upstream_lock;
    expect_proposed(machine_.run());
    EXPECT_EQ(bare_.refs().size(), 2U);
}

LOCKSTEP_FORGE_ROW(FaultRow23);
TEST_P(FaultRow23, RateLimitsAreWaitedForAsTold) {
    forge_.faults().on("POST", k_create, fault::rate_limited(429, 17), {1, 1});
    const auto report = machine_.run();
    expect_proposed(report);
    EXPECT_THAT(machine_.own_clock.sleeps, Contains(seconds(17)));
    EXPECT_EQ(creations(), 2U);
}

TEST_P(FaultRow23, ALimitWithoutAWordMeansAMinuteAndThenAnEnd) {
    forge_.faults().on("POST", k_create, fault::rate_limited(429), k_always);
    const auto report = machine_.run();
    EXPECT_EQ(report.ending.exit, ExitCode::infrastructure) << how_it_ended(report);
    EXPECT_THAT(machine_.own_clock.sleeps, Contains(Ge(milliseconds(seconds(60)))));
    EXPECT_LE(creations(), 3U) << "never hammer";
    expect_pushed(report);
}

LOCKSTEP_FORGE_ROW(FaultRow24);
TEST_P(FaultRow24, AnswersThatNeverEndAreLeftAlone) {
    options_.timeout = milliseconds(400);
    options_.budget = seconds(2);
    for (const auto& what :
         {fault::hang(), fault::hang(40), fault::trickle(1, milliseconds(50)), fault::endless_body()}) {
        forge_.faults().clear();
        forge_.faults().on("GET", k_create, what, k_always);
        const auto report = machine_.run();
        EXPECT_EQ(report.ending.exit, ExitCode::infrastructure) << how_it_ended(report);
        EXPECT_EQ(bare_.ref("main"), first_);
        EXPECT_THAT(forge_.pulls(), IsEmpty());
    }
    static_cast<void>(forge_.take_violations());  // the lies themselves
}

LOCKSTEP_FORGE_ROW(FaultRow25);
TEST_P(FaultRow25, PullRequestWhoseAnswerWasLostIsFoundAndNotOpenedTwice) {
    const std::vector<fakes::Fault> losses{fault::cut_after_work(), fault::cut_after_work(20),
                                           fault::cut_after_work(400), fault::bad_gateway_after(),
                                           fault::bad_gateway_after(504)};
    for (std::size_t i = 0; i < losses.size(); ++i) {
        SCOPED_TRACE(i);
        forge_.faults().clear();
        forge_.with_state([](fakes::ForgeState& state) { state.pulls.clear(); });
        bare_.delete_ref("refs/heads/flake-update/2026-11-18");
        forge_.faults().on("POST", k_create, losses[i]);
        const auto before = creations();
        expect_proposed(machine_.run());
        EXPECT_EQ(creations(), before + 1) << "asked for once";
        EXPECT_EQ(forge_.faults().applied(), static_cast<int>(i) + 1);
        ++machine_.nix().upstream_lock;
    }
}

LOCKSTEP_FORGE_ROW(FaultRow26);
TEST_P(FaultRow26, AWrongTokenIsFoundBeforeTheBuild) {
    forge_.faults().on("", ".*", fault::answer(401, R"({"message":"Bad credentials"})"), k_always);
    const auto report = machine_.run();
    EXPECT_EQ(report.ending.exit, ExitCode::credentials) << how_it_ended(report);
    EXPECT_FALSE(built_);
    static_cast<void>(forge_.take_violations());
}

TEST_P(FaultRow26, ATokenThatOnlyTheForgeRefusesIsFoundBeforeTheBuild) {
    forge_.faults().on("GET", "/repos/ada/fleet$", fault::answer(401, R"({"message":"Bad credentials"})"), k_always);
    const auto report = machine_.run();
    EXPECT_EQ(report.ending.exit, ExitCode::credentials) << how_it_ended(report);
    EXPECT_FALSE(built_);
    static_cast<void>(forge_.take_violations());
}

TEST_P(FaultRow26, ATokenThatMayReadButNotPushIsFoundBeforeTheBuild) {
    bare_.git({"config", "http.receivepack", "false"});
    const auto report = machine_.run();
    EXPECT_EQ(report.ending.exit, ExitCode::credentials) << how_it_ended(report);
    EXPECT_FALSE(built_);
}

TEST_P(FaultRow26, TokenThatExpiresBeforeThePushLeavesTheCommitHere) {
    for (const auto mode : {LandMode::push, LandMode::pull_request}) {
        machine_.config.land.mode = mode;
        forge_.faults().clear();
        meanwhile_ = [this] {
            forge_.faults().on("", ".*", fault::answer(401, R"({"message":"Bad credentials"})"), k_always);
        };
        const auto report = machine_.run();
        EXPECT_EQ(report.ending.exit, ExitCode::credentials) << how_it_ended(report);
        EXPECT_EQ(bare_.refs().size(), 1U);
        EXPECT_EQ(bare_.ref("main"), first_);
        EXPECT_EQ(machine_.private_repository().ref("flake-update/2026-11-18"), report.repo.candidate_commit);
        ++machine_.nix().upstream_lock;
    }
    static_cast<void>(forge_.take_violations());
}

TEST_P(FaultRow26, TokenThatExpiresAfterThePushIsAMatterOfCredentials) {
    meanwhile_ = [this] {
        forge_.faults().on("POST", k_create, fault::answer(401, R"({"message":"Bad credentials"})"), k_always);
    };
    const auto report = machine_.run();
    EXPECT_EQ(report.ending.exit, ExitCode::credentials) << how_it_ended(report);
    EXPECT_THAT(report.ending.reason, HasSubstr("open the pull request"));
    expect_pushed(report);
    static_cast<void>(forge_.take_violations());
}

LOCKSTEP_FORGE_ROW(FaultRow29);
TEST_P(FaultRow29, AnotherDaysRunUpdatesTheOpenPullRequest) {
    expect_proposed(machine_.run());
    const auto number = forge_.pulls().front().number;
    for (int day = 1; day <= 3; ++day) {
        machine_.settings.now += std::chrono::hours(24);
        ++machine_.nix().upstream_lock;
        expect_proposed(machine_.run());
        EXPECT_EQ(forge_.pulls().front().number, number);
        EXPECT_THAT(forge_.comments(number), SizeIs(1)) << "one comment, edited";
        EXPECT_EQ(bare_.refs().size(), 2U) << "one branch";
    }
}

TEST_P(FaultRow29, APushThatThePullRequestNeverHeardOfIsStillOurs) {
    expect_proposed(machine_.run());
    machine_.settings.now += std::chrono::hours(24);
    ++machine_.nix().upstream_lock;
    forge_.faults().on("PATCH", "/pulls/", fault::answer(422), k_always);
    const auto cut_off = machine_.run();
    EXPECT_EQ(bare_.ref(cut_off.repo.branch), cut_off.repo.candidate_commit) << how_it_ended(cut_off);
    forge_.faults().clear();
    machine_.settings.now += std::chrono::hours(24);
    ++machine_.nix().upstream_lock;
    expect_proposed(machine_.run());
    EXPECT_EQ(bare_.refs().size(), 2U) << "one branch";
}

TEST_P(FaultRow29, LandingAnotherDayTakesAwayTheBranchAndThePullRequest) {
    expect_proposed(machine_.run());
    machine_.settings.now += std::chrono::hours(24);
    ++machine_.nix().upstream_lock;
    machine_.config.land.mode = LandMode::push;
    const auto report = machine_.run();
    EXPECT_EQ(report.ending.outcome, Outcome::landed) << how_it_ended(report);
    EXPECT_EQ(bare_.refs().size(), 1U);
    EXPECT_THAT(forge_.open_pulls(), IsEmpty());
}

TEST_P(FaultRow29, LandingLeavesAPullRequestAloneThatHoldsSomebodysCommits) {
    const auto branch = machine_.run().repo.branch;
    const auto theirs = bare_.commit(branch, {{"hosts.nix", "mended by hand"}});
    machine_.settings.now += std::chrono::hours(24);
    ++machine_.nix().upstream_lock;
    machine_.config.land.mode = LandMode::push;
    EXPECT_EQ(machine_.run().ending.outcome, Outcome::landed);
    EXPECT_EQ(bare_.ref(branch), theirs);
    EXPECT_THAT(forge_.open_pulls(), SizeIs(1));
}

TEST_P(FaultRow29, APullRequestWhoseCommitSomebodyAmendedIsLeftAlone) {
    const auto branch = machine_.run().repo.branch;
    const GitRepo::Files files{{"flake.lock", bare_.show(branch, "flake.lock")}, {"hosts.nix", "mended by hand"}};
    const auto theirs = bare_.make_commit(first_, files, bare_.git({"log", "-1", "--format=%B", branch}));
    bare_.set_ref("refs/heads/" + branch, theirs);
    machine_.settings.now += std::chrono::hours(24);
    ++machine_.nix().upstream_lock;
    const auto report = machine_.run();
    EXPECT_EQ(report.ending.outcome, Outcome::proposed_green) << how_it_ended(report);
    EXPECT_EQ(bare_.ref(branch), theirs) << "overwritten";
    EXPECT_THAT(forge_.pulls(), SizeIs(2)) << "the update has one of its own";
}

TEST_P(FaultRow29, APullRequestWithACommitOfSomebodyElseIsLeftAlone) {
    expect_proposed(machine_.run());
    const auto branch = forge_.pulls().front().head;
    const auto theirs = bare_.commit(branch, {{"hosts.nix", "mended by hand"}});
    machine_.settings.now += std::chrono::hours(24);
    ++machine_.nix().upstream_lock;
    const auto report = machine_.run();
    EXPECT_EQ(report.ending.outcome, Outcome::proposed_green) << how_it_ended(report);
    EXPECT_EQ(bare_.ref(branch), theirs) << "overwritten";
    EXPECT_THAT(report.notices, Contains(HasSubstr("commits that lockstep did not write")));
    EXPECT_THAT(forge_.pulls(), SizeIs(2)) << "the update has one of its own";
}

}  // namespace
}  // namespace lockstep::test
