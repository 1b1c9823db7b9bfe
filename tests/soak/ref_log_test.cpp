// SPDX-License-Identifier: MIT
// What the laws are held against must not miss a change, whoever made it and however.
#include "soak/ref_log.hpp"

#include <gtest/gtest.h>

#include "support/temp_dir.hpp"

namespace lockstep::test::soak {
namespace {

constexpr const char* k_side = "refs/heads/side";

class Refs : public ::testing::Test {
protected:
    Refs() : bare_(GitRepo::make_bare(dir_ / "bare.git")), first_(bare_.commit("main", {{"a", "1"}}, "first")) {
        bare_.set_ref(k_side, first_);
        (void)log_.take();
    }

    /// The deletion comes, and what is made there afterwards comes from nothing.
    void expect_deleted(const std::string& told) {
        const auto gone = log_.take();
        ASSERT_EQ(gone.size(), 1U);
        EXPECT_EQ(gone[0].before, first_);
        EXPECT_EQ(gone[0].after, "");
        EXPECT_EQ(gone[0].told, told);
        EXPECT_EQ(log_.ref(k_side), "");
        bare_.set_ref(k_side, first_);
        const auto made = log_.take();
        ASSERT_EQ(made.size(), 1U);
        EXPECT_EQ(made[0].before, "");
        EXPECT_EQ(made[0].after, first_);
    }

    TempDir dir_;
    GitRepo bare_;
    std::string first_;
    RefLog log_{bare_};
};

TEST_F(Refs, DeletionWithoutAWordOfWhatIsThereIsSeen) {
    bare_.delete_ref(k_side);
    expect_deleted("");
}

TEST_F(Refs, DeletionThatSaysWhatIsThereIsSeen) {
    bare_.git({"update-ref", "-d", k_side, first_});
    expect_deleted(first_);
}

}  // namespace
}  // namespace lockstep::test::soak
