// SPDX-License-Identifier: MIT
// Real git repositories for tests, made by the git command in an environment that knows nothing of the machine's.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "support/local_process.hpp"

namespace lockstep::test {

/// No user or system configuration, no prompts, fixed identity and dates. On top of the test program's environment:
/// variables that would redirect git (GIT_DIR and the like) are taken away by run_git.
[[nodiscard]] Env git_env();

/// The git command in `dir` (any working directory when ""), in git_env plus `extra`.
[[nodiscard]] RunResult run_git(const std::filesystem::path& dir, const std::vector<std::string>& arguments,
                                const Env& extra = {}, const std::string& input = {});

/// One repository on disk, bare or with a work tree.
class GitRepo {
public:
    using Files = std::map<std::string, std::string>;  ///< path → content

    /// Creates a bare repository whose HEAD is `branch` (unborn). Smart HTTP push is switched on.
    static GitRepo make_bare(const std::filesystem::path& path, const std::string& branch = "main");
    /// Creates an ordinary repository.
    static GitRepo make(const std::filesystem::path& path, const std::string& branch = "main");
    /// Clones; fails the test when git does.
    static GitRepo clone(const std::string& url, const std::filesystem::path& path, const Env& extra = {},
                         const std::vector<std::string>& options = {});
    /// One that exists.
    explicit GitRepo(std::filesystem::path path) : path_(std::move(path)) {}

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::string url() const { return path_.string(); }

    /// Runs git here. git() fails the test on an exit code but 0 and returns trimmed stdout.
    std::string git(const std::vector<std::string>& arguments, const Env& extra = {}) const;
    [[nodiscard]] RunResult try_git(const std::vector<std::string>& arguments, const Env& extra = {},
                                    const std::string& input = {}) const;

    /// A commit on top of `branch` (its first one when the branch is absent) with these files added or replaced; moves
    /// the branch, touches neither index nor work tree. Returns the commit id. Equal calls give equal ids.
    std::string commit(const std::string& branch, const Files& files, const std::string& message = "change") const;
    /// The same on top of any commit ("" = root), moving no ref.
    [[nodiscard]] std::string make_commit(const std::string& parent, const Files& files,
                                          const std::string& message = "change") const;

    [[nodiscard]] std::string ref(const std::string& name) const;   ///< id, or "" when absent; "main" or a full name
    [[nodiscard]] std::map<std::string, std::string> refs() const;  ///< full name → id
    [[nodiscard]] std::vector<std::string> log(const std::string& rev) const;               ///< subjects, newest first
    [[nodiscard]] std::string show(const std::string& rev, const std::string& file) const;  ///< "" when absent
    [[nodiscard]] bool is_ancestor(const std::string& ancestor, const std::string& commit) const;
    void set_ref(const std::string& name, const std::string& id) const;  ///< full name; forces
    void delete_ref(const std::string& name) const;
    void set_config(const std::string& key, const std::string& value) const;
    /// An executable hook (a shell script without its first line). Hooks do not run for pushes of libgit2 to a path.
    void set_hook(const std::string& name, const std::string& script) const;

private:
    std::filesystem::path path_;
};

}  // namespace lockstep::test
