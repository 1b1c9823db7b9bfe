// SPDX-License-Identifier: MIT
// Which forge a run talks to: configuration, then the runner, then the remote.
#include <gtest/gtest.h>

#include "lockstep/adapters/forge_dialect.hpp"

namespace lockstep::forge {
namespace {

using Env = std::vector<std::pair<std::string, std::string>>;

constexpr const char* k_gitea_remote = "https://git.example.org/sub/acme/fleet.git";

Env gitea_runner(const std::string& server, const std::string& api) {
    return {
        {"GITHUB_ACTIONS", "true"}, {"GITEA_ACTIONS", "true"}, {"GITHUB_SERVER_URL", server}, {"GITHUB_API_URL", api}};
}

Choice chosen(const ChoiceInput& input) {
    auto choice = choose(input);
    EXPECT_TRUE(choice.ok()) << (choice.ok() ? "" : choice.error().why);
    return choice.ok() ? *choice : Choice{};
}

void expect_config_error(const ChoiceInput& input, const std::string& hint) {
    const auto choice = choose(input);
    ASSERT_FALSE(choice.ok());
    EXPECT_EQ(choice.error().kind, ErrorKind::config);
    EXPECT_NE(choice.error().hint.find(hint), std::string::npos) << choice.error().hint;
}

TEST(ForgeChoose, TakesNoneAndDirectoryAsTheyAre) {
    EXPECT_EQ(chosen({"none", "", "nonsense", {}}).kind, "none");
    const auto directory = chosen({"directory:/srv/pulls", "", "git@forge.lan:acme/fleet", {}});
    EXPECT_EQ(directory.kind, "directory");
    EXPECT_EQ(directory.directory, "/srv/pulls");
    EXPECT_EQ(chosen({"directory:", "", "", {}}).directory, "");
}

TEST(ForgeChoose, PlainPathsMeanTheEmbeddedForgeEvenOnARunner) {
    for (const auto* remote : {"/srv/git/fleet.git", "file:///srv/git/fleet.git", "../fleet"}) {
        const auto choice = chosen({"auto", "", remote, {{"GITHUB_ACTIONS", "true"}}});
        EXPECT_EQ(choice.kind, "directory");
        EXPECT_EQ(choice.directory, "");
    }
}

TEST(ForgeChoose, ConfiguredAddressBeatsRunnerAndRemote) {
    const auto choice = chosen({"gitea",
                                "http://10.0.0.1:3000/git/",
                                "git@github.com:acme/fleet.git",
                                {{"GITHUB_ACTIONS", "true"}, {"GITHUB_SERVER_URL", "https://github.com"}}});
    EXPECT_EQ(choice.kind, "gitea");
    EXPECT_EQ(choice.location,
              (Location{"http://10.0.0.1:3000/git", "http://10.0.0.1:3000/git/api/v1", "acme", "fleet"}));
    EXPECT_EQ(choice.token_variable, "GITEA_TOKEN");
}

TEST(ForgeChoose, ConfiguredApiBaseIsTakenAsItIs) {
    const auto gitea = chosen({"forgejo", "https://git.example.org/api/v1/", k_gitea_remote, {}});
    EXPECT_EQ(gitea.location.web, "https://git.example.org");
    EXPECT_EQ(gitea.location.api, "https://git.example.org/api/v1");
    const auto github = chosen({"auto", "https://ghe.acme.org/api/v3", "git@ghe.acme.org:acme/fleet", {}});
    EXPECT_EQ(github.kind, "github");
    EXPECT_EQ(github.location.web, "https://ghe.acme.org");
    EXPECT_EQ(github.location.api, "https://ghe.acme.org/api/v3");
}

TEST(ForgeChoose, RunnerOfGiteaEndsItsServerAddressWithASlash) {
    const auto choice = chosen({"auto", "", k_gitea_remote,
                                gitea_runner("https://git.example.org/sub/", "https://git.example.org/sub/api/v1")});
    EXPECT_EQ(choice.kind, "gitea");
    EXPECT_EQ(choice.location,
              (Location{"https://git.example.org/sub", "https://git.example.org/sub/api/v1", "acme", "fleet"}));
}

TEST(ForgeChoose, WrongApiAddressOfARunnerIsDerivedFromTheServer) {
    for (const auto* api : {"", "https://api.github.com", "https://git.example.org/sub", "https://evil.org/api/v1"}) {
        const auto choice = chosen({"auto", "", k_gitea_remote, gitea_runner("https://git.example.org/sub", api)});
        EXPECT_EQ(choice.location.api, "https://git.example.org/sub/api/v1") << api;
    }
}

TEST(ForgeChoose, RunnersAreToldApart) {
    Env env = gitea_runner("https://git.example.org", "");
    env.emplace_back("FORGEJO_ACTIONS", "true");
    const auto forgejo = chosen({"auto", "", "git@git.example.org:acme/fleet", env});
    EXPECT_EQ(forgejo.kind, "forgejo");
    EXPECT_EQ(forgejo.token_variable, "FORGEJO_TOKEN");
    const auto github = chosen({"auto",
                                "",
                                "git@ghe.acme.org:acme/fleet",
                                {{"GITHUB_ACTIONS", "true"},
                                 {"GITHUB_SERVER_URL", "https://ghe.acme.org"},
                                 {"GITHUB_API_URL", "https://ghe.acme.org/api/v3"}}});
    EXPECT_EQ(github.kind, "github");
    EXPECT_EQ(github.location.api, "https://ghe.acme.org/api/v3");
}

TEST(ForgeChoose, RunnerOfOneForgeDoesNotSpeakForTheRemoteOfAnother) {
    const auto choice = chosen({"auto", "", "https://github.com/acme/fleet",
                                gitea_runner("https://git.example.org", "https://git.example.org/api/v1")});
    EXPECT_EQ(choice.kind, "github");
    EXPECT_EQ(choice.location.api, "https://api.github.com");
    EXPECT_EQ(choice.token_variable, "GITHUB_TOKEN");
}

TEST(ForgeChoose, RunnersThatPretendToBeGitHubsAreSeenThrough) {
    const auto choice = chosen({"auto",
                                "",
                                "git@git.example.org:acme/fleet",
                                {{"GITHUB_ACTIONS", "true"},
                                 {"GITHUB_SERVER_URL", "https://git.example.org"},
                                 {"GITHUB_API_URL", "https://git.example.org/api/v1"}}});
    EXPECT_EQ(choice.kind, "gitea");
}

TEST(ForgeChoose, ConfiguredKindOfTheSameFamilyKeepsTheRunnersAddresses) {
    Env env = gitea_runner("https://git.example.org/sub/", "");
    env.emplace_back("FORGEJO_ACTIONS", "true");
    const auto family = chosen({"gitea", "", "git@git.example.org:acme/fleet", env});
    EXPECT_EQ(family.kind, "gitea");
    EXPECT_EQ(family.location.api, "https://git.example.org/sub/api/v1");
    const auto other = chosen({"github", "", "https://ghe.acme.org/acme/fleet", env});
    EXPECT_EQ(other.location.api, "https://ghe.acme.org/api/v3");
}

TEST(ForgeChoose, KnownHostsNeedNothing) {
    EXPECT_EQ(chosen({"auto", "", "git@github.com:acme/fleet.git", {}}).kind, "github");
    EXPECT_EQ(chosen({"auto", "", "ssh://git@codeberg.org/acme/fleet.git", {}}).kind, "forgejo");
    EXPECT_EQ(chosen({"auto", "", "https://gitea.com/acme/fleet", {}}).kind, "gitea");
    EXPECT_EQ(chosen({"auto", "", "https://acme.ghe.com/acme/fleet", {}}).location.api, "https://api.acme.ghe.com");
}

TEST(ForgeChoose, UnknownWebHostHasToBeAsked) {
    const auto choice = chosen({"auto", "", "https://bob:secret@git.example.org/sub/acme/fleet.git", {}});
    EXPECT_EQ(choice.kind, "probe");
    EXPECT_EQ(choice.location.web, "https://git.example.org/sub");
    EXPECT_EQ(choice.location.owner, "acme");
    const auto asked = probes(choice.location.web + "/");
    ASSERT_EQ(asked.size(), 3U);
    EXPECT_EQ(asked[0].request.url, "https://git.example.org/sub/api/forgejo/v1/version");
    EXPECT_EQ(asked[0].kind_if_ok, "forgejo");
    EXPECT_EQ(asked[1].kind_if_ok, "gitea");
    EXPECT_EQ(asked[2].request.url, "https://git.example.org/sub/api/v3/meta");
    EXPECT_EQ(asked[2].kind_if_ok, "github");
}

TEST(ForgeProbe, ProvesAKindOnlyByItsOwnAnswer) {
    const auto asked = probes("https://git.example.org");
    EXPECT_TRUE(proves(asked[0], {200, {}, R"({"version":"15.0.3+gitea-1.22.0"})"}));
    EXPECT_TRUE(proves(asked[1], {200, {}, R"({"version":"1.26.3"})"}));
    EXPECT_TRUE(proves(asked[2], {200, {}, R"({"installed_version":"3.17.0"})"}));
    for (const auto& probe : asked)
        for (const std::string body : {"<html>welcome</html>", "", "[]", "{}", R"({"version":null})"})
            EXPECT_FALSE(proves(probe, {200, {}, body})) << probe.request.url << body;
    EXPECT_FALSE(proves(asked[1], {403, {}, R"({"version":"1.26.3"})"}));
    EXPECT_FALSE(proves(asked[1], {302, {}, R"({"version":"1.26.3"})"}));
}

TEST(ForgeChoose, SaysWhatIsMissing) {
    expect_config_error({"auto", "", "git@forge.lan:acme/fleet", {}}, "forge.url");
    expect_config_error({"gitea", "", "ssh://git@forge.lan:2222/acme/fleet", {}}, "forge.url");
    expect_config_error({"gitea", "", "/srv/git/fleet.git", {}}, "forge.url");
    expect_config_error({"gitlab", "", k_gitea_remote, {}}, "forge.kind");
    expect_config_error({"gitea", "https://git.example.org", "https://git.example.org/fleet", {}}, "git remote");
    expect_config_error({"gitea", "https://bob:secret@git.example.org", k_gitea_remote, {}}, "forge.url");
    expect_config_error({"gitea", "git.example.org", k_gitea_remote, {}}, "forge.url");
}

TEST(ForgeChoose, ErrorsKeepTheRemotesPasswordToThemselves) {
    const auto choice = choose({"auto", "", "https://bob:secret@git.example.org/fleet", {}});
    ASSERT_FALSE(choice.ok());
    EXPECT_EQ((choice.error().what + choice.error().why + choice.error().hint).find("secret"), std::string::npos);
}

}  // namespace
}  // namespace lockstep::forge
