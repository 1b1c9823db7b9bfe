// SPDX-License-Identifier: MIT
// Killed at every step of a run, then resumed: the world ends up as if nothing had happened, and a second resume
// changes nothing. With LOCKSTEP_TEST_SQUARE=1 also every pair of steps: killed at one, the resume killed at the other.
#include <cstdlib>
#include <set>

#include "e2e/resume_scene.hpp"

namespace lockstep::test {
namespace {

struct Kill {
    bool green;
    std::string first, second;  ///< "" = not killed
};

void PrintTo(const Kill& kill, std::ostream* out) {
    *out << (kill.green ? "green" : "red") << ", killed at " << kill.first << " " << kill.second;
}

std::string name_of(const ::testing::TestParamInfo<Kill>& info) {
    return test_name(info.param.green, {info.param.first, info.param.second});
}

std::vector<Kill> single_kills() {
    std::vector<Kill> kills;
    for (const auto* step : k_landing_steps) kills.push_back({true, step, ""});
    for (const auto* step : k_proposing_steps) kills.push_back({false, step, ""});
    return kills;
}

std::vector<Kill> pairs() {
    std::vector<Kill> kills;
    if (std::getenv("LOCKSTEP_TEST_SQUARE") != nullptr) {
        for (const auto* one : k_landing_steps)
            for (const auto* other : k_landing_steps) kills.push_back({true, one, other});
        for (const auto* one : k_proposing_steps)
            for (const auto* other : k_proposing_steps) kills.push_back({false, one, other});
        return kills;
    }
    return {{true, "base-pushed", "lock"},      {true, "all-built", "base-pushed"},  {true, "commit", "all-built"},
            {false, "pr-created", "pr-intent"}, {false, "branch-pushed", "comment"}, {false, "eval", "branch-intent"}};
}

class Resume : public AtSteps<Kill> {};

TEST_P(Resume, EndsWhereAnUnharmedRunWouldHave) {
    const auto& kill = GetParam();
    ResumeScene scene(kill.green);
    ASSERT_EQ(scene.start(kill.first + "=kill").code, k_killed);
    if (!kill.second.empty()) {
        // The resume need not pass every step again.
        const auto cut = scene.resume(kill.second + "=kill");
        EXPECT_THAT(cut.code, ::testing::AnyOf(k_killed, 0, 20)) << cut.err;
    }
    const auto end = scene.resume();
    EXPECT_EQ(end.code, kill.green ? 0 : 20) << end.err;
    kill.green ? scene.expect_landed() : scene.expect_proposed();

    // One run all along, with a whole report.
    const auto runs = scene.lockstep.run_dirs();
    ASSERT_EQ(runs.size(), 1U);
    const auto report = nlohmann::json::parse(read_file(runs.front() / "report.json"), nullptr, false);
    ASSERT_TRUE(report.is_object());
    EXPECT_EQ(report["verdict"]["outcome"], kill.green ? "landed" : "proposed");
    EXPECT_EQ(report["hosts"].size(), 2U);

    if (kill.green) {
        // What landed is kept, whichever of the processes moved base.
        std::set<std::string> kept;
        const auto folder = runs.front().parent_path().parent_path() / "keep";
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
            if (entry.path().parent_path().filename() == "hosts") kept.insert(entry.path().filename());
        EXPECT_THAT(kept, ::testing::ElementsAre("db1", "web1"));
    }

    // Again: nothing changes.
    const auto world = scene.world();
    const auto again = scene.resume();
    EXPECT_EQ(again.code, kill.green ? 0 : 20) << again.err;
    EXPECT_EQ(scene.world(), world);
}

INSTANTIATE_TEST_SUITE_P(AtEveryStep, Resume, ::testing::ValuesIn(single_kills()), name_of);
INSTANTIATE_TEST_SUITE_P(Twice, Resume, ::testing::ValuesIn(pairs()), name_of);

}  // namespace
}  // namespace lockstep::test
