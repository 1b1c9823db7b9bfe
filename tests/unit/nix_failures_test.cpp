// SPDX-License-Identifier: MIT
// Judgements over recordings of really failed builds, evaluations and updates: tests/data/nix/<version>/. Each file
// begins with "# exit N". Recorded with the programs of Nix 2.8.0, 2.26.3 and 2.34.8.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lockstep/adapters/nix.hpp"
#include "lockstep/core/text.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::nix {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Values;

struct Recording {
    int exit = -1;
    std::string text;
};

Recording recording(const std::string& version, const std::string& name) {
    auto text = test::read_file(std::string(LOCKSTEP_TEST_DATA) + "/nix/" + version + "/" + name + ".log");
    const auto line_end = text.find('\n');
    if (!text.starts_with("# exit ") || line_end == std::string::npos) {
        ADD_FAILURE() << "no recording " << version << "/" << name;
        return {};
    }
    return {std::stoi(text.substr(7)), text.substr(line_end + 1)};
}

ExitStatus exited(int code) {
    return {.kind = ExitStatus::Kind::exited, .code = code};
}

Capabilities this_machine() {
    Capabilities can;
    can.system = "x86_64-linux";
    can.systems = {"x86_64-linux", "i686-linux"};
    can.features = {"benchmark"};
    return can;
}

/// What a realisation's log says about one derivation, as the build graph collects it.
struct Story {
    BuildFacts build;
    DrvNode node;
    RealiseFacts realise;
};

Story read_story(const Recording& recorded, const std::string& drv_name) {
    Story story;
    story.realise.status = exited(recorded.exit);
    story.node.system = "x86_64-linux";
    const auto end = recorded.text.find("-" + drv_name + ".drv");
    if (end != std::string::npos) {
        const auto begin = recorded.text.rfind("/nix/store/", end);
        story.node.path = recorded.text.substr(begin, end + drv_name.size() + 5 - begin);
    }
    if (story.node.path.empty()) story.node.path = "/nix/store/00000000000000000000000000000000-" + drv_name + ".drv";
    story.build.drv = story.node.path;
    std::uint64_t id = 0;
    for (const auto& line : lines_of(recorded.text)) {
        const auto record = parse_log_line(line);
        if (record.kind == LogRecord::Kind::build_start && record.drv == story.node.path) {
            story.build.started = true;
            id = record.id;
        }
        if (record.kind == LogRecord::Kind::build_line && record.id == id) story.build.tail.push_back(record.text);
        if (record.kind == LogRecord::Kind::message && record.level == 0) story.realise.errors.push_back(record.text);
        if (record.kind == LogRecord::Kind::plain && record.text.starts_with("error:"))
            story.realise.errors.push_back(record.text);
    }
    return story;
}

class NixFailures : public ::testing::TestWithParam<const char*> {
protected:
    FailureJudgement judge(const std::string& name, const std::string& drv_name,
                           const std::function<void(Story&)>& change = {}) {
        auto story = read_story(recording(GetParam(), name), "lab-" + drv_name);
        if (change) change(story);
        return judge_failure(story.build, story.node, story.realise, this_machine());
    }
};
INSTANTIATE_TEST_SUITE_P(Recorded, NixFailures, Values("2.8", "2.26", "2.34"),
                         [](const auto& version) { return replace_all(version.param, ".", "_"); });

TEST_P(NixFailures, BuildersThatFail) {
    for (const std::string prefix : {"", "daemon-"}) {
        const auto failed = judge(prefix + "fails", "fails");
        EXPECT_EQ(failed.cls, CauseClass::builder_failed) << prefix;
        EXPECT_EQ(failed.first_error, "error: no such header");
        EXPECT_EQ(judge(prefix + "hash", "hash").cls, CauseClass::hash_mismatch);
        EXPECT_EQ(judge(prefix + "nooutput", "nooutput").cls, CauseClass::output_missing);
        const auto killed = judge(prefix + "signal9", "signal9");
        EXPECT_EQ(killed.cls, CauseClass::killed);
        EXPECT_THAT(killed.first_error, HasSubstr("signal 9"));
    }
    EXPECT_EQ(judge("signal11", "signal11").cls, CauseClass::builder_failed);
    EXPECT_EQ(judge("nobuilder", "nobuilder").cls, CauseClass::builder_failed);
    EXPECT_THAT(judge("hash", "hash").first_error, HasSubstr("got: sha256-"));
}

