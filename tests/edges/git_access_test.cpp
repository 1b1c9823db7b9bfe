// SPDX-License-Identifier: MIT
// Who authenticates to an HTTP remote and with what, and that nothing secret is left where others can read it.
#include <gmock/gmock.h>

#include <filesystem>

#include "edges/git_http_bed.hpp"

namespace lockstep::test {
namespace {

namespace fs = std::filesystem;
using fakes::GitHttpServer;
namespace fault = fakes::fault;

class GitAccess : public GitHttpBed {};

// ── who authenticates ───────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(GitAccess, OwnToken) {
    auto subject = with_token(host());
    expect_full_access(subject);
}

TEST_F(GitAccess, TokenIsForItsHostAlone) {
    auto subject = with_token("git.example.org");
    const auto result = opened(subject);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::credentials) << text_of(result.error());
    for (const auto& command : runner_.commands)
        for (const auto& [name, value] : command.env_set)
            EXPECT_EQ(value.find(base64(std::string("x-access-token:") + k_token)), std::string::npos);
}

TEST_F(GitAccess, WhatCheckoutActionsLeaveBehindWorksWithoutAToken) {
    checkout_v4(k_token);
    auto subject = with_token("");
    expect_full_access(subject);
}

TEST_F(GitAccess, WhatNewerCheckoutActionsLeaveBehindWorksToo) {
    checkout_v6(k_token);
    auto subject = with_token("");
    expect_full_access(subject);
}

TEST_F(GitAccess, SecretsOfOthersAreToldBeforeTheyAreUsed) {
    checkout_v4(k_token);
    use("http://somebody:p%40ssw0rd@" + host() + "/remote.git");
    std::vector<std::string> told;
    GitSettings settings;
    settings.on_secret = [&](const std::string& secret) { told.push_back(secret); };
    auto subject = git(settings);
    (void)opened(subject);
    EXPECT_THAT(told, ::testing::IsSupersetOf({std::string("p@ssw0rd"), std::string(k_token),
                                               base64(std::string("x-access-token:") + k_token)}));
    EXPECT_THAT(told, ::testing::Not(::testing::Contains("somebody")));
}

TEST_F(GitAccess, OwnTokenReplacesTheirsInEveryForm) {  // the server answers 400 to two Authorization headers
    checkout_v4("stale");
    checkout_v6("stale");
    global("[http]\n\textraHeader = " + basic("global") + "\n[http \"" + server_.url() +
           "\"]\n\textraHeader = " + basic("site") + "\n");
    auto subject = with_token(host());
    expect_full_access(subject);
}

TEST_F(GitAccess, OneHeaderInTheGlobalSettingsIsNotSentTwice) {
    global("[http]\n\textraHeader = " + basic() + "\n");
    auto subject = with_token("");
    expect_full_access(subject);
}

TEST_F(GitAccess, CredentialHelperOfTheUser) {
    const auto store = tmp_ / "store";
    write_file(store, "http://user:" + std::string(k_token) + "@" + host() + "\n");
    checkout_.set_config("credential.helper", "store --file=" + store.string());
    auto subject = with_token("");
    expect_full_access(subject);
}

TEST_F(GitAccess, SettingsInTheEnvironment) {
    variables_["GIT_CONFIG_COUNT"] = "1";
    variables_["GIT_CONFIG_KEY_0"] = "http." + server_.url() + "/.extraHeader";
    variables_["GIT_CONFIG_VALUE_0"] = basic();
    auto subject = with_token("");
    expect_full_access(subject);
}

TEST_F(GitAccess, AskpassOfTheUser) {
    const auto script = tmp_ / "askpass";
    write_file(script, "#!/bin/sh\ncase $1 in User*) echo user ;; *) echo " + std::string(k_token) + " ;; esac\n");
    fs::permissions(script, fs::perms::owner_all);
    variables_["GIT_ASKPASS"] = script.string();
    auto subject = with_token("");
    expect_full_access(subject);
}

TEST_F(GitAccess, PasswordInTheAddress) {
    use(server_.url_with_token("remote.git"));
    auto subject = with_token("");
    EXPECT_EQ(*subject.remote_url(*subject.checkout(checkout_.path()), "origin"), server_.url() + "/remote.git");
    EXPECT_EQ(opened(subject)->url, server_.url() + "/remote.git");
    expect_full_access(subject);
}

TEST_F(GitAccess, PasswordBroughtInByInsteadOf) {
    global("[url \"http://user:" + std::string(k_token) + "@" + host() + "/\"]\n\tinsteadOf = " + server_.url() +
           "/\n");
    auto subject = with_token("");
    expect_full_access(subject);
}

