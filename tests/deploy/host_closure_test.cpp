// SPDX-License-Identifier: MIT
// Closures as real hosts and this machine's own store list them, and what differs between two.
#include "lockstep/adapters/deploy_closure.hpp"

#include <gmock/gmock.h>

#include "support/deploy_site.hpp"

namespace lockstep::test {
namespace {

std::optional<std::vector<ClosurePath>> closure(const DeploySite& site, const deploy::SshTarget& target,
                                                const std::string& path) {
    const auto done = run_command(site.lab, deploy::closure_command(target, deploy::Connection::shared, path, "n0nce"));
    EXPECT_EQ(done.status, 0) << done.err;
    return deploy::parse_closure(done.out, "n0nce");
}

TEST(HostClosure, IsTheSameWhereverItIsAsked) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    deploy::SshTarget here;
    here.local = true;
    here.host = "this machine";
    const auto there = closure(site, site.target, site.v1);
    const auto local = closure(site, here, site.v1);
    ASSERT_TRUE(there && local);
    EXPECT_EQ(*there, *local);
    EXPECT_GT(there->size(), 1u);
    bool itself = false;
    for (const auto& each : *there) {
        itself = itself || each.path == site.v1;
        EXPECT_GT(each.bytes, 0u) << each.path;
    }
    EXPECT_TRUE(itself);
    EXPECT_EQ(closure(site, site.target, site.v2), std::nullopt) << "the host does not have it";

    const auto next = closure(site, here, site.v2);
    ASSERT_TRUE(next);
    const auto diff = diff_closures(*there, *next);
    EXPECT_FALSE(diff.same());
    EXPECT_GT(diff.bytes_added, 0u);
    EXPECT_TRUE(diff_closures(*there, *local).same());
}

}  // namespace
}  // namespace lockstep::test
