// SPDX-License-Identifier: MIT
// The shared ground of the git tests.
#include "edges/git_test_bed.hpp"

#include <sys/stat.h>

#include <fstream>

#ifdef __SANITIZE_ADDRESS__
/// libgit2 1.5 forgets one PCRE2 buffer whenever a pattern over settings finds nothing (repositories with
/// extensions.*).
extern "C" const char* __lsan_default_suppressions() {  // NOLINT(bugprone-reserved-identifier): the sanitizer's name
    return "leak:libpcre2-8";
}
#endif

namespace lockstep::test {

namespace fs = std::filesystem;

ChildId RecordingRunner::submit(Command command, OnOutput on_output, OnExit on_exit) {
    commands.push_back(command);
    std::map<std::string, std::string> env = environment;
    for (const auto& name : command.env_unset) env.erase(name);
    for (const auto& [name, value] : command.env_set) env[name] = value;
    // env(1) starts the program, so that it is looked up on the child's own PATH.
    std::vector<std::string> argv = {"/usr/bin/env", "-i"};
    for (const auto& [name, value] : env) argv.push_back(name + "=" + value);
    argv.insert(argv.end(), command.argv.begin(), command.argv.end());
    RunOptions options;
    options.cwd = command.cwd;
    options.input = command.stdin_text;
    if (command.deadline) options.limit = shorter_deadline.value_or(*command.deadline);
    const RunResult result = run(argv, options);
    ExitStatus status;
    status.kind = result.timed_out       ? ExitStatus::Kind::timed_out
                  : result.status == 127 ? ExitStatus::Kind::not_started
                  : result.status > 128  ? ExitStatus::Kind::signalled
                                         : ExitStatus::Kind::exited;
    if (status.kind == ExitStatus::Kind::not_started) status.reason = "not found";
    // git itself dies with 128 and 129; signals are 130 and up here.
    if (result.status == 128 || result.status == 129) status.kind = ExitStatus::Kind::exited;
    status.code = result.status;
    on_output(Stream::out, result.out);
    on_output(Stream::err, result.err);
    on_exit(status);
    return commands.size();
}

std::map<std::string, std::string> snapshot(const fs::path& dir) {
    std::map<std::string, std::string> result;
    for (const auto& entry : fs::recursive_directory_iterator(dir)) {
        struct stat facts {};
        if (::lstat(entry.path().c_str(), &facts) != 0) continue;
        auto& text = result[entry.path().lexically_relative(dir).string()];
        text = std::to_string(facts.st_mode) + " " + std::to_string(facts.st_mtim.tv_sec) + "." +
               std::to_string(facts.st_mtim.tv_nsec) + " ";
        if (entry.is_regular_file()) text += read_file(entry.path());
        if (entry.is_symlink()) text += fs::read_symlink(entry.path()).string();
    }
    return result;
}

std::vector<std::string> files_with(const fs::path& dir, const std::string& text) {
    std::vector<std::string> result;
    for (const auto& entry : fs::recursive_directory_iterator(dir))
        if (entry.is_regular_file() && read_file(entry.path()).find(text) != std::string::npos)
            result.push_back(entry.path().string());
    return result;
}

std::string text_of(const Error& error) {
    return error.what + "\n  " + error.why + "\n  " + error.hint;
}

GitBed::GitBed()
    : remote_(GitRepo::make_bare(tmp_ / "remote.git")),
      checkout_(tmp_ / "checkout"),
      base_(remote_.commit("main", {{"flake.nix", "{ }\n"}, {"hosts/web/default.nix", "{ }\n"}}, "first")) {
    GitRepo::clone(remote_.url(), checkout_.path());
    fs::create_directories(tmp_ / "home");
    runner_.environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", (tmp_ / "home").string()}, {"GIT_CONFIG_NOSYSTEM", "1"}};
    variables_ = {{"GIT_AUTHOR_NAME", "Ada Example"},
                  {"GIT_AUTHOR_EMAIL", "ada@example.org"},
                  {"GIT_COMMITTER_NAME", "Robo Example"},
                  {"GIT_COMMITTER_EMAIL", "robo@example.org"}};
}

GitRepository GitBed::git(GitSettings settings) {
    if (settings.timeout == GitSettings{}.timeout) settings.timeout = std::chrono::seconds(60);
    settings.getenv = [this](const char* name) {
        const auto found = variables_.find(name);
        return found == variables_.end() ? std::string() : found->second;
    };
    return GitRepository(runner_, std::move(settings));
}

void GitBed::open(GitRepository& git, const std::string& name) {
    const auto facts = git.checkout(checkout_.path());
    ASSERT_OK(facts);
    ASSERT_OK(git.open(*facts, "origin", tmp_ / name));
}

CommitInfo GitBed::candidate(GitRepository& git, const std::string& content, const std::string& branch) {
    const auto base = git.fetch("refs/heads/main");
    EXPECT_TRUE(base.ok()) << text_of(base.error());
    if (!base.ok()) return {};
    CommitRequest request;
    request.parent = *base;
    request.path = "flake.lock";
    request.content = content;
    request.message = "flake.lock: Update";
    request.time = 1'767'225'600;
    const auto info = git.commit_file(request, branch);
    EXPECT_TRUE(info.ok()) << text_of(info.error());
    return info.ok() ? *info : CommitInfo{};
}

}  // namespace lockstep::test
