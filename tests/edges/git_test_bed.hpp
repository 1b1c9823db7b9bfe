// SPDX-License-Identifier: MIT
// What the tests of the git edge share: a remote, a checkout of it, a runner that remembers what it was asked to run.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "edges/git_repository.hpp"
#include "support/git_fixture.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::test {

/// Runs each command at once, on the caller's thread, in an environment that holds nothing of the machine's.
class RecordingRunner final : public ProcessRunner {
public:
    ChildId submit(Command command, OnOutput on_output, OnExit on_exit) override;
    void stop(ChildId) override {}
    void stop_all(bool) override {}

    std::map<std::string, std::string> environment;  ///< of every child, before the command's own edits
    std::vector<Command> commands;                   ///< in the order they ran
    /// Replaces deadlines, never the lack of one: tests of hanging servers need not wait as long as people would.
    std::optional<std::chrono::milliseconds> shorter_deadline;
};

/// A snapshot of a directory: path → kind, permissions, modification time and content. Two equal ones mean untouched.
[[nodiscard]] std::map<std::string, std::string> snapshot(const std::filesystem::path& dir);

/// Regular files below `dir` whose bytes hold `text`.
[[nodiscard]] std::vector<std::string> files_with(const std::filesystem::path& dir, const std::string& text);

class GitBed : public ::testing::Test {
protected:
    GitBed();

    /// The port under test; `variables` is the environment of lockstep itself.
    [[nodiscard]] GitRepository git(GitSettings settings = {});
    /// checkout() and open("origin") of the checkout, into `name` below the test's directory; fails the test on an
    /// error.
    void open(GitRepository& git, const std::string& name = "run.git");
    /// A commit of `content` as flake.lock on top of the remote's main, made by `git`; fetches main first.
    [[nodiscard]] CommitInfo candidate(GitRepository& git, const std::string& content = "{}\n",
                                       const std::string& branch = "flake-update/2026-01-01");

    TempDir tmp_;
    RecordingRunner runner_;
    std::map<std::string, std::string> variables_;
    GitRepo remote_;    ///< bare, with a commit on main that holds flake.nix
    GitRepo checkout_;  ///< a clone of it
    std::string base_;  ///< the remote's main
};

[[nodiscard]] std::string text_of(const Error& error);

}  // namespace lockstep::test

/// Fails the test with the Error's text when `result` is not ok; stops the test function.
#define ASSERT_OK(result) ASSERT_TRUE((result).ok()) << ::lockstep::test::text_of((result).error())
