// SPDX-License-Identifier: MIT
// Which file is a store path, for every kind of store address.
#include "lockstep/adapters/nix_store.hpp"

#include <gtest/gtest.h>

namespace lockstep::nix::test {
namespace {

std::string file_in(const std::string& store) {
    Setup setup;
    if (!store.empty()) setup.options["store"] = store;
    return store_file(setup, "/nix/store/a.drv");
}

TEST(NixStoreFile, LiesBelowTheRootOfTheStore) {
    EXPECT_EQ(file_in("/mnt"), "/mnt/nix/store/a.drv");
    EXPECT_EQ(file_in("/mnt/"), "/mnt/nix/store/a.drv");
    EXPECT_EQ(file_in("local?root=/mnt"), "/mnt/nix/store/a.drv");
    EXPECT_EQ(file_in("local://?real=/x&root=/mnt/y"), "/mnt/y/nix/store/a.drv");
    EXPECT_EQ(file_in("/"), "/nix/store/a.drv");
}

TEST(NixStoreFile, IsThePathItselfWhereTheStoreIsTheMachinesOrAnothersOne) {
    for (const auto* store : {"", "auto", "daemon", "local", "ssh-ng://builder", "unix:///run/socket?root=/x"})
        EXPECT_EQ(file_in(store), "/nix/store/a.drv") << store;
}

}  // namespace
}  // namespace lockstep::nix::test
