// SPDX-License-Identifier: MIT
// Reading the user's checkout: right in every shape a checkout comes in, and never a byte written.
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "edges/git_test_bed.hpp"

namespace lockstep::test {
namespace {

namespace fs = std::filesystem;

class GitCheckout : public GitBed {
protected:
    CheckoutFacts facts(const fs::path& dir) {
        auto subject = git();
        const auto result = subject.checkout(dir);
        EXPECT_TRUE(result.ok()) << text_of(result.error());
        return result.ok() ? *result : CheckoutFacts{};
    }
};

TEST_F(GitCheckout, PlainClone) {
    const auto at_root = facts(checkout_.path());
    EXPECT_EQ(at_root.root, checkout_.path());
    EXPECT_EQ(at_root.head_commit, base_);
    EXPECT_EQ(at_root.head_branch, "main");
    EXPECT_FALSE(at_root.dirty);
    EXPECT_FALSE(at_root.shallow);
    EXPECT_EQ(at_root.subdir, "");
    EXPECT_EQ(facts(checkout_.path() / "hosts" / "web").subdir, "hosts/web");
}

TEST_F(GitCheckout, DetachedAndBranchWithSlashes) {
    checkout_.git({"switch", "-q", "-c", "feature/a/b"});
    EXPECT_EQ(facts(checkout_.path()).head_branch, "feature/a/b");
    checkout_.git({"checkout", "-q", "--detach"});
    EXPECT_EQ(facts(checkout_.path()).head_branch, "");
    EXPECT_EQ(facts(checkout_.path()).head_commit, base_);
}

TEST_F(GitCheckout, EmptyRepository) {
    const auto empty = GitRepo::make(tmp_ / "empty", "trunk");
    EXPECT_EQ(facts(empty.path()).head_commit, "");
    EXPECT_EQ(facts(empty.path()).head_branch, "trunk");
}

TEST_F(GitCheckout, DirtyMeansTrackedFilesOnly) {
    write_file(checkout_.path() / "note.txt", "x");
    EXPECT_FALSE(facts(checkout_.path()).dirty) << "untracked";
    write_file(checkout_.path() / "flake.nix", "{ } # changed\n");
    EXPECT_TRUE(facts(checkout_.path()).dirty) << "changed";
    checkout_.git({"checkout", "-q", "flake.nix"});
    checkout_.git({"add", "note.txt"});
    EXPECT_TRUE(facts(checkout_.path()).dirty) << "staged";
}

TEST_F(GitCheckout, TouchedButEqualIsNotDirty) {
    write_file(checkout_.path() / "flake.nix", "{ }\n");
    fs::last_write_time(checkout_.path() / "flake.nix", fs::file_time_type::clock::now() - std::chrono::hours(24));
    EXPECT_FALSE(facts(checkout_.path()).dirty);
}

TEST_F(GitCheckout, ExternalFiltersDoNotMakeItDirty) {
    const auto repo = GitRepo::make(tmp_ / "filtered");
    repo.set_config("filter.rot.clean", "tr a-y b-z");
    repo.set_config("filter.rot.smudge", "tr b-z a-y");
    write_file(repo.path() / ".gitattributes", "*.dat filter=rot\n");
    write_file(repo.path() / "x.dat", "aaa\n");
    repo.git({"add", "."});
    repo.git({"commit", "-q", "-m", "x"});
    fs::last_write_time(repo.path() / "x.dat", fs::file_time_type::clock::now() - std::chrono::hours(24));
    EXPECT_FALSE(facts(repo.path()).dirty) << "libgit2 does not run the filter and must not have the last word";
    write_file(repo.path() / "x.dat", "ccc\n");
    EXPECT_TRUE(facts(repo.path()).dirty);
}

TEST_F(GitCheckout, ShallowClone) {
    remote_.commit("main", {{"a", "1"}}, "second");
    const auto shallow = GitRepo::clone("file://" + remote_.url(), tmp_ / "shallow", {}, {"--depth=1"});
    const auto found = facts(shallow.path());
    EXPECT_TRUE(found.shallow);
    EXPECT_EQ(found.head_commit, remote_.ref("main"));
}

TEST_F(GitCheckout, LinkedWorkTree) {
    checkout_.git({"worktree", "add", "-q", "-b", "side", (tmp_ / "linked").string()});
    const auto found = facts(tmp_ / "linked" / "hosts");
    EXPECT_EQ(found.root, tmp_ / "linked");
    EXPECT_EQ(found.head_branch, "side");
    EXPECT_EQ(found.subdir, "hosts");
}

TEST_F(GitCheckout, SparseIndexIsReadByGitItself) {
    checkout_.git({"sparse-checkout", "set", "--sparse-index", "nothing"});
    const auto found = facts(checkout_.path());
    EXPECT_EQ(found.head_commit, base_);
    EXPECT_EQ(found.head_branch, "main");
    EXPECT_FALSE(found.dirty);
    const auto asked_git = std::any_of(runner_.commands.begin(), runner_.commands.end(),
                                       [](const Command& command) { return command.argv.at(1) == "symbolic-ref"; });
    EXPECT_TRUE(asked_git) << "libgit2 1.5 cannot read such an index; if it can now, this test needs another shape";
    write_file(checkout_.path() / "flake.nix", "changed\n");
    EXPECT_TRUE(facts(checkout_.path()).dirty);
}

TEST_F(GitCheckout, NoWorkTreeIsAConfigurationError) {
    auto subject = git();
    fs::create_directories(tmp_ / "plain");
    for (const auto& dir : {tmp_ / "plain", tmp_ / "absent", remote_.path()}) {
        const auto result = subject.checkout(dir);
        ASSERT_FALSE(result.ok()) << dir;
        EXPECT_EQ(result.error().kind, ErrorKind::config) << dir;
        EXPECT_NE(result.error().hint.find("--repo"), std::string::npos);
    }
}

TEST_F(GitCheckout, Sha256RepositoriesAreRefusedWithWhatToDo) {
    fs::create_directories(tmp_ / "sha256");
    ASSERT_TRUE(run_git(tmp_ / "sha256", {"init", "-q", "--object-format=sha256"}).ok());
    auto subject = git();
    const auto result = subject.checkout(tmp_ / "sha256");
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::config);
    EXPECT_NE(result.error().what.find("sha256"), std::string::npos) << text_of(result.error());
}

TEST_F(GitCheckout, VariablesThatHooksSetDoNotMislead) {
    const auto other = GitRepo::make(tmp_ / "other", "wrong");
    runner_.environment["GIT_DIR"] = (other.path() / ".git").string();
    runner_.environment["GIT_WORK_TREE"] = other.path().string();
    runner_.environment["GIT_INDEX_FILE"] = (other.path() / ".git" / "index").string();
    auto subject = git();
    ASSERT_NO_FATAL_FAILURE(open(subject));
    EXPECT_EQ(facts(checkout_.path()).head_branch, "main");
    EXPECT_EQ(*subject.fetch("refs/heads/main"), base_);
    EXPECT_EQ(candidate(subject).parents, std::vector{base_});
    EXPECT_TRUE(other.refs().empty());
}

TEST_F(GitCheckout, ForeignOwnersAreOnlyTrustedInTheRunnersWorkspace) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to give files away";
    ASSERT_EQ(::chown(checkout_.path().c_str(), 12345, 12345), 0);
    ASSERT_EQ(::chown((checkout_.path() / ".git").c_str(), 12345, 12345), 0);
    auto subject = git();
    const auto refused = subject.checkout(checkout_.path());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::config);
    EXPECT_NE(refused.error().hint.find("safe.directory"), std::string::npos) << text_of(refused.error());
    variables_["GITHUB_WORKSPACE"] = tmp_.path().string();
    EXPECT_EQ(facts(checkout_.path()).head_commit, base_);
    ASSERT_NO_FATAL_FAILURE(open(subject));
}

