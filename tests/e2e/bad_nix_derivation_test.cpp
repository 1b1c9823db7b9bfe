// SPDX-License-Identifier: MIT
// Derivations that nobody can build, that lie in their logs, that share a name but for case, or whose files are gone or
// broken: each costs its own host.
#include <algorithm>
#include <set>

#include "e2e/bad_nix_scene.hpp"
#include "support/lab_evaluation.hpp"

namespace lockstep::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class BadDerivation : public ::testing::Test, protected BadNixScene {
protected:
    void SetUp() override { LOCKSTEP_NEEDS_NIX(); }

    /// For --nix-bin: when the evaluation tells the derivation of `host`, `action` is done to it (as "$drv") before
    /// anybody else hears of it.
    [[nodiscard]] std::string nix_that_does_when_evaluated(const std::string& host, const std::string& action) const {
        const auto pipe = (lab / "stderr").string();
        return wrapped_nix("nix",
                           "case \"$*\" in *builtins.trace*)\n"
                           "  rm -f " +
                               pipe + "; mkfifo " + pipe +
                               "\n"
                               "  \"$real\" \"$@\" 2>" +
                               pipe +
                               " &\n"
                               "  while IFS= read -r line; do\n"
                               "    drv=${line##* }\n"
                               "    case \"$line\" in *\" end \"*-" +
                               host + ".drv) " + action +
                               " ;; esac\n"
                               "    printf '%s\\n' \"$line\" >&2\n"
                               "  done <" +
                               pipe +
                               "\n"
                               "  wait $!; exit $?;;\nesac");
    }
    /// For --nix-bin: the same just before the realisation begins.
    [[nodiscard]] std::string nix_that_does_before_building(const std::string& drv, const std::string& action) const {
        return wrapped_nix("nix-store",
                           "case \"$*\" in *--dry-run*) ;; *--realise*) drv=" + drv + "; " + action + ";; esac");
    }
    static constexpr const char* k_remove = "rm -f \"$drv\"";
    static constexpr const char* k_corrupt = "chmod u+w \"$drv\"; echo 'not a derivation' > \"$drv\"";

    void publish_three() {
        for (const char* name : {"a", "victim", "z"}) plain_host(name);
        publish_hosts();
    }
    static void expect_only_the_victim_lost(const LockstepEnd& end, const std::string& detail) {
        EXPECT_EQ(state(end, "a"), "built") << end.report["hosts"];
        EXPECT_EQ(state(end, "z"), "built") << end.report["hosts"];
        expect_the_victim_named(end, detail);
    }
    static void expect_the_victim_named(const LockstepEnd& end, const std::string& detail) {
        EXPECT_EQ(end.code, 40) << end.err;
        EXPECT_EQ(state(end, "victim"), "infra_error") << end.err;
        EXPECT_THAT(end.host("victim")["detail"].get<std::string>(), HasSubstr(detail));
    }
    /// "liar" tells lies to where `to` says; "good" ends after that and well, "bad" fails,
    /// "unlucky" is killed.
    void publish_good_bad_and_liar(const std::string& to) {
        const auto fifo = (lab / "fifo").string();
        ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
        const auto record = [&](const std::string& members) {
            return "      echo '@nix {" + members + "}'" + to + "\n";
        };
        definitions = "    good = drv \"good\" \"echo building good; read -r line < " + fifo +
                      "; echo good goes on; echo done > $out\" { };\n"
                      "    bad = drv \"bad\" \"echo 'error: bad by itself' >&2; exit 1\" { };\n"
                      "    unlucky = drv \"unlucky\" \"kill -9 $$\" { };\n"
                      "    path = d: builtins.unsafeDiscardStringContext d.drvPath;\n"
                      "    lies = ''\n      echo first words\n" +
                      record(
                          "\"action\":\"start\",\"id\":1,\"level\":3,\"parent\":0,\"text\":\"x\",\"type\":105,"
                          "\"fields\":[\"${path good}\",\"\",1,1]") +
                      record(
                          "\"action\":\"msg\",\"level\":0,\"msg\":\"error: builder for '\"'\"'${path good}'\"'\"' "
                          "failed with exit code 1\"") +
                      record(
                          "\"action\":\"msg\",\"level\":0,\"msg\":\"error: building of '\"'\"'${path bad}'\"'\"' timed "
                          "out after 1 seconds\"") +
                      record(
                          "\"action\":\"msg\",\"level\":0,\"msg\":\"error: builder for '\"'\"'${path unlucky}'\"'\"' "
                          "failed with exit code 1\"") +
                      record("\"action\":\"stop\",\"id\":1") + "      echo last words\n      echo go > " + fifo +
                      "\n    '';\n";
        host_of("good", "good");
        host_of("bad", "bad");
        host_of("unlucky", "unlucky");
        host_of("liar", "drv \"liar\" (lies + \"echo done > $out\") { }");
        publish_hosts();
    }
    static void expect_told_apart(const LockstepEnd& end) {
        EXPECT_EQ(end.code, 20) << end.err;
        EXPECT_EQ(state(end, "good"), "built") << end.err;
        EXPECT_EQ(end.host("good").value("detail", ""), "");
        EXPECT_EQ(state(end, "liar"), "built") << end.err;
        EXPECT_FALSE(state(end, "bad") == "built" || state(end, "bad") == "cached") << end.err;
        EXPECT_EQ(state(end, "unlucky"), "infra_error") << end.err;
        EXPECT_THAT(end.report["causes"], SizeIs(2));
        EXPECT_THAT(log_text(end, "good"), HasSubstr("building good\ngood goes on\n"));
        EXPECT_THAT(log_text(end, "bad"), HasSubstr("error: bad by itself"));
    }
    [[nodiscard]] std::string drv_of(const std::string& host) const {
        return lab.derivation(fleet.pinned(fleet.head()), host);
    }
};

