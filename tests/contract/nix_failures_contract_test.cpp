// SPDX-License-Identifier: MIT
// Builds that really fail, judged with the messages of the Nix on PATH. Its twin over recordings is nix_failures_test.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <future>

#include "edges/supervisor.hpp"
#include "lockstep/adapters/nix.hpp"
#include "support/fleet_fixture.hpp"

namespace lockstep::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using Kind = Recipe::Kind;

/// One host, realised and taken apart as the build graph does it.
struct Attempt {
    int code = -1;
    nix::BuildFacts build;
    DrvNode node;
    nix::RealiseFacts realise;
    nix::Capabilities can;
    bool valid = false;

    [[nodiscard]] nix::FailureJudgement judge() const { return nix::judge_failure(build, node, realise, can); }
};

DrvNode node_of(const std::string& drv) {
    DrvGraph graph;
    const auto root = graph.add(drv, [](const std::string& path) -> Result<std::string> { return read_file(path); });
    return root.ok() ? graph.node(*root) : DrvNode();
}

void read_log(Attempt& attempt, std::string_view log) {
    nix::LineSplitter splitter;
    std::uint64_t id = 0;
    const auto on_line = [&](std::string_view line) {
        const auto record = nix::parse_log_line(line);
        if (record.kind == nix::LogRecord::Kind::build_start && record.drv == attempt.node.path) {
            attempt.build.started = true;
            id = record.id;
        }
        if (record.kind == nix::LogRecord::Kind::build_line && record.id == id)
            attempt.build.tail.push_back(record.text);
        if (record.kind == nix::LogRecord::Kind::message && record.level == 0)
            attempt.realise.errors.push_back(record.text);
    };
    splitter.feed(log, on_line);
    splitter.finish(on_line);
}

Attempt attempt_one(const NixLab& lab, const Recipe& recipe, nix::RealiseRequest request = {}) {
    FleetFixture fleet(lab);
    fleet.host("a", recipe);
    Attempt attempt;
    const auto drv = lab.derivation(fleet.pinned(fleet.commit("x")), "a");
    attempt.node = node_of(drv);
    attempt.build.drv = drv;
    attempt.can = nix::parse_settings(lab.run(nix::settings_command(lab.setup())).out, [](const std::string&) {
                      return "";
                  }).value();
    request.drvs = {drv};
    const auto ran = lab.run(nix::realise_command(lab.setup(), request));
    attempt.code = ran.code;
    attempt.realise.status = {.kind = ExitStatus::Kind::exited, .code = ran.code};
    attempt.realise.build_timeout = attempt.build.duration = request.build_timeout;
    attempt.realise.silent_timeout = attempt.build.longest_silence = request.silent_timeout;
    read_log(attempt, ran.err);
    attempt.valid = lab.valid(attempt.node.outputs.at(0));
    return attempt;
}

class NixFailuresContract : public ::testing::Test {
protected:
    void SetUp() override { LOCKSTEP_NEEDS_NIX(); }
};

TEST_F(NixFailuresContract, EachKindIsKnown) {
    const std::vector<std::pair<Kind, CauseClass>> expected = {{Kind::fails, CauseClass::builder_failed},
                                                               {Kind::killed, CauseClass::killed},
                                                               {Kind::no_output, CauseClass::output_missing},
                                                               {Kind::wrong_hash, CauseClass::hash_mismatch},
                                                               {Kind::no_space, CauseClass::no_space},
                                                               {Kind::foreign_system, CauseClass::missing_system},
                                                               {Kind::exotic_feature, CauseClass::missing_feature}};
    for (const auto& [kind, cls] : expected) {
        NixLab lab;
        const auto attempt = attempt_one(lab, {kind});
        EXPECT_NE(attempt.code, 0);
        EXPECT_FALSE(attempt.valid);
        EXPECT_EQ(attempt.judge().cls, cls)
            << cause_word(cls) << ", not " << cause_word(attempt.judge().cls) << ": " << attempt.judge().first_error;
    }
}

