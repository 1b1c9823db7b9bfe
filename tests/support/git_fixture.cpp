// SPDX-License-Identifier: MIT
// Repositories for tests through git's plumbing commands, so that no work tree is needed.
#include "support/git_fixture.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <sstream>

#include "support/temp_dir.hpp"

namespace lockstep::test {

namespace fs = std::filesystem;

namespace {

/// What would make git look elsewhere; an empty value would count as a wrong one.
const std::vector<std::string> k_redirecting = {
    "GIT_DIR",          "GIT_WORK_TREE",         "GIT_INDEX_FILE",  "GIT_OBJECT_DIRECTORY",
    "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS", "GIT_SSH_COMMAND", "GIT_ALTERNATE_OBJECT_DIRECTORIES"};

std::string trimmed(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    return text;
}

std::string words(const std::vector<std::string>& arguments) {
    std::string text = "git";
    for (const auto& argument : arguments) text += " " + argument;
    return text;
}

std::string full_name(const std::string& name) {
    return name.rfind("refs/", 0) == 0 || name == "HEAD" ? name : "refs/heads/" + name;
}

}  // namespace

Env git_env() {
    return {{"HOME", "/nonexistent"},
            {"XDG_CONFIG_HOME", "/nonexistent"},
            {"GIT_CONFIG_GLOBAL", "/dev/null"},
            {"GIT_CONFIG_NOSYSTEM", "1"},
            {"GIT_TERMINAL_PROMPT", "0"},
            {"GIT_ASKPASS", "true"},
            {"LC_ALL", "C"},
            {"GIT_AUTHOR_NAME", "Ada Example"},
            {"GIT_AUTHOR_EMAIL", "ada@example.org"},
            {"GIT_AUTHOR_DATE", "1767225600 +0000"},
            {"GIT_COMMITTER_NAME", "Ada Example"},
            {"GIT_COMMITTER_EMAIL", "ada@example.org"},
            {"GIT_COMMITTER_DATE", "1767225600 +0000"}};
}

RunResult run_git(const fs::path& dir, const std::vector<std::string>& arguments, const Env& extra,
                  const std::string& input) {
    std::vector<std::string> argv = {"git"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    auto env = git_env();
    env.insert(env.end(), extra.begin(), extra.end());
    return run(argv, {.env = env, .unset = k_redirecting, .cwd = dir, .input = input});
}

GitRepo GitRepo::make_bare(const fs::path& path, const std::string& branch) {
    fs::create_directories(path);
    GitRepo repo(path);
    repo.git({"init", "--quiet", "--bare", "--initial-branch", branch});
    repo.set_config("http.receivepack", "true");
    repo.set_config("gc.auto", "0");
    repo.set_config("receive.autogc", "false");
    return repo;
}

GitRepo GitRepo::make(const fs::path& path, const std::string& branch) {
    fs::create_directories(path);
    GitRepo repo(path);
    repo.git({"init", "--quiet", "--initial-branch", branch});
    repo.set_config("gc.auto", "0");
    return repo;
}

GitRepo GitRepo::clone(const std::string& url, const fs::path& path, const Env& extra,
                       const std::vector<std::string>& options) {
    std::vector<std::string> arguments = {"clone", "--quiet"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.insert(arguments.end(), {"--", url, path.string()});
    const auto result = run_git({}, arguments, extra);
    if (!result.ok()) ADD_FAILURE() << words(arguments) << "\nexit " << result.status << '\n' << result.err;
    return GitRepo(path);
}

std::string GitRepo::git(const std::vector<std::string>& arguments, const Env& extra) const {
    const auto result = try_git(arguments, extra);
    if (!result.ok())
        ADD_FAILURE() << words(arguments) << " in " << path_ << "\nexit " << result.status << '\n' << result.err;
    return trimmed(result.out);
}

RunResult GitRepo::try_git(const std::vector<std::string>& arguments, const Env& extra,
                           const std::string& input) const {
    return run_git(path_, arguments, extra, input);
}

std::string GitRepo::commit(const std::string& branch, const Files& files, const std::string& message) const {
    auto id = make_commit(ref(branch), files, message);
    set_ref(full_name(branch), id);
    return id;
}

std::string GitRepo::make_commit(const std::string& parent, const Files& files, const std::string& message) const {
    const TempDir scratch;
    const Env index = {{"GIT_INDEX_FILE", (scratch / "index").string()}};
    if (!parent.empty()) git({"read-tree", parent}, index);
    for (const auto& [file, content] : files) {
        const auto blob = trimmed(try_git({"hash-object", "-w", "--stdin"}, {}, content).out);
        git({"update-index", "--add", "--cacheinfo", "100644," + blob + "," + file}, index);
    }
    std::vector<std::string> arguments = {"commit-tree", git({"write-tree"}, index), "-m", message};
    if (!parent.empty()) arguments.insert(arguments.end(), {"-p", parent});
    return git(arguments);
}

std::string GitRepo::ref(const std::string& name) const {
    return trimmed(try_git({"rev-parse", "--verify", "--quiet", full_name(name)}).out);
}

std::map<std::string, std::string> GitRepo::refs() const {
    std::map<std::string, std::string> result;
    std::istringstream lines(git({"for-each-ref", "--format=%(refname) %(objectname)"}));
    for (std::string name, id; lines >> name >> id;) result[name] = id;
    return result;
}

std::vector<std::string> GitRepo::log(const std::string& rev) const {
    std::vector<std::string> result;
    std::istringstream lines(git({"log", "--format=%s", rev, "--"}));
    for (std::string line; std::getline(lines, line);) result.push_back(line);
    return result;
}

std::string GitRepo::show(const std::string& rev, const std::string& file) const {
    return try_git({"cat-file", "blob", rev + ":" + file}).out;
}

bool GitRepo::is_ancestor(const std::string& ancestor, const std::string& commit) const {
    return try_git({"merge-base", "--is-ancestor", ancestor, commit}).ok();
}

void GitRepo::set_ref(const std::string& name, const std::string& id) const {
    git({"update-ref", full_name(name), id});
}

void GitRepo::delete_ref(const std::string& name) const {
    git({"update-ref", "-d", full_name(name)});
}

void GitRepo::set_config(const std::string& key, const std::string& value) const {
    git({"config", key, value});
}

void GitRepo::set_hook(const std::string& name, const std::string& script) const {
    const bool bare = fs::exists(path_ / "HEAD");
    const auto file = (bare ? path_ : path_ / ".git") / "hooks" / name;
    write_file(file, "#!/bin/sh\n" + script);
    fs::permissions(file, fs::perms::owner_all);
}

}  // namespace lockstep::test