TEST_P(NixFailures, TimeOuts) {
    for (const std::string prefix : {"", "daemon-"}) {
        EXPECT_EQ(judge(prefix + "timeout", "timeout",
                        [](Story& story) {
                            story.realise.build_timeout = Millis(1000);
                            story.realise.silent_timeout = Millis(60'000);
                            story.build.duration = Millis(1050);
                            story.build.longest_silence = Millis(300);
                        })
                      .cls,
                  CauseClass::timeout_total);
        EXPECT_EQ(judge(prefix + "silent", "silent",
                        [](Story& story) {
                            story.realise.build_timeout = Millis(60'000);
                            story.realise.silent_timeout = Millis(1000);
                            story.build.duration = Millis(1050);
                            story.build.longest_silence = Millis(1040);
                        })
                      .cls,
                  CauseClass::timeout_silent);
    }
}

TEST_P(NixFailures, LimitsAndAbilities) {
    EXPECT_EQ(judge("loglimit", "loglimit").cls, CauseClass::log_limit);
    const auto system = judge("system", "system", [](Story& story) { story.node.system = "riscv64-linux"; });
    EXPECT_EQ(system.cls, CauseClass::missing_system);
    EXPECT_THAT(system.first_error, HasSubstr("riscv64-linux"));
    const auto feature =
        judge("feature", "feature", [](Story& story) { story.node.required_features = {"lockstep-exotic"}; });
    EXPECT_EQ(feature.cls, CauseClass::missing_feature);
    EXPECT_THAT(feature.first_error, HasSubstr("lockstep-exotic"));
}

TEST_P(NixFailures, TroubleThatIsNotTheBuildersFault) {
    const auto space = judge("nospace", "nospace");
    EXPECT_EQ(space.cls, CauseClass::no_space);
    EXPECT_THAT(space.first_error, HasSubstr("No space left"));
    const auto fixed = [](Story& story) { story.node.fixed_output = true; };
    EXPECT_EQ(judge("fetchrefused", "fetchrefused", fixed).cls, CauseClass::fetch_failed);
    EXPECT_EQ(judge("fetchcurl", "fetchcurl", fixed).cls, CauseClass::fetch_failed);
    EXPECT_EQ(judge("fetchcurl", "fetchcurl").cls, CauseClass::builder_failed)
        << "only a fixed-output build has a network";
    const auto gone = judge("fetch404", "fetch404", fixed);
    EXPECT_EQ(gone.cls, CauseClass::builder_failed) << "a dead address stays dead";
    EXPECT_THAT(gone.first_error, HasSubstr("404"));
    EXPECT_EQ(judge("daemon-worker-killed", "silent").cls, CauseClass::daemon_lost);
    EXPECT_EQ(judge("daemon-gone", "fails").cls, CauseClass::daemon_lost);
    EXPECT_EQ(judge("substituter", "fails").cls, CauseClass::builder_failed) << "a dead cache is only a warning";
}

TEST_P(NixFailures, OnlyTheFirstFailureIsJudgedFailed) {
    EXPECT_EQ(judge("dependency2", "fails").cls, CauseClass::builder_failed);
    EXPECT_EQ(judge("dependency2", "dependency").cls, CauseClass::unknown);
    EXPECT_EQ(judge("dependency2", "dependency2").cls, CauseClass::unknown);
}

TEST_P(NixFailures, Evaluations) {
    const auto judged = [&](const std::string& name) {
        const auto recorded = recording(GetParam(), "eval-" + name);
        return classify_evaluation_failure(exited(recorded.exit), recorded.text);
    };
    for (const char* name : {"throw", "missing-attribute", "infinite-recursion", "abort", "assert", "stack-overflow",
                             "syntax", "no-host", "ifd", "ifd-system", "impure", "unlocked", "narhash", "lock-conflict",
                             "lock-version", "fetch-404", "input-gone"})
        EXPECT_EQ(judged(name), CauseClass::evaluation) << name;
    EXPECT_EQ(judged("fetch-refused"), CauseClass::fetch_failed);
}

TEST_P(NixFailures, FirstErrorLines) {
    const auto first = [&](const std::string& name) { return first_error_line(recording(GetParam(), name).text); };
    EXPECT_EQ(first("eval-throw"), "error: host h is not supported");
    EXPECT_EQ(first("eval-missing-attribute"), "error: attribute 'nosuch' missing");
    EXPECT_EQ(first("eval-infinite-recursion"), "error: infinite recursion encountered");
    EXPECT_EQ(first("eval-abort"), "error: evaluation aborted with the following error message: 'stop'");
    EXPECT_THAT(first("eval-ifd"), HasSubstr("failed with exit code 3"));
    EXPECT_THAT(first("update-git-refused"), HasSubstr("fatal: unable to access 'http://127.0.0.1:1/x.git/'"));
    EXPECT_THAT(first("update-git-401"), HasSubstr("could not read Username"));
    EXPECT_THAT(first("update-ssh-refused"), HasSubstr("ssh: connect to host"));
}

TEST_P(NixFailures, Updates) {
    const auto judged = [&](const std::string& name) {
        return classify_update_failure(recording(GetParam(), "update-" + name).text);
    };
    for (const char* name : {"http-refused", "http-dns", "http-500", "http-503", "git-refused", "ssh-refused"})
        EXPECT_EQ(judged(name), UpdateTrouble::network) << name;
    for (const char* name : {"http-429", "git-429"}) EXPECT_EQ(judged(name), UpdateTrouble::rate_limited) << name;
    for (const char* name : {"http-401", "http-403", "git-401", "git-403"})
        EXPECT_EQ(judged(name), UpdateTrouble::auth) << name;
    for (const char* name : {"lock-conflict", "lock-version"})
        EXPECT_EQ(judged(name), UpdateTrouble::lock_unreadable) << name;
    for (const char* name : {"syntax", "http-404", "git-404", "input-gone", "ref-gone"})
        EXPECT_EQ(judged(name), UpdateTrouble::flake_broken) << name;
}

// ── without recordings ────────────────────────────────────────────────────────────────────────────────────────────

TEST(NixJudgement, EvaluationsEndedFromOutside) {
    using Exit = ExitStatus::Kind;
    const auto judged = [](ExitStatus status) { return classify_evaluation_failure(status, "error: something"); };
    EXPECT_EQ(judged({.kind = Exit::timed_out}), CauseClass::evaluation_timeout);
    EXPECT_EQ(judged({.kind = Exit::silent}), CauseClass::evaluation_timeout);
    EXPECT_EQ(judged({.kind = Exit::interrupted}), CauseClass::killed);
    EXPECT_EQ(judged({.kind = Exit::not_started}), CauseClass::unknown);
    EXPECT_EQ(judged({.kind = Exit::signalled, .signal = 9}), CauseClass::evaluation_killed);
    EXPECT_EQ(judged({.kind = Exit::signalled, .signal = 11}), CauseClass::evaluation);
    EXPECT_EQ(judged(exited(137)), CauseClass::evaluation_killed);
    EXPECT_EQ(judged(exited(1)), CauseClass::evaluation);
    EXPECT_EQ(classify_evaluation_failure(exited(1), ""), CauseClass::unknown) << "no evidence, nobody's fault";
    EXPECT_EQ(classify_evaluation_failure(exited(1), "error: writing to file: No space left on device"),
              CauseClass::no_space);
    EXPECT_EQ(classify_evaluation_failure(exited(1), "error: cannot connect to socket at '/x': Connection refused"),
              CauseClass::daemon_lost);
    EXPECT_EQ(classify_evaluation_failure(exited(1), "GC Warning\nerror: out of memory"), CauseClass::out_of_memory);
}

TEST(NixJudgement, WarningsDoNotDecideAnEvaluation) {
    EXPECT_EQ(
        classify_evaluation_failure(exited(1),
                                    "warning: unable to download 'http://cache/x': Couldn't connect to server (7)\n"
                                    "error: attribute 'x' missing"),
        CauseClass::evaluation);
}

TEST(NixJudgement, RateLimitsOfGitHubAreNoCredentialTrouble) {
    EXPECT_EQ(classify_update_failure(
                  "error: unable to download 'https://api.github.com/repos/x/y/commits/HEAD': HTTP error 403\n"
                  "       response body: {}"),
              UpdateTrouble::auth);
    EXPECT_EQ(classify_update_failure(
                  "error: unable to download 'https://api.github.com/x': HTTP error 403 (rate limit exceeded)"),
              UpdateTrouble::rate_limited);
    EXPECT_EQ(classify_update_failure(""), UpdateTrouble::unknown);
    EXPECT_EQ(classify_update_failure("Killed"), UpdateTrouble::unknown);
    EXPECT_EQ(classify_update_failure("error: writing file: No space left on device"), UpdateTrouble::unknown);
}

FailureJudgement judge(std::vector<std::string> errors, ExitStatus status = exited(1), bool started = true) {
    BuildFacts build;
    build.started = started;
    DrvNode node;
    node.path = build.drv = "/nix/store/h-x.drv";
    node.system = "x86_64-linux";
    RealiseFacts realise;
    realise.status = status;
    realise.errors = std::move(errors);
    realise.interrupted = status.kind == ExitStatus::Kind::interrupted;
    return judge_failure(build, node, realise, this_machine());
}

TEST(NixJudgement, NoEvidenceIsUnknown) {
    EXPECT_EQ(judge({}).cls, CauseClass::unknown);
    EXPECT_EQ(judge({}, exited(100)).cls, CauseClass::unknown) << "an exit code is no evidence";
    EXPECT_EQ(judge({"error: builder for '/nix/store/h-other.drv' failed with exit code 1"}).cls, CauseClass::unknown);
    EXPECT_EQ(judge({"error: build of '/nix/store/h-x.drv' failed"}).cls, CauseClass::unknown)
        << "also lists what was never tried";
    EXPECT_FALSE(judge({}).first_error.empty());
}

TEST(NixJudgement, InterruptionsAndSignalsAreKills) {
    EXPECT_EQ(judge({}, {.kind = ExitStatus::Kind::interrupted}).cls, CauseClass::killed);
    EXPECT_EQ(judge({}, {.kind = ExitStatus::Kind::signalled, .signal = 9}).cls, CauseClass::killed);
    EXPECT_EQ(judge({"error: interrupted by the user"}).cls, CauseClass::killed);
    EXPECT_EQ(judge({"error: builder for '/nix/store/h-x.drv' failed with exit code 1"},
                    {.kind = ExitStatus::Kind::interrupted})
                  .cls,
              CauseClass::builder_failed)
        << "it had failed before";
}

TEST(NixJudgement, TheMoreTellingOfTwoMessagesSpeaks) {
    const std::string plain = "error: builder for '/nix/store/h-x.drv' failed with exit code 1";
    const std::string telling = "error: building of '/nix/store/h-x.drv^*' timed out after 2 seconds";
    EXPECT_EQ(judge({telling, plain}).cls, CauseClass::timeout_total);
    EXPECT_EQ(judge({plain, telling}).cls, CauseClass::timeout_total);
}

TEST(NixJudgement, QuotedLogLinesAreNotNixsWords) {
    EXPECT_EQ(judge({"error: builder for '/nix/store/h-x.drv' failed with exit code 1;\n       last 1 log lines:\n"
                     "       > No space left on device; hash mismatch in fixed-output derivation"})
                  .cls,
              CauseClass::builder_failed);
}

TEST(NixJudgement, AnUnnamedTimeOutBelongsToABuildThatRanLongEnough) {
    Story story;
    story.node.path = story.build.drv = "/nix/store/h-x.drv";
    story.node.system = "x86_64-linux";
    story.build.started = true;
    story.realise.status = exited(1);
    story.realise.errors = {"error: timed out after 10 seconds"};
    story.realise.build_timeout = Millis(10'000);
    const auto judged = [&] { return judge_failure(story.build, story.node, story.realise, this_machine()).cls; };
    story.build.duration = Millis(3000);
    EXPECT_EQ(judged(), CauseClass::unknown);
    story.build.duration = Millis(10'010);
    EXPECT_EQ(judged(), CauseClass::timeout_total);
    story.realise.silent_timeout = Millis(10'000);
    story.build.longest_silence = Millis(100);
    EXPECT_EQ(judged(), CauseClass::timeout_total);
    story.build.longest_silence = Millis(10'005);
    EXPECT_EQ(judged(), CauseClass::timeout_silent);
}

TEST(NixJudgement, WhatNobodyHereCanBuild) {
    Story story;
    story.node.path = "/nix/store/h-x.drv";
    story.realise.status = exited(1);
    const auto judged = [&] { return judge_failure(story.build, story.node, story.realise, this_machine()).cls; };
    story.node.system = "aarch64-linux";
    EXPECT_EQ(judged(), CauseClass::missing_system);
    story.node.system = "builtin";
    EXPECT_EQ(judged(), CauseClass::unknown);
    story.node.required_features = {"benchmark", "kvm"};
    EXPECT_EQ(judged(), CauseClass::missing_feature);
    story.build.started = true;
    EXPECT_EQ(judged(), CauseClass::unknown) << "it was started: somebody could";
}

/// Seen on 2.8.0, 2.26.3 and 2.34.8 with a cache that has a path and answers 500 for its archive.
TEST(NixFailureWords, ACacheThatBreaksItsPromiseIsToBlame) {
    DrvNode node;
    node.path = "/nix/store/ns2pw8c18gcvyra7lzz5b2v5c6y3wpan-a.drv";
    RealiseFacts realise{.status = exited(1)};
    realise.errors = {
        "error: unable to download 'http://127.0.0.1:5347/nar/a.nar': HTTP error 500",
        "error: path '/nix/store/glf3rh1acfii73281s6ag7jb4nphk29d-a' is required, but there is no substituter that can "
        "build it",
        "error: some substitutes for the outputs of derivation '" + node.path +
            "' failed (usually happens due to networking issues); try '--fallback' to build derivation from source "};
    auto judged = judge_failure({.drv = node.path}, node, realise, this_machine());
    EXPECT_EQ(judged.cls, CauseClass::fetch_failed);
    EXPECT_EQ(judged.first_error, "unable to download 'http://127.0.0.1:5347/nar/a.nar': HTTP error 500");
    realise.errors.erase(realise.errors.begin());
    judged = judge_failure({.drv = node.path}, node, realise, this_machine());
    EXPECT_EQ(judged.cls, CauseClass::fetch_failed);
    EXPECT_THAT(judged.first_error, HasSubstr("some substitutes"));
}

TEST(NixFailureWords, AForgedMessageBlamesNobody) {
    DrvNode node;
    node.path = "/nix/store/ns2pw8c18gcvyra7lzz5b2v5c6y3wpan-a.drv";
    const auto truth = "error: builder for '" + node.path + "' failed due to signal 9 (Killed)";
    const auto lie = "error: builder for '" + node.path + "' failed with exit code 1";
    const auto judged = [&](const std::string& first, const std::string& second, const std::string& machine) {
        const RealiseFacts realise{.status = exited(1), .errors = {first, second}};
        return judge_failure({.drv = node.path, .machine = machine, .started = true}, node, realise, this_machine())
            .cls;
    };
    EXPECT_EQ(judged(truth, lie, ""), CauseClass::killed);
    EXPECT_EQ(judged(lie, truth, ""), CauseClass::killed);
    EXPECT_EQ(judged(lie, lie, ""), CauseClass::builder_failed);
    EXPECT_EQ(judged(truth, lie, "ssh://builder"), CauseClass::builder_failed) << "two messages are usual there";
}

}  // namespace
}  // namespace lockstep::nix