TEST_F(NixFailuresContract, TimeLimitsAreKept) {
    for (const bool silent : {false, true}) {
        NixLab lab;
        const auto fifo = lab / "fifo";
        ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
        nix::RealiseRequest request;
        (silent ? request.silent_timeout : request.build_timeout) = Millis(1000);
        const auto attempt = attempt_one(lab, {Kind::hangs, fifo.string()}, request);
        EXPECT_EQ(attempt.judge().cls, silent ? CauseClass::timeout_silent : CauseClass::timeout_total);
        EXPECT_FALSE(attempt.valid);
    }
}

TEST_F(NixFailuresContract, ALimitOfTheLogIsKnown) {
    NixLab lab;
    lab.configure("max-build-log-size = 1000");
    const auto attempt = attempt_one(lab, {.kind = Kind::big_log, .amount = 1000});
    EXPECT_EQ(attempt.judge().cls, CauseClass::log_limit);
}

TEST_F(NixFailuresContract, BigLogsArriveWhole) {
    NixLab lab;
    const auto attempt = attempt_one(lab, {.kind = Kind::big_log, .amount = 20'000});
    EXPECT_TRUE(attempt.valid);
    ASSERT_EQ(attempt.build.tail.size(), 20'000u);
    EXPECT_THAT(attempt.build.tail.back(), HasSubstr("line 19999 "));
}

TEST_F(NixFailuresContract, AHostileLogChangesNoVerdict) {
    NixLab good_lab;
    const auto good = attempt_one(good_lab, {.kind = Kind::hostile_log});
    EXPECT_EQ(good.code, 0);
    EXPECT_TRUE(good.valid) << "the forged error does not matter";
    EXPECT_THAT(good.build.tail, Contains(HasSubstr("<script>")));
    EXPECT_THAT(good.build.tail, Contains(HasSubstr(std::string(50'000, 'x')))) << "a long line keeps its build";
    NixLab bad_lab;
    const auto bad = attempt_one(bad_lab, {.kind = Kind::hostile_log, .amount = 3});
    EXPECT_FALSE(bad.valid);
    EXPECT_EQ(bad.judge().cls, CauseClass::builder_failed);
}

/// True while some process has the FIFO open for reading.
bool has_reader(const std::filesystem::path& fifo) {
    const int end = open(fifo.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (end < 0) return false;
    close(end);
    return true;
}

TEST_F(NixFailuresContract, AStoppedRealisationIsInterruptedAndLeavesNoBuilder) {
    NixLab lab;
    const auto fifo = lab / "fifo";
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    FleetFixture fleet(lab);
    fleet.host("a", {Kind::hangs, fifo.string()});
    Attempt attempt;
    attempt.node = node_of(lab.derivation(fleet.pinned(fleet.commit("x")), "a"));

    Supervisor supervisor(lab.full_environment());
    std::string log;
    std::promise<ExitStatus> ended;
    ChildId child = 0;
    std::promise<void> id_known;
    auto known = id_known.get_future().share();
    child = supervisor.submit(
        nix::realise_command(lab.setup(), {.drvs = {attempt.node.path}, .slots = 1}),
        [&](Stream stream, std::string_view chunk) {
            if (stream != Stream::err) return;
            const bool before = log.find("[\"waiting\"]") != std::string::npos;
            log.append(chunk);
            if (before || log.find("[\"waiting\"]") == std::string::npos) return;
            known.wait();
            supervisor.stop(child);
        },
        [&](const ExitStatus& status) { ended.set_value(status); });
    id_known.set_value();
    attempt.realise.status = ended.get_future().get();
    attempt.realise.interrupted = attempt.realise.status.kind == ExitStatus::Kind::interrupted;
    EXPECT_TRUE(attempt.realise.interrupted);
    read_log(attempt, log);
    EXPECT_TRUE(attempt.build.started);
    EXPECT_EQ(attempt.judge().cls, CauseClass::killed);
    EXPECT_FALSE(lab.valid(attempt.node.outputs.at(0)));
    EXPECT_FALSE(has_reader(fifo)) << "Nix ends its builder when it is asked to end";
}

}  // namespace
}  // namespace lockstep::test
