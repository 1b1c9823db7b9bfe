// SPDX-License-Identifier: MIT
// Addresses of remotes: what git is told, what people are shown, what is refused.
#include "edges/git_url.hpp"

#include <gtest/gtest.h>

#include "lockstep/core/base64.hpp"
#include "support/temp_dir.hpp"

namespace lockstep {
namespace {

using Kind = RemoteAddress::Kind;

RemoteAddress parsed(std::string_view url) {
    const auto address = parse_remote(url, "/fleet");
    EXPECT_TRUE(address.ok()) << url;
    return address.ok() ? *address : RemoteAddress{};
}

TEST(GitUrl, HttpWithPasswordIsShownAndHandedOverWithoutIt) {
    const auto address = parsed("https://bot:s%40cret@Git.Example.org:8443/o/r.git?x=1");
    EXPECT_EQ(address.kind, Kind::http);
    EXPECT_EQ(address.shown, "https://Git.Example.org:8443/o/r.git");
    EXPECT_EQ(address.url, "https://Git.Example.org:8443/o/r.git?x=1");
    EXPECT_EQ(address.host, "git.example.org:8443");
    EXPECT_EQ(address.user, "bot");
    EXPECT_EQ(address.password, "s@cret");
    EXPECT_EQ(http_root(address), "https://Git.Example.org:8443");
}

TEST(GitUrl, HttpUserWithoutPasswordStaysForTheCredentialHelperButIsNotShown) {
    const auto address = parsed("https://bot@git.example.org/o/r");
    EXPECT_EQ(address.url, "https://bot@git.example.org/o/r");
    EXPECT_EQ(address.bare, "https://git.example.org/o/r");
    EXPECT_EQ(address.shown, "https://git.example.org/o/r");
    EXPECT_FALSE(address.password.has_value());
}

TEST(GitUrl, PasswordWithAtSignIsStrippedWhole) {
    EXPECT_EQ(parsed("https://a:p@ss@host/x").shown, "https://host/x");
    EXPECT_EQ(parsed("https://a:p@ss@host/x").password, "p@ss");
}

TEST(GitUrl, SshKeepsTheUserAndLosesThePassword) {
    EXPECT_EQ(parsed("ssh://git:pw@host:2222/o/r").url, "ssh://git@host:2222/o/r");
    EXPECT_EQ(parsed("ssh://git@host:22/o/r").host, "host");
    const auto scp = parsed("git@Host:o/r.git");
    EXPECT_EQ(scp.kind, Kind::ssh);
    EXPECT_EQ(scp.url, "git@Host:o/r.git");
    EXPECT_EQ(scp.host, "host");
    EXPECT_EQ(scp.user, "git");
}

TEST(GitUrl, PathsBecomeAbsolute) {
    test::TempDir tmp;
    const auto relative = parse_remote("../remote.git/", tmp / "checkout");
    ASSERT_TRUE(relative.ok());
    EXPECT_EQ(relative->kind, Kind::file);
    EXPECT_EQ(relative->shown, (tmp / "remote.git").string());
    EXPECT_EQ(parsed("/srv/git/x.git").url, "/srv/git/x.git");
    EXPECT_EQ(parsed("./odd:name").kind, Kind::file) << "a colon after a slash is part of the path";
    EXPECT_EQ(parsed("file:///srv/git/x.git").url, "file:///srv/git/x.git");
}

TEST(GitUrl, DangerousAddressesAreRefused) {
    for (const char* url :
         {"", "--upload-pack=touch /tmp/x", "-x", "ext::sh -c id", "EXT::sh -c id", "fd::17", "https://h/\nx",
          "ssh://-oProxyCommand=id/x", "-oProxyCommand=id:x", "a@-oProxyCommand=id:x", "https://u:p%0aq@h/x"}) {
        const auto address = parse_remote(url, "/fleet");
        ASSERT_FALSE(address.ok()) << url;
        EXPECT_EQ(address.error().kind, ErrorKind::config);
    }
}

TEST(GitUrl, HostsCompareWithoutCaseAndDefaultPort) {
    EXPECT_TRUE(same_host(parsed("https://GIT.example.org:443/x"), "git.example.org"));
    EXPECT_TRUE(same_host(parsed("https://git.example.org/x"), "Git.Example.Org:443"));
    EXPECT_TRUE(same_host(parsed("http://git.example.org:3000/x"), "git.example.org:3000"));
    EXPECT_FALSE(same_host(parsed("http://git.example.org:3000/x"), "git.example.org"));
    EXPECT_FALSE(same_host(parsed("https://git.example.org.evil.example/x"), "git.example.org"));
    EXPECT_FALSE(same_host(parsed("https://git.example.org@evil.example/x"), "git.example.org"));
    EXPECT_FALSE(same_host(parsed("/srv/x"), ""));
}

TEST(GitUrl, SecretsAreNamedPlainAndEncoded) {
    EXPECT_EQ(secrets_of(parsed("https://bot:p%40ss@h/x")), (std::vector<std::string>{"p@ss", "p%40ss", "bot"}));
    EXPECT_EQ(secrets_of(parsed("https://ghp_token@h/x")), (std::vector<std::string>{"ghp_token"}));
    EXPECT_TRUE(secrets_of(parsed("git@h:x")).empty());
}

TEST(GitUrl, Base64) {
    EXPECT_EQ(base64(""), "");
    EXPECT_EQ(base64("f"), "Zg==");
    EXPECT_EQ(base64("fo"), "Zm8=");
    EXPECT_EQ(base64("foo"), "Zm9v");
    EXPECT_EQ(base64("x-access-token:t"), "eC1hY2Nlc3MtdG9rZW46dA==");
    EXPECT_EQ(base64("\xff\xfe\xfd"), "//79");
}

}  // namespace
}  // namespace lockstep
