// SPDX-License-Identifier: MIT
// Checkouts in every state stay as they are, byte by byte; a dry run leaves the remote so as well.
#include <sys/stat.h>

#include "e2e/bad_input_scene.hpp"

namespace lockstep::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Kind = Recipe::Kind;

enum class Checkout { clean, dirty, detached, shallow };

class CheckoutState : public ::testing::TestWithParam<Checkout>, protected BadInputScene {
protected:
    void SetUp() override {
        LOCKSTEP_NEEDS_NIX();
        publish_small_fleet();
        publish_file("notes.txt", "a second commit, so that a shallow clone is one\n");
        checkout = fleet.repository();
        if (GetParam() == Checkout::dirty) make_dirty();
        if (GetParam() == Checkout::detached) lab.git(checkout, {"checkout", "--quiet", "--detach", "HEAD~1"});
        if (GetParam() == Checkout::shallow) {
            checkout = lab / "shallow";
            lab.git(lab.root(), {"clone", "--quiet", "--depth", "1", "file://" + bare.string(), checkout.string()});
        }
    }

    /// Everything that can be unclean: staged, changed, deleted, untracked, ignored, a mode, a link, a broken lock.
    void make_dirty() const {
        write_file(checkout / "staged.txt", "staged");
        lab.git(checkout, {"add", "staged.txt"});
        write_file(checkout / "flake.nix", "{ broken");
        write_file(checkout / "flake.lock", "<<<<<<< mine");
        std::filesystem::remove(checkout / "notes.txt");
        write_file(checkout / ".git/info/exclude", "*.log\n");
        write_file(checkout / "build.log", "ignored");
        write_file(checkout / "script.sh", "echo hi");
        std::filesystem::permissions(checkout / "script.sh", std::filesystem::perms::owner_all);
        std::filesystem::create_symlink("nowhere", checkout / "result");
    }
    [[nodiscard]] LockstepEnd run_here(std::vector<std::string> arguments) const {
        arguments.insert(arguments.end(), {"--repo", checkout.string(), "--plain"});
        return lockstep.run(arguments);
    }

    std::filesystem::path checkout;
};

TEST_P(CheckoutState, DryRunsThenARunThatLandsLeaveItAsItIs) {
    const auto before = on_remote({"rev-parse", "main"});
    const Witness witness(*this, checkout);

    fleet.part("catalogue", "tls", {Kind::fails, "2"});
    const auto red = run_here({"run", "--dry-run"});
    EXPECT_EQ(red.code, 20) << red.err;
    EXPECT_EQ(red.report["verdict"]["outcome"], "would_propose");
    EXPECT_TRUE(red.report["run"]["dry_run"].get<bool>());
    EXPECT_TRUE(red.report["pull_request"].is_null());
    witness.expect_unchanged();

    fleet.part("catalogue", "tls", {.text = "3"});
    const auto green = run_here({"run", "--dry-run"});
    EXPECT_EQ(green.code, 0) << green.err;
    EXPECT_EQ(green.report["verdict"]["outcome"], "would_land");
    witness.expect_unchanged();

    const auto plan = run_here({"plan"});
    EXPECT_EQ(plan.code, 0) << plan.err;
    witness.expect_unchanged();

    const auto landed = run_here({"run"});
    EXPECT_EQ(landed.code, 0) << landed.err;
    EXPECT_EQ(landed.report["verdict"]["outcome"], "landed");
    EXPECT_EQ(on_remote({"rev-parse", "main^@"}), before);
    EXPECT_EQ(on_remote({"diff", "--name-only", before, "main"}), "flake.lock");
    witness.expect_checkout_unchanged();
}

TEST_P(CheckoutState, ARunThatProposesLeavesItAsItIs) {
    const auto before = on_remote({"rev-parse", "main"});
    const Witness witness(*this, checkout);
    fleet.part("catalogue", "tls", {Kind::fails, "2"});
    const auto red = run_here({"run"});
    EXPECT_EQ(red.code, 20) << red.err;
    EXPECT_EQ(red.report["pull_request"]["action"], "created");
    EXPECT_EQ(on_remote({"rev-parse", "main"}), before);
    EXPECT_THAT(on_remote({"for-each-ref", "--format=%(refname)"}), HasSubstr("refs/heads/flake-update/"));
    witness.expect_checkout_unchanged();
}

std::string checkout_name(const ::testing::TestParamInfo<Checkout>& one) {
    switch (one.param) {
        case Checkout::clean:
            return "clean";
        case Checkout::dirty:
            return "dirty";
        case Checkout::detached:
            return "detached";
        case Checkout::shallow:
            return "shallow";
    }
    return "";
}

INSTANTIATE_TEST_SUITE_P(Checkouts, CheckoutState,
                         ::testing::Values(Checkout::clean, Checkout::dirty, Checkout::detached, Checkout::shallow),
                         checkout_name);

}  // namespace
}  // namespace lockstep::test