TEST_F(GitCheckout, MissingGitIsSaid) {
    runner_.environment["PATH"] = (tmp_ / "home").string();
    auto subject = git();
    const auto result = subject.checkout(checkout_.path());
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::config);
    EXPECT_NE(result.error().hint.find("install git"), std::string::npos) << text_of(result.error());
}

/// Everything that a run does, on a checkout in an awkward state; the checkout must be the same to the byte afterwards.
class GitCheckoutUntouched : public GitCheckout, public ::testing::WithParamInterface<const char*> {};

TEST_P(GitCheckoutUntouched, ByAWholeRun) {
    const std::string shape = GetParam();
    if (shape == "shallow") {
        remote_.commit("main", {{"a", "1"}}, "second");
        fs::remove_all(checkout_.path());
        GitRepo::clone("file://" + remote_.url(), checkout_.path(), {}, {"--depth=1"});
    }
    if (shape == "detached") checkout_.git({"checkout", "-q", "--detach"});
    if (shape == "dirty") {
        write_file(checkout_.path() / "flake.nix", "{ } # mine\n");
        write_file(checkout_.path() / "staged", "s");
        checkout_.git({"add", "staged"});
        write_file(checkout_.path() / "untracked", "u");
    }
    if (shape == "stale index")  // a refresh would write here
        fs::last_write_time(checkout_.path() / "flake.nix", fs::file_time_type::clock::now() - std::chrono::hours(24));
    const auto before = snapshot(checkout_.path());

    auto subject = git();
    ASSERT_NO_FATAL_FAILURE(open(subject));
    const auto made = candidate(subject);
    ASSERT_OK(subject.add_worktree(made.id, tmp_ / "tree", true));
    ASSERT_OK(subject.check_push(made.id, "refs/heads/lockstep-probe"));
    EXPECT_EQ(subject.push({"refs/heads/main", made.id, made.parents.at(0)}).state, PushState::done);
    auto local = git();
    ASSERT_OK(local.open_local(facts(checkout_.path()), tmp_ / "local.git"));

    EXPECT_EQ(snapshot(checkout_.path()), before);
}

INSTANTIATE_TEST_SUITE_P(Shapes, GitCheckoutUntouched,
                         ::testing::Values("clean", "shallow", "detached", "dirty", "stale index"),
                         [](const auto& each) {
                             std::string name = each.param;
                             std::replace(name.begin(), name.end(), ' ', '_');
                             return name;
                         });

}  // namespace
}  // namespace lockstep::test
