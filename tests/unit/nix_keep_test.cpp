// SPDX-License-Identifier: MIT
// Command lines for roots and copies.
#include "lockstep/adapters/nix_keep.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lockstep::nix {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

Setup setup() {
    Setup result;
    result.bin_dir = "/nix/bin";
    result.options = {{"cores", "1"}};
    return result;
}

TEST(NixRoots, OneProcessRegistersManyLinks) {
    const auto command = register_roots_command(setup(), "/run 1/roots/a", 40);
    EXPECT_EQ(command.argv.front(), "/nix/bin/nix-instantiate");
    EXPECT_THAT(command.argv, Contains(EndsWith(" 40")));
    const std::vector<std::string> end(command.argv.end() - 6, command.argv.end());
    EXPECT_THAT(end, ElementsAre("--option", "cores", "1", "--add-root", "/run 1/roots/a", "--indirect"));
    EXPECT_TRUE(command.deadline.has_value());
}

TEST(NixRoots, LinksAreNumberedAsNixDoes) {
    EXPECT_EQ(root_link("/r/a", 0), "/r/a");
    EXPECT_EQ(root_link("/r/a", 1), "/r/a-2");
    EXPECT_EQ(root_link("/r/a", 39), "/r/a-40");
}

TEST(NixCopy, BinaryCachesSignByThemselves) {
    CopyRequest request{.to = "file:///srv/cache",
                        .signing_key_file = "/keys/a b&c+d",
                        .paths = {"/nix/store/a", "/nix/store/b"},
                        .timeout = Millis(5000)};
    auto command = copy_command(setup(), request);
    EXPECT_THAT(command.argv, Contains("file:///srv/cache?secret-key=/keys/a%20b%26c%2Bd"));
    EXPECT_THAT(command.argv, Not(Contains("--no-check-sigs")));
    const std::vector<std::string> end(command.argv.end() - 3, command.argv.end());
    EXPECT_THAT(end, ElementsAre("--", "/nix/store/a", "/nix/store/b"));
    EXPECT_EQ(command.deadline, Millis(5000));
    request.to = "s3://bucket?region=eu";
    EXPECT_THAT(copy_command(setup(), request).argv, Contains("s3://bucket?region=eu&secret-key=/keys/a%20b%26c%2Bd"));
    request.signing_key_file = "";
    EXPECT_THAT(copy_command(setup(), request).argv, Contains("s3://bucket?region=eu"));
}

TEST(NixCopy, OtherStoresGetSignedPathsAndMayTrustUs) {
    const CopyRequest request{.to = "ssh-ng://builder", .signing_key_file = "/k", .paths = {"/nix/store/a"}};
    EXPECT_THAT(copy_command(setup(), request).argv,
                AllOf(Contains("ssh-ng://builder"), Contains("--no-check-sigs"), Not(Contains(HasSubstr("secret")))));
    EXPECT_FALSE(copy_command(setup(), request).deadline.has_value());
    const auto sign = sign_command(setup(), request);
    EXPECT_THAT(sign.argv,
                AllOf(Contains("--recursive"), Contains("--key-file"), Contains("/k"), Contains("/nix/store/a")));
    EXPECT_TRUE(is_binary_cache("https://c"));
    EXPECT_FALSE(is_binary_cache("ssh://c"));
    EXPECT_FALSE(is_binary_cache("local?root=/x"));
}

TEST(NixBuildDirectory, FollowsTheSettingThenTheVersion) {
    const Version old{.text = "2.26.3", .major = 2, .minor = 26}, fresh{.text = "2.34.8", .major = 2, .minor = 34};
    Capabilities can;
    EXPECT_EQ(build_directory(old, can, "", ""), "/tmp");
    EXPECT_EQ(build_directory(old, can, "/var/tmp", ""), "/var/tmp");
    EXPECT_EQ(build_directory(fresh, can, "/var/tmp", ""), "/nix/var/nix/builds");
    EXPECT_EQ(build_directory(fresh, can, "", "/s"), "/s/builds");
    can.raw["build-dir"] = "";
    EXPECT_EQ(build_directory(fresh, can, "", ""), "/nix/var/nix/builds");
    can.raw["build-dir"] = "/big";
    EXPECT_EQ(build_directory(old, can, "", ""), "/big");
    EXPECT_EQ(build_directory(fresh, can, "", ""), "/big");
}

}  // namespace
}  // namespace lockstep::nix
