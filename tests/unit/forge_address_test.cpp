// SPDX-License-Identifier: MIT
// Remote addresses as git accepts them, and the API bases that follow.
#include <gtest/gtest.h>

#include "lockstep/adapters/forge_dialect.hpp"

namespace lockstep::forge {
namespace {

struct AddressCase {
    const char *url, *scheme, *host, *web_root, *owner, *repo;
    bool guessed, local;
};

void PrintTo(const AddressCase& value, std::ostream* out) {
    *out << value.url;
}

class ForgeAddress : public testing::TestWithParam<AddressCase> {};

TEST_P(ForgeAddress, IsTakenApart) {
    const auto& expected = GetParam();
    const auto address = parse_remote_address(expected.url);
    EXPECT_EQ(address.scheme, expected.scheme);
    EXPECT_EQ(address.host, expected.host);
    EXPECT_EQ(address.web_root, expected.web_root);
    EXPECT_EQ(address.owner, expected.owner);
    EXPECT_EQ(address.repo, expected.repo);
    EXPECT_EQ(address.guessed, expected.guessed);
    EXPECT_EQ(address.local, expected.local);
}

INSTANTIATE_TEST_SUITE_P(
    All, ForgeAddress,
    testing::Values(
        AddressCase{"https://github.com/acme/fleet.git", "https", "github.com", "https://github.com", "acme", "fleet",
                    false, false},
        AddressCase{"https://user:secret@Git.Example.org:3000/sub/path/acme/fleet.git/", "https", "git.example.org",
                    "https://git.example.org:3000/sub/path", "acme", "fleet", false, false},
        AddressCase{"https://git.example.org:443/acme/fleet", "https", "git.example.org", "https://git.example.org",
                    "acme", "fleet", false, false},
        AddressCase{"http://[::1]:3000/acme/fleet", "http", "[::1]", "http://[::1]:3000", "acme", "fleet", false,
                    false},
        AddressCase{"https://git.example.org/acme/fl%65et.git", "https", "git.example.org", "https://git.example.org",
                    "acme", "fleet", false, false},
        AddressCase{"git@github.com:acme/fleet.git", "ssh", "github.com", "https://github.com", "acme", "fleet", false,
                    false},
        AddressCase{"ssh://git@ssh.github.com:443/acme/fleet.git", "ssh", "github.com", "https://github.com", "acme",
                    "fleet", false, false},
        AddressCase{"forge.lan:acme/fleet", "ssh", "forge.lan", "https://forge.lan", "acme", "fleet", true, false},
        AddressCase{"ssh://git@git.example.org:2222/acme/fleet.git", "ssh", "git.example.org",
                    "https://git.example.org", "acme", "fleet", true, false},
        AddressCase{"git@[fe80::1]:acme/fleet.git", "ssh", "[fe80::1]", "https://[fe80::1]", "acme", "fleet", true,
                    false},
        AddressCase{"git://git.example.org/acme/fleet.git", "git", "git.example.org", "https://git.example.org", "acme",
                    "fleet", true, false},
        AddressCase{"https://git.example.org/fleet.git", "https", "git.example.org", "https://git.example.org", "", "",
                    false, false},
        AddressCase{"/srv/git/fleet.git", "file", "", "", "git", "fleet", false, true},
        AddressCase{"./with:colon/fleet", "file", "", "", "with:colon", "fleet", false, true},
        AddressCase{"file:///srv/git/fleet.git", "file", "", "", "git", "fleet", false, true},
        AddressCase{"fleet", "file", "", "", "", "", false, true},
        AddressCase{"codecommit::eu-west-1://fleet", "codecommit", "", "", "", "", true, false}));

TEST(ForgeApiBase, FollowsTheDialect) {
    EXPECT_EQ(api_base("gitea", "https://git.example.org/sub/"), "https://git.example.org/sub/api/v1");
    EXPECT_EQ(api_base("forgejo", "https://codeberg.org"), "https://codeberg.org/api/v1");
    EXPECT_EQ(api_base("github", "https://github.com/"), "https://api.github.com");
    EXPECT_EQ(api_base("github", "https://api.github.com"), "https://api.github.com");
    EXPECT_EQ(api_base("github", "https://acme.ghe.com"), "https://api.acme.ghe.com");
    EXPECT_EQ(api_base("github", "https://ghe.acme.org"), "https://ghe.acme.org/api/v3");
}

TEST(ForgeApiBase, KeepsAnAddressThatIsOneAlready) {
    EXPECT_EQ(api_base("gitea", "https://git.example.org/api/v1//"), "https://git.example.org/api/v1");
    EXPECT_EQ(api_base("github", "https://ghe.acme.org/api/v3"), "https://ghe.acme.org/api/v3");
}

}  // namespace
}  // namespace lockstep::forge
