// SPDX-License-Identifier: MIT
// Row 13: another process holds the lock on an output, so Nix waits: said as long as it lasts, and not for ever.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <unistd.h>

#include "lockstep/core/derivation.hpp"
#include "support/fleet_fixture.hpp"
#include "support/prove_bench.hpp"

namespace lockstep::test {
namespace {

using ::testing::HasSubstr;

/// Locks outputs as a Nix that builds them does.
class ForeignLock {
public:
    explicit ForeignLock(const std::string& output)
        : fd_(::open((output + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
        EXPECT_EQ(::flock(fd_, LOCK_EX | LOCK_NB), 0);
    }
    ~ForeignLock() { release(); }
    ForeignLock(const ForeignLock&) = delete;
    ForeignLock& operator=(const ForeignLock&) = delete;
    void release() { ::close(std::exchange(fd_, -1)); }

private:
    int fd_;
};

struct FaultRow13 : ::testing::Test {
    void SetUp() override { LOCKSTEP_NEEDS_NIX(); }

    /// The fleet of "held" and "free"; the flake to prove.
    std::string fleet_of_two() {
        fleet.host("held", {});
        fleet.host("free", {});
        return fleet.pinned(fleet.commit("first"));
    }
    [[nodiscard]] std::string output_of(const std::string& flake, const std::string& host) const {
        const auto drv = parse_derivation(read_file(lab.derivation(flake, host)));
        EXPECT_TRUE(drv.ok());
        return drv->outputs.front().path;
    }

    NixLab lab;
    FleetFixture fleet{lab};
    ProveBench bench{lab};
};

TEST_F(FaultRow13, TheWaitIsToldWhileItLastsAndTheHostIsBuiltAfterIt) {
    const auto flake = fleet_of_two();
    ForeignLock lock(output_of(flake, "held"));
    int told = 0;
    bench.events.hook = [&](const Event& event) {
        const auto* notice = std::get_if<Notice>(&event);
        if (notice == nullptr || notice->text.find("waiting for lock") == std::string::npos) return;
        EXPECT_THAT(notice->text, HasSubstr("held"));
        ++told;
        lock.release();
    };
    const auto proof = bench.prove(bench.request(flake));
    EXPECT_EQ(told, 1);
    EXPECT_EQ(host_of(proof, "held").state, HostState::built);
    EXPECT_EQ(host_of(proof, "free").state, HostState::built);
}

TEST_F(FaultRow13, AWaitWithoutEndCostsItsHostOnlyAndIsNoFailedBuild) {
    const auto flake = fleet_of_two();
    const ForeignLock lock(output_of(flake, "held"));
    auto request = bench.request(flake);
    request.silent_timeout = std::chrono::seconds(1);
    request.retries = 0;
    const auto proof = bench.prove(request);
    EXPECT_EQ(host_of(proof, "free").state, HostState::built);
    EXPECT_EQ(host_of(proof, "held").state, HostState::infra_error);
    ASSERT_EQ(proof.causes.size(), 1U);
    EXPECT_THAT(proof.causes.front().first_error, HasSubstr("too long waiting for lock on"));
}

}  // namespace
}  // namespace lockstep::test