TEST_F(GitAccess, DifferentPasswordsForFetchAndPush) {
    GitHttpServer readers({.root = tmp_.path(), .token = "reader_token", .read_only = true});
    use(readers.url_with_token("remote.git"));
    checkout_.set_config("remote.origin.pushurl", server_.url_with_token("remote.git"));
    auto subject = with_token("");
    expect_full_access(subject);
}

TEST_F(GitAccess, WrongTokenIsDeniedAndNobodyIsAsked) {
    const auto script = tmp_ / "askpass";
    write_file(script, "#!/bin/sh\ntouch " + (tmp_ / "asked").string() + "\necho " + k_token + "\n");
    fs::permissions(script, fs::perms::owner_all);
    variables_["GIT_ASKPASS"] = script.string();
    checkout_.set_config("core.askPass", script.string());
    checkout_.set_config("credential.helper", "!touch " + (tmp_ / "asked").string() + "; true");
    runner_.environment["SSH_ASKPASS"] = script.string();
    auto right = with_token(host());
    ASSERT_OK(opened(right));
    const auto made = candidate(right);

    auto wrong = with_token(host(), "wr0ngToken");
    const auto result = opened(wrong);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::credentials) << text_of(result.error());
    EXPECT_EQ(wrong.push({k_main, made.id, base_}).state, PushState::denied);
    const auto checked = wrong.check_push(made.id, "refs/heads/lockstep-probe");
    ASSERT_FALSE(checked.ok());
    EXPECT_EQ(checked.error().kind, ErrorKind::credentials);
    EXPECT_FALSE(fs::exists(tmp_ / "asked"));
    EXPECT_EQ(remote_.ref("main"), base_);
}

TEST_F(GitAccess, NoCredentialsAtAllIsDeniedAndNobodyIsAsked) {
    const auto script = tmp_ / "askpass";
    write_file(script, "#!/bin/sh\ntouch " + (tmp_ / "asked").string() + "\n");
    fs::permissions(script, fs::perms::owner_all);
    runner_.environment["SSH_ASKPASS"] = script.string();
    runner_.environment["DISPLAY"] = ":99";
    auto subject = with_token("");
    const auto result = opened(subject);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::credentials) << text_of(result.error());
    EXPECT_FALSE(fs::exists(tmp_ / "asked"));
}

TEST_F(GitAccess, ReadersCannotPush) {
    GitHttpServer readers({.root = tmp_.path(), .token = k_token, .read_only = true});
    use(readers.url() + "/remote.git");
    auto subject = with_token(readers.url().substr(7));
    ASSERT_OK(opened(subject));
    const auto made = candidate(subject);
    const auto checked = subject.check_push(made.id, "refs/heads/lockstep-probe");
    ASSERT_FALSE(checked.ok());
    EXPECT_EQ(checked.error().kind, ErrorKind::credentials) << text_of(checked.error());
    EXPECT_EQ(subject.push({k_main, made.id, base_}).state, PushState::denied);
}

TEST_F(GitAccess, UnknownRepositoryMayBeAPermission) {
    use(server_.url() + "/other.git");
    auto subject = with_token(host());
    const auto result = opened(subject);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::credentials) << text_of(result.error());
}

TEST_F(GitAccess, TokenDoesNotFollowARedirect) {
    GitHttpServer elsewhere({.root = tmp_.path(), .token = ""});
    server_.faults().on("GET", "/info/refs",
                        fault::redirect(301, elsewhere.url() + "/remote.git/info/refs?service=git-upload-pack"),
                        {1, 0});
    auto subject = with_token(host());
    const auto result = opened(subject);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(elsewhere.requests(), 0);
    EXPECT_NE(result.error().hint.find("moved"), std::string::npos) << text_of(result.error());
}

