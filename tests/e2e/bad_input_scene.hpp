// SPDX-License-Identifier: MIT
// What the tests of bad input share: a small published fleet, and a witness that says what a run changed of it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fleet_fixture.hpp"
#include "support/lockstep_run.hpp"

namespace lockstep::test {

struct BadInputScene {
    NixLab lab;
    FleetFixture fleet{lab};
    Lockstep lockstep{lab};
    std::filesystem::path bare;

    /// Hosts "web1" and "db1" on part catalogue.tls, committed and published.
    void publish_small_fleet() {
        fleet.part("catalogue", "tls", {});
        fleet.host("web1", {.parts = {"catalogue.tls"}});
        fleet.host("db1", {.text = "of its own"});
        fleet.commit("first");
        bare = fleet.publish();
    }
    /// Commits a file of the fleet's repository as it is, and publishes it.
    void publish_file(const std::string& name, std::string_view content) {
        write_file(fleet.repository() / name, content);
        lab.git(fleet.repository(), {"add", "--all"});
        lab.git(fleet.repository(), {"commit", "--quiet", "--message", "Change " + name});
        bare = fleet.publish();
    }
    /// Replaces the flake of input "catalogue" by any text, as a new commit: the next update.
    void rewrite_input(std::string_view flake) const {
        const auto repository = fleet.input_repository("catalogue");
        write_file(repository / "flake.nix", flake);
        lab.git(repository, {"commit", "--quiet", "--all", "--message", "Rewrite"});
    }
    /// The same with part "tls" as a derivation with this builder script (builtins of the shell only).
    void rewrite_part(const std::string& script) const {
        rewrite_input("{ outputs = _: { parts.tls = derivation { name = \"tls\"; system = \"" + this_system() +
                      "\"; builder = \"/bin/sh\"; args = [ \"-c\" ''\n" + script + "\n'' ]; }; }; }\n");
    }

    [[nodiscard]] LockstepEnd run(std::vector<std::string> arguments,
                                  const std::vector<std::string>& environment = {}) const {
        arguments.insert(arguments.end(), {"--repo", fleet.repository().string(), "--plain"});
        return lockstep.run(arguments, environment);
    }
    [[nodiscard]] std::string on_remote(std::vector<std::string> arguments) const {
        return lab.git(bare, std::move(arguments));
    }
};

/// Checkout and remote as they were when this was made, every byte and mode of them.
class Witness {
public:
    explicit Witness(const BadInputScene& scene) : Witness(scene, scene.fleet.repository()) {}
    Witness(const BadInputScene& scene, std::filesystem::path checkout)
        : checkout_(std::move(checkout)), remote_(scene.bare), checkout_was_(snapshot(checkout_)) {
        if (!remote_.empty()) remote_was_ = without_locks(snapshot(remote_));
    }

    void expect_checkout_unchanged() const { EXPECT_EQ(difference(checkout_was_, snapshot(checkout_)), ""); }
    void expect_unchanged() const {
        expect_checkout_unchanged();
        if (remote_.empty()) return;
        EXPECT_EQ(difference(remote_was_, without_locks(snapshot(remote_))), "");
    }

private:
    /// Of a lock that was given back, git keeps an object that nothing points at, and empty directories.
    static Snapshot without_locks(Snapshot all) {
        std::erase_if(all, [](const auto& entry) {
            const auto& path = entry.first;
            return path.rfind("objects/", 0) == 0 || path == "refs/lockstep" || path == "refs/lockstep/lock";
        });
        return all;
    }

    std::filesystem::path checkout_, remote_;
    Snapshot checkout_was_, remote_was_;
};

/// A run that ended before its verdict: the code in both places, each text on standard error, and a next step.
inline void expect_stopped(const LockstepEnd& end, int code, const std::vector<std::string>& texts) {
    EXPECT_EQ(end.code, code) << end.err;
    for (const auto& text : texts) EXPECT_THAT(end.err, ::testing::HasSubstr(text));
    EXPECT_THAT(end.err, ::testing::AnyOf(::testing::HasSubstr("hint: "), ::testing::HasSubstr("next: ")));
    EXPECT_THAT(end.err, ::testing::Not(::testing::HasSubstr("proved")));
    if (end.run_dir.empty()) return;
    ASSERT_TRUE(end.report.is_object()) << "no report in " << end.run_dir;
    EXPECT_EQ(end.report["verdict"]["exit_code"], code);
    EXPECT_EQ(end.report["verdict"]["outcome"], "stopped");
}

}  // namespace lockstep::test
