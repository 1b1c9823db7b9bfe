// SPDX-License-Identifier: MIT
// Asks git about the user's checkout.
#include "edges/git_checkout.hpp"

#include <fmt/format.h>

#include <utility>

#include "edges/git_trouble.hpp"
#include "edges/libgit2_checkout.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace fs = std::filesystem;

namespace {

/// git refuses a repository of another user, because its settings can name programs to run, and so do we. The one
/// exception is the directory that an Actions runner itself calls the workspace: in container jobs it belongs to
/// another user.
bool is_workspace(const GitCli& git, const fs::path& dir) {
    const std::string workspace = git.environment("GITHUB_WORKSPACE");
    if (workspace.empty()) return false;
    std::error_code ignored;
    const fs::path below =
        fs::weakly_canonical(dir, ignored).lexically_relative(fs::weakly_canonical(workspace, ignored));
    return !below.empty() && *below.begin() != "..";
}

GitCall reading_call(const GitCli& git, const fs::path& dir, std::vector<std::string> args) {
    GitCall call;
    call.args = std::move(args);
    call.cwd = dir;
    call.rules = GitCall::Rules::users;
    call.config = {{"core.fsmonitor", "false"}};
    if (is_workspace(git, dir)) call.config.emplace_back("safe.directory", "*");
    return call;
}

Error no_repository(const fs::path& dir, std::string why) {
    return {ErrorKind::config, fmt::format("{} is not in a git work tree", dir.string()), std::move(why),
            "run lockstep inside a checkout of the fleet's repository, or name one with --repo"};
}

Error cannot_read(const GitAnswer& answer, const fs::path& dir) {
    if (answer.status.kind == ExitStatus::Kind::not_started) return git_error(answer, "cannot run git");
    if (mentions(answer.err, {"dubious ownership"}))
        return {ErrorKind::config, fmt::format("git does not trust {}", dir.string()), std::string(trim(answer.err)),
                fmt::format("if you do: git config --global --add safe.directory {}", dir.string())};
    if (mentions(answer.err, {"not a git repository", "must be run in a work tree"}))
        return no_repository(dir, std::string(trim(answer.err)));
    Error error = git_error(answer, fmt::format("cannot read the repository at {}", dir.string()));
    if (answer.status.kind == ExitStatus::Kind::exited) error.kind = ErrorKind::config;
    return error;
}

struct Places {
    std::string root, prefix;
    CheckoutStore store;
};

Result<Places> places(const GitCli& git, const fs::path& dir) {
    const GitAnswer answer =
        git.run(reading_call(git, dir,
                             {"rev-parse", "--path-format=absolute", "--show-toplevel", "--git-common-dir",
                              "--is-shallow-repository", "--show-object-format", "--show-prefix"}));
    if (!answer.ok()) return cannot_read(answer, dir);
    const auto lines = split(answer.out, '\n');
    if (lines.size() < 5 || lines[0].starts_with("--"))
        return Error{ErrorKind::config, "git is too old", "lockstep needs git 2.31 or newer", "install a newer git"};
    Places result{lines[0], lines[4], {lines[1], lines[2] == "true", lines[3]}};
    if (result.prefix.ends_with('/')) result.prefix.pop_back();
    if (result.store.object_format != "sha1")
        return Error{ErrorKind::config,
                     fmt::format("{} uses {} object names", dir.string(), result.store.object_format),
                     "lockstep (like most of Nix and every forge's API) works with SHA-1 repositories",
                     "convert it: git init --object-format=sha1, then fast-export | fast-import"};
    return result;
}

Result<bool> dirty_by_git(const GitCli& git, const fs::path& root) {
    const GitAnswer answer = git.run(
        reading_call(git, root, {"status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=dirty"}));
    if (!answer.status.ok()) return cannot_read(answer, root);
    return !answer.out.empty();
}

Result<CheckoutFacts> facts_by_git(const GitCli& git, const Places& at) {
    CheckoutFacts facts;
    facts.root = at.root;
    facts.subdir = at.prefix;
    facts.shallow = at.store.shallow;
    const GitAnswer head = git.run(reading_call(git, at.root, {"rev-parse", "--verify", "--quiet", "HEAD^{commit}"}));
    const GitAnswer branch = git.run(reading_call(git, at.root, {"symbolic-ref", "--quiet", "HEAD"}));
    if (head.ok()) facts.head_commit = trim(head.out);
    constexpr std::string_view k_heads = "refs/heads/";
    if (const auto name = trim(branch.out); branch.ok())
        facts.head_branch = name.starts_with(k_heads) ? name.substr(k_heads.size()) : name;
    LOCKSTEP_TRY(facts.dirty, dirty_by_git(git, at.root));
    return facts;
}

Result<GitConfig> listing(const GitCli& git, const GitCall& call, const fs::path& where) {
    const GitAnswer answer = git.run(call);
    if (!answer.ok()) return cannot_read(answer, where);
    return GitConfig::parse(answer.out);
}

}  // namespace

Result<UserCheckout> read_user_checkout(const GitCli& git, const fs::path& dir) {
    using State = libgit2::CheckoutReading::State;
    libgit2::CheckoutReading reading = libgit2::read_checkout(dir);
    if (reading.state == State::none) return no_repository(dir, reading.why);
    if (reading.state == State::bare) return no_repository(dir, "the repository is bare");
    LOCKSTEP_TRY(Places at, places(git, dir));
    if (reading.state == State::unsupported) {
        LOCKSTEP_TRY(reading.facts, facts_by_git(git, at));
    } else if (reading.facts.dirty) {
        LOCKSTEP_TRY(reading.facts.dirty, dirty_by_git(git, at.root));
    }
    return UserCheckout{std::move(reading.facts), std::move(at.store)};
}

Result<GitConfig> checkout_config(const GitCli& git, const fs::path& root) {
    return listing(git, reading_call(git, root, {"config", "--list", "-z"}), root);
}

Result<GitConfig> private_config(const GitCli& git, const fs::path& repository) {
    GitCall call;
    call.args = {"config", "--list", "-z"};
    call.repository = repository;
    return listing(git, call, repository);
}

}  // namespace lockstep