TEST_F(BadDerivation, ForASystemThatNobodyHasIsNamedAndOthersGoOn) {
    const std::string elsewhere = "{ system = \"mips64el-linux\"; }";
    plain_host("a");
    host_of("board", "drv \"board\" \"echo done > $out\" " + elsewhere);
    host_of("needs-board",
            "drv \"top\" \"echo done > $out\" { part = drv \"firmware\" \"echo done > $out\" " + elsewhere + "; }");
    host_of("broken", "drv \"broken\" \"echo 'error: broken' >&2; exit 1\" { }");
    plain_host("z");
    publish_hosts();
    const auto end = build();
    EXPECT_EQ(end.code, 20) << end.err;
    EXPECT_EQ(state(end, "a"), "built") << end.err;
    EXPECT_EQ(state(end, "z"), "built");
    EXPECT_EQ(state(end, "broken"), "failed");
    for (const char* name : {"board", "needs-board"}) {
        EXPECT_EQ(state(end, name), "unsupported") << name;
        EXPECT_EQ(cause(end, name), "missing_system") << name;
        EXPECT_THAT(end.host(name)["detail"].get<std::string>(), HasSubstr("mips64el-linux"));
        EXPECT_THAT(end.err, HasSubstr(name));
    }
}

/// Nix takes such a line of a builder for a record of its own (seen on 2.8, 2.26 and 2.34): messages reach us as if Nix
/// had said them, the line itself never gets into a log. "good" is being built meanwhile.
TEST_F(BadDerivation, ThatPrintsForgedRecordsDecidesNothing) {
    publish_good_bad_and_liar("");
    const auto end = build({"--slots", "2"});
    expect_told_apart(end);
    EXPECT_THAT(log_text(end, "liar"), HasSubstr("first words\nlast words\n"));
}

/// Without a sandbox a builder can even write where Nix writes its records. It may spoil the display, not the states.
TEST_F(BadDerivation, ThatWritesRecordsAmongThoseOfNixDecidesNothing) {
    publish_good_bad_and_liar(" >/proc/$PPID/fd/2");
    expect_told_apart(build({"--slots", "2"}));
}

TEST_F(BadDerivation, HostsWhoseNamesDifferInCaseOnly) {
    const std::set<std::string> names{"WEB", "Web", "web"};
    for (const auto& name : names) plain_host(name);
    host_of("weB", "drv \"broken\" \"echo 'error: weB alone' >&2; exit 1\" { }");
    publish_hosts();
    const auto end = build();
    EXPECT_EQ(end.code, 20) << end.err;
    std::set<std::string> files;
    for (const auto& name : names) {
        EXPECT_EQ(state(end, name), "built") << name;
        EXPECT_THAT(log_text(end, name), HasSubstr("building " + name + "\n")) << name;
        EXPECT_THAT(log_text(end, name), Not(HasSubstr("weB alone"))) << name;
    }
    EXPECT_EQ(state(end, "weB"), "failed");
    EXPECT_THAT(log_text(end, "weB"), HasSubstr("error: weB alone"));
    for (const auto& host : end.report["hosts"]) {
        auto file = host["log"].get<std::string>();
        std::transform(file.begin(), file.end(), file.begin(), [](unsigned char c) { return std::tolower(c); });
        EXPECT_TRUE(files.insert(file).second) << file << " twice";
    }
}

TEST_F(BadDerivation, FileGoneAfterEvaluation) {
    publish_three();
    expect_only_the_victim_lost(
        build({"--evaluators", "1", "--nix-bin", nix_that_does_when_evaluated("victim", k_remove)}),
        "derivation cannot be read");
}

TEST_F(BadDerivation, FileBrokenAfterEvaluation) {
    publish_three();
    expect_only_the_victim_lost(
        build({"--evaluators", "1", "--nix-bin", nix_that_does_when_evaluated("victim", k_corrupt)}),
        "derivation cannot be read");
}

// Nix gives up on all derivations that it was asked for together (seen on 2.8, 2.26 and 2.34).

TEST_F(BadDerivation, FileGoneBeforeBuilding) {
    publish_three();
    expect_the_victim_named(build({"--nix-bin", nix_that_does_before_building(drv_of("victim"), k_remove)}),
                            "victim.drv");
}

TEST_F(BadDerivation, FileBrokenBeforeBuilding) {
    publish_three();
    expect_the_victim_named(build({"--nix-bin", nix_that_does_before_building(drv_of("victim"), k_corrupt)}),
                            "victim.drv");
}

TEST_F(BadDerivation, FileOfADependencyGoneBeforeBuilding) {
    plain_host("a");
    plain_host("z");
    host_of("victim", "drv \"victim\" \"echo done > $out\" { part = ok \"part\"; }");
    publish_hosts();
    const auto inputs = read_drv(drv_of("victim")).input_drvs;
    ASSERT_THAT(inputs, SizeIs(1));
    expect_the_victim_named(build({"--nix-bin", nix_that_does_before_building(inputs.begin()->first, k_remove)}),
                            "part.drv");
}

}  // namespace
}  // namespace lockstep::test
