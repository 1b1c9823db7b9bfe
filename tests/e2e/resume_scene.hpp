// SPDX-License-Identifier: MIT
// A run that is killed at a named step, and processes that go on with it: what both kinds of ending must look like.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <optional>

#include "e2e/bad_input_scene.hpp"
#include "fakes/fake_forge.hpp"

namespace lockstep::test {

/// Steps that a run passes on its way to either ending, in their order.
inline constexpr std::array k_landing_steps{"clone",       "lock",         "update",      "commit",
                                            "eval",        "host-start:1", "host-done:1", "all-built",
                                            "base-intent", "base-pushed",  "report-temp", "report-renamed"};
inline constexpr std::array k_proposing_steps{"clone",         "lock",          "update",        "commit",
                                              "eval",          "host-start:2",  "host-done:2",   "all-built",
                                              "branch-intent", "branch-pushed", "pr-intent",     "pr-created",
                                              "comment",       "report-temp",   "report-renamed"};

/// A small fleet before an update that is green or red; the red one has a forge.
struct ResumeScene : BadInputScene {
    std::optional<fakes::FakeForge> forge;
    std::vector<std::string> forge_flags;
    std::string before;  ///< base when the run began

    explicit ResumeScene(bool green) {
        publish_small_fleet();
        if (!green) {
            forge.emplace(fakes::ForgeOptions{.kind = fakes::ForgeKind::gitea, .repository = bare});
            lab.git(fleet.repository(), {"remote", "set-url", "origin", forge->clone_url(forge->token())});
            const auto file = lab / "token";
            write_file(file, forge->token() + "\n");
            std::filesystem::permissions(file,
                                         std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
            forge_flags = {"--forge", forge->kind(), "--forge-url", forge->web_root(), "--token-file", file.string()};
        }
        before = on_remote({"rev-parse", "main"});
        fleet.part("catalogue", "tls", {green ? Recipe::Kind::ok : Recipe::Kind::fails, "2"});
    }

    [[nodiscard]] LockstepEnd start(const std::string& failpoint = "") const {
        auto arguments = forge_flags;
        arguments.insert(arguments.begin(), "run");
        return run(arguments, plan(failpoint));
    }
    /// Started, to be stopped when it reaches a step.
    [[nodiscard]] std::unique_ptr<StartedLockstep> start_and_reach(
        const std::string& failpoint, std::vector<std::string> more = {},
        const std::vector<std::string>& variables = {}) const {
        const auto fifo = lab / "stall";
        EXPECT_EQ(mkfifo(fifo.c_str(), 0600), 0);
        std::vector<std::string> arguments{"run", "--repo", fleet.repository().string(), "--plain"};
        arguments.insert(arguments.end(), forge_flags.begin(), forge_flags.end());
        arguments.insert(arguments.end(), more.begin(), more.end());
        auto environment = plan(failpoint);
        environment.push_back("LOCKSTEP_TEST_STALL_FIFO=" + fifo.string());
        environment.insert(environment.end(), variables.begin(), variables.end());
        auto started = std::make_unique<StartedLockstep>(lab, arguments, environment);
        if (!started->reached(fifo)) {
            ADD_FAILURE() << "it ended before " << failpoint << ": " << started->wait().err;
            return nullptr;
        }
        return started;
    }
    /// Lets a run that waits at `pause` go on.
    void let_go() const {
        const int fd = open((lab / "stall").c_str(), O_WRONLY | O_CLOEXEC);
        ASSERT_GE(fd, 0);
        close(fd);
    }
    /// The remote holds one of the worlds that a run may leave when it ends somewhere on its way.
    void expect_allowed() {
        const auto base = on_remote({"rev-parse", "main"});
        if (base != before) return expect_landed();
        EXPECT_LE(forge ? forge->pulls().size() : 0U, 1U);
    }
    [[nodiscard]] LockstepEnd resume(const std::string& failpoint = "") const {
        return run({"resume"}, plan(failpoint));
    }
    /// Refs and commits of the remote, and what is on the forge, in one text.
    [[nodiscard]] std::string world() {
        auto text = on_remote({"for-each-ref", "--format=%(refname) %(objectname)"});
        if (!forge) return text;
        for (const auto& pull : forge->pulls())
            text += "pull " + std::to_string(pull.number) + " " + pull.head_sha + " " +
                    (pull.merged ? "merged "
                     : pull.open ? "open "
                                 : "closed ") +
                    std::to_string(forge->comments(pull.number).size()) + "\n";
        return text;
    }

    void expect_landed() const {
        EXPECT_EQ(on_remote({"rev-parse", "main^@"}), before);
        EXPECT_EQ(on_remote({"diff", "--name-only", "main^", "main"}), "flake.lock");
        EXPECT_EQ(on_remote({"for-each-ref", "--format=%(refname)"}), "refs/heads/main");
    }
    void expect_proposed() {
        EXPECT_EQ(on_remote({"rev-parse", "main"}), before);
        ASSERT_EQ(forge->pulls().size(), 1U);
        const auto pull = forge->open_pulls().at(0);
        EXPECT_EQ(pull.head_sha, on_remote({"rev-parse", pull.head}));
        EXPECT_EQ(forge->comments(pull.number).size(), 1U);
        EXPECT_EQ(on_remote({"for-each-ref", "--format=%(refname)"}), "refs/heads/" + pull.head + "\nrefs/heads/main");
    }

private:
    static std::vector<std::string> plan(const std::string& failpoint) {
        return {"LOCKSTEP_TEST_FAILPOINT=" + failpoint};
    }
};

/// A step on the way to either ending.
struct Step {
    bool green;
    std::string name;
};
inline void PrintTo(const Step& step, std::ostream* out) {
    *out << (step.green ? "green, " : "red, ") << step.name;
}
inline std::string test_name(bool green, const std::vector<std::string>& steps) {
    std::string name = green ? "Landing" : "Proposing";
    for (const auto& step : steps) {
        if (step.empty()) continue;
        name += "_";
        for (const char c : step) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
    }
    return name;
}
inline std::string step_name(const ::testing::TestParamInfo<Step>& info) {
    return test_name(info.param.green, {info.param.name});
}
inline std::vector<Step> all_steps() {
    std::vector<Step> all;
    for (const auto* step : k_landing_steps) all.push_back({true, step});
    for (const auto* step : k_proposing_steps) all.push_back({false, step});
    return all;
}

/// Skips the test when the program has no failpoints.
#ifdef LOCKSTEP_FAILPOINTS
#define LOCKSTEP_NEEDS_FAILPOINTS()
#else
#define LOCKSTEP_NEEDS_FAILPOINTS() GTEST_SKIP() << "the program was built without LOCKSTEP_FAILPOINTS"
#endif

inline constexpr int k_killed = 128 + 9;

/// Tests with a run that is stopped at a step.
template <typename Parameter>
class AtSteps : public ::testing::TestWithParam<Parameter> {
protected:
    void SetUp() override {
        LOCKSTEP_NEEDS_FAILPOINTS();
        LOCKSTEP_NEEDS_NIX();
    }
};

}  // namespace lockstep::test
