// SPDX-License-Identifier: MIT
// The run's private repository: what it borrows, what it fetches, the work trees made from it.
#include "edges/git_test_bed.hpp"
#include "support/nix_lab.hpp"

namespace lockstep::test {
namespace {

namespace fs = std::filesystem;

class GitPrivate : public GitBed {
protected:
    std::string alternates(const std::string& name = "run.git") {
        return read_file(tmp_ / name / "objects" / "info" / "alternates");
    }
    std::string fetched(const GitRepository& subject) {
        return GitRepo(subject.repository()).git({"count-objects", "-v"});
    }
};

TEST_F(GitPrivate, TellsTheRemotesFacts) {
    auto subject = git();
    const auto facts = subject.open(*subject.checkout(checkout_.path()), "origin", tmp_ / "run.git");
    ASSERT_OK(facts);
    EXPECT_EQ(facts->name, "origin");
    EXPECT_EQ(facts->url, remote_.path());
    EXPECT_EQ(facts->default_branch, "main");
    EXPECT_EQ(subject.repository(), tmp_ / "run.git");
    EXPECT_EQ(fs::status(tmp_ / "run.git").permissions(), fs::perms::owner_all);
}

TEST_F(GitPrivate, RemoteWithoutAUsableHeadHasNoDefaultBranch) {
    remote_.git({"symbolic-ref", "HEAD", "refs/heads/nothing"});
    auto subject = git();
    EXPECT_EQ(subject.open(*subject.checkout(checkout_.path()), "origin", tmp_ / "run.git")->default_branch, "");
    remote_.git({"update-ref", "--no-deref", "HEAD", base_});
    EXPECT_EQ(subject.open(*subject.checkout(checkout_.path()), "origin", tmp_ / "run.git")->default_branch, "");
}

TEST_F(GitPrivate, RelativeRemotesMeanTheCheckout) {
    checkout_.git({"remote", "set-url", "origin", "../remote.git"});
    auto subject = git();
    const auto facts = *subject.checkout(checkout_.path() / "hosts");
    EXPECT_EQ(*subject.remote_url(facts, "origin"), remote_.path());
    EXPECT_EQ(subject.open(facts, "origin", tmp_ / "deep" / "down" / "run.git")->url, remote_.path());
    EXPECT_EQ(*subject.fetch("refs/heads/main"), base_);
}

TEST_F(GitPrivate, InsteadOfRulesApplyOnce) {
    checkout_.git({"remote", "set-url", "origin", "fleet:remote.git"});
    checkout_.set_config("url." + tmp_.path().string() + "/.insteadOf", "fleet:");
    write_file(tmp_ / "home" / ".gitconfig", "[url \"/nowhere/\"]\n\tinsteadOf = " + tmp_.path().string() + "/\n");
    auto subject = git();
    ASSERT_NO_FATAL_FAILURE(open(subject));
    EXPECT_EQ(*subject.remote_url(*subject.checkout(checkout_.path()), "origin"), remote_.path());
    EXPECT_EQ(*subject.fetch("refs/heads/main"), base_);
}

TEST_F(GitPrivate, PushAddressesAreUsedForPushesOnly) {
    const auto other = GitRepo::make_bare(tmp_ / "other.git");
    checkout_.set_config("remote.origin.pushurl", "../other.git");
    auto subject = git();
    ASSERT_NO_FATAL_FAILURE(open(subject));
    const auto made = candidate(subject);
    EXPECT_EQ(subject.push({"refs/heads/main", made.id, ""}).state, PushState::done);
    EXPECT_EQ(other.ref("main"), made.id);
    EXPECT_EQ(remote_.ref("main"), base_);
    checkout_.git({"config", "--add", "remote.origin.pushurl", "../third.git"});
    auto later = git();  // a run sees one moment of the checkout's settings
    const auto several = later.open(*later.checkout(checkout_.path()), "origin", tmp_ / "run2.git");
    ASSERT_FALSE(several.ok());
    EXPECT_EQ(several.error().kind, ErrorKind::config);
}

TEST_F(GitPrivate, UnknownRemoteNamesThoseThatExist) {
    auto subject = git();
    const auto facts = *subject.checkout(checkout_.path());
    for (const char* name : {"upstream", "", "--all"}) {
        const auto opened = subject.open(facts, name, tmp_ / "run.git");
        ASSERT_FALSE(opened.ok()) << name;
        EXPECT_EQ(opened.error().kind, ErrorKind::config);
        EXPECT_NE(opened.error().hint.find("origin"), std::string::npos) << text_of(opened.error());
        EXPECT_FALSE(subject.remote_url(facts, name).ok());
    }
    EXPECT_FALSE(fs::exists(tmp_ / "run.git")) << "nothing was made";
    EXPECT_EQ(*subject.remote_url(facts, "origin"), remote_.path());
}

TEST_F(GitPrivate, AddressesThatRunCommandsAreRefused) {
    auto subject = git();
    const std::string trap = "touch " + (tmp_ / "trapped").string();
    for (const std::string& url :
         std::vector<std::string>{"--upload-pack=" + trap, "ext::sh -c '" + trap + "'", "evil:x"}) {
        checkout_.set_config("remote.origin.url", url);
        checkout_.set_config("url.ext::sh -c '" + trap + "' .insteadOf", "evil:");
        checkout_.set_config("protocol.ext.allow", "always");
        const auto opened = subject.open(*subject.checkout(checkout_.path()), "origin", tmp_ / "run.git");
        ASSERT_FALSE(opened.ok()) << url;
        EXPECT_EQ(opened.error().kind, ErrorKind::config) << url;
    }
    EXPECT_FALSE(fs::exists(tmp_ / "trapped"));
}

TEST_F(GitPrivate, PathWithoutARepositoryIsAConfigurationError) {
    checkout_.set_config("remote.origin.url", (tmp_ / "nothing").string());
    auto subject = git();
    const auto opened = subject.open(*subject.checkout(checkout_.path()), "origin", tmp_ / "run.git");
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().kind, ErrorKind::config) << text_of(opened.error());
}

TEST_F(GitPrivate, BorrowsFromAFullCheckout) {
    auto subject = git();
    ASSERT_NO_FATAL_FAILURE(open(subject));
    EXPECT_EQ(alternates(), (checkout_.path() / ".git" / "objects\n").string());
    EXPECT_EQ(*subject.fetch("refs/heads/main"), base_);
    EXPECT_NE(fetched(subject).find("count: 0\n"), std::string::npos) << "everything was there already";
}

TEST_F(GitPrivate, LinkedWorkTreesBorrowFromTheirRepository) {
    checkout_.git({"worktree", "add", "-q", "-b", "side", (tmp_ / "linked").string()});
    auto subject = git();
    ASSERT_OK(subject.open(*subject.checkout(tmp_ / "linked"), "origin", tmp_ / "run.git"));
    EXPECT_EQ(alternates(), (checkout_.path() / ".git" / "objects\n").string());
}

TEST_F(GitPrivate, DoesNotBorrowFromShallowOrPartialCheckouts) {
    remote_.commit("main", {{"a", "1"}}, "second");
    remote_.set_config("uploadpack.allowFilter", "true");
    for (const std::string option : {"--depth=1", "--filter=blob:none"}) {
        const auto cut = GitRepo::clone("file://" + remote_.url(), tmp_ / option.substr(2, 4), {}, {option});
        auto subject = git();
        const std::string name = "run" + option.substr(2, 4);
        ASSERT_OK(subject.open(*subject.checkout(cut.path()), "origin", tmp_ / name));
        EXPECT_EQ(alternates(name), "");
        const auto id = subject.fetch("refs/heads/main");
        ASSERT_OK(id);
        EXPECT_EQ(*id, remote_.ref("main"));
        EXPECT_TRUE(*subject.is_ancestor(base_, *id)) << "the whole history is here";
        EXPECT_EQ(GitRepo(subject.repository()).git({"fsck", "--connectivity-only"}), "");
    }
}

TEST_F(GitPrivate, DoesNotBorrowWhatGitWouldNotFollow) {
    fs::rename(checkout_.path() / ".git" / "objects", tmp_ / "objects");
    fs::create_directories(checkout_.path() / ".git" / "objects" / "info");
    fs::create_directories(checkout_.path() / ".git" / "objects" / "pack");
    write_file(checkout_.path() / ".git" / "objects" / "info" / "alternates", "../../../objects\n");
    auto subject = git();
    ASSERT_NO_FATAL_FAILURE(open(subject));
    EXPECT_EQ(alternates(), "");
    EXPECT_EQ(*subject.fetch("refs/heads/main"), base_);
    EXPECT_EQ(GitRepo(subject.repository()).git({"fsck"}), "");
}

TEST_F(GitPrivate, RelativeDirectoriesMeanOurs) {
    const auto relative = fs::relative(tmp_.path());
    auto subject = git();
    ASSERT_OK(subject.open(*subject.checkout(relative / "checkout"), "origin", relative / "run.git"));
    EXPECT_EQ(candidate(subject).parents, std::vector{base_});
    ASSERT_OK(subject.add_worktree(base_, relative / "tree", true));
    EXPECT_TRUE(fs::exists(tmp_ / "tree" / "flake.nix"));
    auto local = git();
    ASSERT_OK(local.open_local(*local.checkout(relative / "checkout"), relative / "local.git"));
}

TEST_F(GitPrivate, SettingsFileNamedInTheEnvironment) {
    variables_ = {{"GIT_CONFIG_GLOBAL", (tmp_ / "elsewhere").string()}};
    write_file(tmp_ / "elsewhere", "[user]\n\tname = Global Person\n\temail = global@example.org\n");
    auto subject = git();
    ASSERT_NO_FATAL_FAILURE(open(subject));
    EXPECT_EQ(candidate(subject).author, (Identity{"Global Person", "global@example.org"}));
}

TEST_F(GitPrivate, OpeningAgainKeepsWhatIsThere) {
    auto first = git();
    ASSERT_NO_FATAL_FAILURE(open(first));
    const auto made = candidate(first);
    auto second = git();
    ASSERT_NO_FATAL_FAILURE(open(second));
    EXPECT_EQ(second.commit_info(made.id)->tree, made.tree);
    EXPECT_EQ(GitRepo(second.repository()).ref("flake-update/2026-01-01"), made.id);
}

TEST_F(GitPrivate, ListsRefsByWholeNames) {
    remote_.set_ref("refs/heads/flake-update/2026-01-01", base_);
    remote_.set_ref("refs/heads/x/refs/heads/main", base_);
    remote_.git({"tag", "-a", "-m", "t", "v1", base_});
    auto subject = git();
    ASSERT_NO_FATAL_FAILURE(open(subject));
    EXPECT_EQ(*subject.list_refs({"refs/heads/main"}), (std::vector<RemoteRef>{{"refs/heads/main", base_}}));
    EXPECT_EQ(*subject.list_refs({"refs/heads/flake-update/*", "refs/heads/none"}),
              (std::vector<RemoteRef>{{"refs/heads/flake-update/2026-01-01", base_}}));
    EXPECT_EQ(subject.list_refs({})->size(), 3u) << "heads only";
    EXPECT_EQ(subject.list_refs({"refs/tags/*"})->size(), 1u) << "peeled tags are no refs";
    EXPECT_TRUE(subject.list_refs({"--upload-pack=x"})->empty());
}

TEST_F(GitPrivate, FetchFollowsTheRemoteAndSaysWhenTheBranchIsGone) {
    auto subject = git();
    ASSERT_NO_FATAL_FAILURE(open(subject));
    EXPECT_EQ(*subject.fetch("refs/heads/main"), base_);
    const auto moved = remote_.commit("main", {{"a", "1"}}, "second");
    EXPECT_EQ(*subject.fetch("refs/heads/main"), moved);
    remote_.set_ref("refs/heads/main", base_);
    EXPECT_EQ(*subject.fetch("refs/heads/main"), base_) << "also backwards";
    const auto gone = subject.fetch("refs/heads/none");
    ASSERT_FALSE(gone.ok());
    EXPECT_EQ(gone.error().kind, ErrorKind::config);
    for (const char* ref : {"main", "--all", "refs/heads/*", "refs/heads/a:refs/heads/b"})
        EXPECT_FALSE(subject.fetch(ref).ok()) << ref;
}

TEST_F(GitPrivate, WorkTreesOfCommitsOnBranchesWithSlashes) {
    auto subject = git();
    ASSERT_NO_FATAL_FAILURE(open(subject));
    const auto made = candidate(subject, "{}\n", "flake-update/deep/2026-01-01");
    ASSERT_OK(subject.add_worktree(made.id, tmp_ / "trees" / "new", false));
    EXPECT_EQ(read_file(tmp_ / "trees" / "new" / "flake.lock"), "{}\n");
    EXPECT_EQ(GitRepo(tmp_ / "trees" / "new").git({"status", "--porcelain"}), "");
    ASSERT_OK(subject.add_worktree(base_, tmp_ / "trees" / "old", false));
    EXPECT_FALSE(fs::exists(tmp_ / "trees" / "old" / "flake.lock"));
    EXPECT_FALSE(subject.add_worktree(base_, tmp_ / "trees" / "old", false).ok()) << "not empty";
    fs::remove_all(tmp_ / "trees" / "old");
    EXPECT_TRUE(subject.add_worktree(base_, tmp_ / "trees" / "old", false).ok()) << "registered, but gone";
    EXPECT_FALSE(subject.add_worktree(std::string(40, 'a'), tmp_ / "trees" / "none", false).ok());
    ASSERT_OK(subject.add_empty_worktree(base_, tmp_ / "trees" / "empty"));
    const std::filesystem::directory_iterator inside(tmp_ / "trees" / "empty");
    EXPECT_EQ(std::distance(inside, {}), 1) << "nothing but .git";
    EXPECT_EQ(GitRepo(tmp_ / "trees" / "empty").git({"rev-parse", "HEAD"}), base_);
}

TEST_F(GitPrivate, SubmodulesOnlyWhenAsked) {
    const auto library = GitRepo::make_bare(tmp_ / "library.git");
    library.commit("main", {{"lib.nix", "1\n"}}, "lib");
    const Env allow = {
        {"GIT_CONFIG_COUNT", "1"}, {"GIT_CONFIG_KEY_0", "protocol.file.allow"}, {"GIT_CONFIG_VALUE_0", "always"}};
    checkout_.git({"submodule", "add", "-q", "../library.git", "lib"}, allow);
    checkout_.git({"commit", "-q", "-m", "lib"});
    checkout_.git({"push", "-q", "origin", "main"});
    auto subject = git();
    ASSERT_NO_FATAL_FAILURE(open(subject));
    const auto id = *subject.fetch("refs/heads/main");
    ASSERT_OK(subject.add_worktree(id, tmp_ / "without", false));
    EXPECT_FALSE(fs::exists(tmp_ / "without" / "lib" / "lib.nix"));

    const auto refused = subject.add_worktree(id, tmp_ / "refused", true);
    ASSERT_FALSE(refused.ok()) << "git does not clone submodules from paths unless it is allowed to";
    checkout_.set_config("protocol.file.allow", "always");  // a local setting, so it must have been handed over
    auto allowed = git();
    ASSERT_NO_FATAL_FAILURE(open(allowed));
    ASSERT_OK(allowed.add_worktree(id, tmp_ / "with", true));
    EXPECT_EQ(read_file(tmp_ / "with" / "lib" / "lib.nix"), "1\n");
    EXPECT_EQ(GitRepo(tmp_ / "with" / "lib").git({"remote", "get-url", "origin"}), library.path());
}

TEST_F(GitPrivate, LocalOpenProvesWhatIsCheckedOut) {
    checkout_.git({"commit", "-q", "--allow-empty", "-m", "never pushed"});
    auto subject = git();
    const auto facts = *subject.checkout(checkout_.path());
    ASSERT_OK(subject.open_local(facts, tmp_ / "local.git"));
    EXPECT_EQ(GitRepo(tmp_ / "local.git").git({"rev-parse", "HEAD"}), facts.head_commit);
    EXPECT_EQ(*subject.read_file(facts.head_commit, "flake.nix"), "{ }\n");
    EXPECT_TRUE(*subject.is_ancestor(base_, facts.head_commit));
    ASSERT_OK(subject.add_worktree(facts.head_commit, tmp_ / "tree", false));
    EXPECT_EQ(read_file(tmp_ / "tree" / "flake.nix"), "{ }\n");
}

TEST_F(GitPrivate, LocalOpenOfAShallowCheckoutStaysShallow) {
    const auto tip = remote_.commit("main", {{"a", "1"}}, "second");
    const auto cut = GitRepo::clone("file://" + remote_.url(), tmp_ / "cut", {}, {"--depth=1"});
    auto subject = git();
    ASSERT_OK(subject.open_local(*subject.checkout(cut.path()), tmp_ / "local.git"));
    EXPECT_EQ(GitRepo(tmp_ / "local.git").git({"rev-parse", "--is-shallow-repository"}), "true");
    EXPECT_EQ(GitRepo(tmp_ / "local.git").git({"rev-list", "--count", "HEAD"}), "1");
    EXPECT_EQ(*subject.read_file(tip, "a"), "1");
    ASSERT_OK(subject.add_worktree(tip, tmp_ / "tree", false));
}

TEST_F(GitPrivate, NixReadsWorkTreesOfTheLocalRepository) {
    LOCKSTEP_NEEDS_NIX();
    remote_.commit("main", {{"flake.nix", "{ outputs = _: { answer = 42; }; }\n"}}, "second");
    NixLab lab;
    for (const std::string option : {"--depth=1", "--depth=9"}) {
        const auto clone = GitRepo::clone("file://" + remote_.url(), tmp_ / ("clone" + option), {}, {option});
        auto subject = git();
        const auto facts = *subject.checkout(clone.path());
        ASSERT_OK(subject.open_local(facts, tmp_ / ("local" + option)));
        ASSERT_OK(subject.add_worktree(facts.head_commit, tmp_ / ("tree" + option), false));
        // A shallow repository needs shallow=1, and is refused when it is bare.
        const auto flake = "git+file://" + (tmp_ / ("tree" + option)).string() + "?rev=" + facts.head_commit +
                           (facts.shallow ? "&shallow=1" : "") + "#answer";
        const auto ran = run_program({"nix", "eval", flake}, lab.environment());
        EXPECT_EQ(ran.out.substr(0, 2), "42") << ran.err;
    }
}

TEST_F(GitPrivate, LocalOpenNeedsACommit) {
    const auto empty = GitRepo::make(tmp_ / "empty");
    auto subject = git();
    const auto opened = subject.open_local(*subject.checkout(empty.path()), tmp_ / "local.git");
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().kind, ErrorKind::config);
}

}  // namespace
}  // namespace lockstep::test
