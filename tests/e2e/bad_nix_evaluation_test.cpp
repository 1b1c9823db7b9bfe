// SPDX-License-Identifier: MIT
// Evaluations that are killed, never end or build on the way: they cost the host that they belong to.
#include "e2e/bad_nix_scene.hpp"

namespace lockstep::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BadEvaluation : public ::testing::Test, protected BadNixScene {
protected:
    void SetUp() override { LOCKSTEP_NEEDS_NIX(); }

    /// A host whose evaluation has to build something by `script` first; a builder's parent is the evaluator.
    void host_that_imports(const std::string& name, const std::string& script) {
        host_of(name, "drv (import (drv \"import-" + name + "\" " + nix::string_literal(script) +
                          " { })) \"echo done > $out\" { }");
    }
    /// As a shell would be by the kernel: no word of Nix, no exit code.
    static constexpr const char* k_kill_the_evaluator = "kill -9 $PPID; ";
};

TEST_F(BadEvaluation, KilledBySignal9EachTimeCostsItsHost) {
    plain_host("a");
    host_that_imports("m", k_kill_the_evaluator);
    plain_host("z");
    publish_hosts();
    const auto end = build({"--evaluators", "1"});
    EXPECT_EQ(state(end, "a"), "built") << end.err;
    EXPECT_EQ(state(end, "z"), "built") << end.err;
    EXPECT_EQ(state(end, "m"), "infra_error") << end.err;
    EXPECT_EQ(cause(end, "m"), "evaluation_killed") << end.report["causes"];
    EXPECT_THAT(end.host("m")["detail"].get<std::string>(), HasSubstr("signal 9"));
    EXPECT_THAT(end.err, HasSubstr("m"));
}

/// Killed once: somebody else needed the memory. The host is tried again.
TEST_F(BadEvaluation, KilledBySignal9OnceIsTriedAgain) {
    plain_host("a");
    const auto marker = (lab / "killed").string();
    host_that_imports("m", "if test -e " + marker + "; then echo '\"m\"' > $out; else echo x > " + marker + "; " +
                               k_kill_the_evaluator + "fi");
    plain_host("z");
    publish_hosts();
    const auto end = build({"--evaluators", "1"});
    EXPECT_TRUE(std::filesystem::exists(marker));
    EXPECT_EQ(end.code, 0) << end.err;
    for (const char* name : {"a", "m", "z"}) EXPECT_EQ(state(end, name), "built") << name;
    EXPECT_THAT(end.report["causes"], IsEmpty());
}

/// Ten billion steps in flat memory.
TEST_F(BadEvaluation, WithoutEndRunsOutOfTime) {
    definitions =
        "    many = builtins.genList (i: i) 100000;\n"
        "    forever = builtins.foldl' (a: _: builtins.foldl' (b: _: b) a many) 0 many;\n";
    plain_host("a");
    host_of("m", "drv \"m\" \"echo ${toString forever} > $out\" { }");
    plain_host("z");
    publish_hosts();
    const auto end = build({"--evaluators", "1"}, {"LOCKSTEP_PROVE_EVAL_TIMEOUT=6s"});
    EXPECT_EQ(state(end, "a"), "built") << end.err;
    EXPECT_EQ(state(end, "z"), "built") << end.err;
    EXPECT_EQ(state(end, "m"), "timeout") << end.err;
    EXPECT_EQ(cause(end, "m"), "evaluation_timeout");
    EXPECT_THAT(processes_of(lab), IsEmpty());
}

/// Four million lists that live until the end: 600 to 800 MB.
TEST_F(BadEvaluation, ThatNeedsMoreMemoryThanThereIsCostsItsHost) {
    definitions =
        "    many = builtins.genList (i: [ i ]) 4000000;\n"
        "    hungry = builtins.deepSeq many (toString (builtins.length many));\n";
    plain_host("a");
    host_of("m", "drv \"m\" \"echo ${hungry} > $out\" { }");
    plain_host("z");
    publish_hosts();
    const auto end = build({"--evaluators", "2"}, {"LOCKSTEP_PROVE_EVALUATION_MEMORY=300MiB"});
    EXPECT_EQ(end.code, 40) << end.err;
    EXPECT_EQ(state(end, "a"), "built") << end.err;
    EXPECT_EQ(state(end, "z"), "built") << end.err;
    EXPECT_EQ(state(end, "m"), "infra_error") << end.err;
    EXPECT_GT(end.host("m")["eval_peak_bytes"].get<std::uint64_t>(), 100U << 20U) << "what it needed is told";
}

TEST_F(BadEvaluation, ThatRecursesWithoutEndIsTheHostsOwnFault) {
    definitions = "    deeper = n: 1 + deeper (n + 1);\n";
    plain_host("a");
    host_of("m", "drv \"m\" \"echo ${toString (deeper 0)} > $out\" { }");
    plain_host("z");
    publish_hosts();
    const auto end = build({"--evaluators", "1"});
    EXPECT_EQ(end.code, 20) << end.err;
    EXPECT_EQ(state(end, "a"), "built");
    EXPECT_EQ(state(end, "z"), "built");
    EXPECT_EQ(state(end, "m"), "eval_failed") << end.err;
    EXPECT_EQ(cause(end, "m"), "evaluation");
}

TEST_F(BadEvaluation, ImportFromDerivationWorks) {
    host_that_imports("web1", "echo '\"from-a-build\"' > $out");
    plain_host("db1");
    publish_hosts();
    const auto end = build();
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_EQ(state(end, "web1"), "built");
    EXPECT_THAT(end.host("web1")["drv"].get<std::string>(), HasSubstr("from-a-build.drv"));
}

TEST_F(BadEvaluation, ImportOfADerivationThatFailsCostsItsHost) {
    host_that_imports("m", "echo 'error: nothing to import' >&2; exit 7");
    plain_host("z");
    publish_hosts();
    const auto end = build({"--evaluators", "1"});
    EXPECT_EQ(end.code, 20) << end.err;
    EXPECT_EQ(state(end, "m"), "eval_failed") << end.err;
    EXPECT_THAT(log_text(end, "m"), HasSubstr("nothing to import"));
    EXPECT_EQ(state(end, "z"), "built");
}

}  // namespace
}  // namespace lockstep::test