TEST_F(GitAccess, TokenReachesSubmodulesOnItsHost) {
    const auto library = GitRepo::make_bare(tmp_ / "library.git");
    library.commit("main", {{"lib.nix", "1\n"}}, "lib");
    write_file(tmp_ / "modules", "[submodule \"lib\"]\n\tpath = lib\n\turl = ../library.git\n");
    checkout_.git({"update-index", "--add", "--cacheinfo", "160000," + library.ref("main") + ",lib"});
    const auto blob = checkout_.git({"hash-object", "-w", (tmp_ / "modules").string()});
    checkout_.git({"update-index", "--add", "--cacheinfo", "100644," + blob + ",.gitmodules"});
    checkout_.git({"commit", "-q", "-m", "lib"});
    checkout_.git({"push", "-q", remote_.url(), "HEAD:main"});
    checkout_v4("stale");
    auto with = with_token(host());
    ASSERT_OK(opened(with));
    ASSERT_OK(with.add_worktree(*with.fetch(k_main), tmp_ / "by-token", true));
    EXPECT_EQ(read_file(tmp_ / "by-token" / "lib" / "lib.nix"), "1\n");

    checkout_.git({"config", "--unset-all", "http." + server_.url() + "/.extraheader"});
    use(server_.url_with_token("remote.git"));
    auto by_address = with_token("");
    ASSERT_OK(opened(by_address, "second.git"));
    ASSERT_OK(by_address.add_worktree(*by_address.fetch(k_main), tmp_ / "by-address", true));
    EXPECT_EQ(read_file(tmp_ / "by-address" / "lib" / "lib.nix"), "1\n");
    for (const char* place : {"run.git", "second.git", "by-token", "by-address"})
        EXPECT_EQ(files_with(tmp_ / place, k_token), std::vector<std::string>{});
}

// ── secrets ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/// Replaces git and its transport programs by scripts that write down their arguments, and returns the file.
fs::path record_arguments(const fs::path& dir, RecordingRunner& runner) {
    const auto log = dir / "argv.log", farm = dir / "git-core";
    fs::create_directories(farm);
    auto real = run_git({}, {"--exec-path"}).out;
    real.pop_back();
    for (const auto& entry : fs::directory_iterator(real))
        fs::create_symlink(entry.path(), farm / entry.path().filename());
    for (const char* name : {"git", "git-remote-http", "git-remote-https"}) {
        fs::remove(farm / name);
        write_file(farm / name, "#!/bin/sh\nprintf '%s\\n' \"$0 $*\" >>" + log.string() + "\nexec " + real + "/" +
                                    name + " \"$@\"\n");
        fs::permissions(farm / name, fs::perms::owner_all);
    }
    runner.environment["GIT_EXEC_PATH"] = farm.string();
    runner.environment["PATH"] = farm.string() + ":/usr/bin:/bin";
    return log;
}

class GitSecrets : public GitHttpBed, public ::testing::WithParamInterface<const char*> {};

TEST_P(GitSecrets, AreNeitherInArgumentsNorInFilesNorInMessages) {
    const std::string way = GetParam();
    if (way == "address") use(server_.url_with_token("remote.git"));
    if (way == "header") checkout_v6(k_token);
    if (way == "rewrite")
        global("[url \"http://user:" + std::string(k_token) + "@" + host() + "/\"]\n\tinsteadOf = " + server_.url() +
               "/\n");
    const auto log = record_arguments(tmp_.path(), runner_);
    auto subject = with_token(way == "token" ? host() : "");
    expect_full_access(subject);
    ASSERT_OK(subject.add_worktree(base_, tmp_ / "tree", true));
    const auto failed = subject.fetch("refs/heads/nothing");
    ASSERT_FALSE(failed.ok());

    const std::string encoded = base64("x-access-token:" + std::string(k_token)), argv = read_file(log);
    ASSERT_NE(argv.find("git-remote-http"), std::string::npos) << "the transport program was recorded";
    for (const auto& secret : {std::string(k_token), encoded}) {
        EXPECT_EQ(argv.find(secret), std::string::npos) << argv;
        EXPECT_EQ(files_with(tmp_ / "run.git", secret), std::vector<std::string>{});
        EXPECT_EQ(files_with(tmp_ / "tree", secret), std::vector<std::string>{});
        EXPECT_EQ(text_of(failed.error()).find(secret), std::string::npos);
    }
}

INSTANTIATE_TEST_SUITE_P(Ways, GitSecrets, ::testing::Values("token", "address", "header", "rewrite"),
                         [](const auto& each) { return std::string(each.param); });

TEST_F(GitAccess, ServerThatEchoesTheTokenIsNotQuoted) {
    server_.faults().on("GET", "/info/refs",
                        fault::answer(403, "go away, " + std::string(k_token), {{"Content-Type", "text/plain"}}),
                        {1, 0});
    auto subject = with_token(host());
    const auto result = opened(subject);
    ASSERT_FALSE(result.ok());
    EXPECT_NE(result.error().why.find("go away, ***"), std::string::npos) << text_of(result.error());
}

}  // namespace
}  // namespace lockstep::test
