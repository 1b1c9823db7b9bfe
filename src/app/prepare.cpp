// SPDX-License-Identifier: MIT
// The first stage: find out everything that is wrong before any work is done.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "app/run_state.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

/// lockstep.yaml at a commit: beside the flake when it is there, else at the root.
Result<std::optional<RepositoryFile>> repository_file(RunState& state, const std::string& commit,
                                                      const std::string& flake) {
    std::vector<std::string> names{"lockstep.yaml"};
    if (!flake.empty()) names.insert(names.begin(), flake + "/lockstep.yaml");
    for (const auto& name : names) {
        LOCKSTEP_TRY(auto text, state.ports.git.read_file(commit, name));
        if (text) return std::optional<RepositoryFile>(RepositoryFile{name, *text});
    }
    return std::optional<RepositoryFile>();
}

Result<std::string> fetch_base(RunState& state, const std::string& base) {
    auto commit = state.ports.git.fetch("refs/heads/" + base);
    if (!commit.ok() && commit.error().kind == ErrorKind::config)
        return Error{ErrorKind::config,
                     fmt::format("the remote {} has no branch {}", state.remote.url, clean_line(base, 200)),
                     commit.error().why, "name the base branch with --base, or push it first"};
    return commit;
}

}  // namespace

/// Base branch and configuration depend on each other: the file may name the base, and is read from the base.
Result<void> settle_base_and_config(RunState& state) {
    LOCKSTEP_TRY_VOID(state.configure(std::nullopt));
    ask_nix(state);
    const std::string remote = state.config.remote;
    LOCKSTEP_TRY(state.remote, state.ports.git.open(state.checkout, remote, state.repository_dir()));
    LOCKSTEP_TRY_VOID(state.at("clone"));
    state.report.repo.remote = state.remote.url;
    state.base = state.config.base.empty() ? state.remote.default_branch : state.config.base;
    if (state.base.empty())
        return Error{ErrorKind::config, "the remote " + state.remote.url + " has no default branch",
                     "its HEAD names no branch", "name the base branch with --base"};
    for (int round = 0; round < 2; ++round) {
        LOCKSTEP_TRY(state.base_commit, fetch_base(state, state.base));
        LOCKSTEP_TRY(const auto file, repository_file(state, state.base_commit, state.config.flake));
        LOCKSTEP_TRY_VOID(state.configure(file));
        if (state.config.remote != remote)
            return Error{ErrorKind::config,
                         fmt::format("{} names another remote ({}) than the one it was read from ({})",
                                     file ? file->name : "the configuration", state.config.remote, remote),
                         "", "name the remote with --remote"};
        if (state.config.base.empty() || state.config.base == state.base) return {};
        if (round == 0) state.base = state.config.base;
    }
    return Error{
        ErrorKind::config,
        fmt::format("lockstep.yaml on branch {} names another base branch ({})", state.base, state.config.base), "",
        "let both branches name the same base, or use --base"};
}

namespace {

Result<void> read_flake(RunState& state) {
    const std::string where =
        fmt::format("at {} of {}", short_id(state.base_commit), state.base.empty() ? "HEAD" : state.base);
    LOCKSTEP_TRY(auto flake, state.ports.git.read_file(state.base_commit, state.flake_path()));
    if (!flake && state.config.flake.empty() && !state.checkout.subdir.empty()) {
        // Called from a sub-directory that has a flake of its own, in a repository without one at its root.
        state.config.flake = state.checkout.subdir;
        LOCKSTEP_TRY(flake, state.ports.git.read_file(state.base_commit, state.flake_path()));
        if (!flake) state.config.flake.clear();
    }
    if (!flake)
        return Error{ErrorKind::config, fmt::format("there is no {} {}", state.flake_path(), where), "",
                     state.config.flake.empty()
                         ? "run in a repository with a flake, or name its sub-directory with --flake"
                         : "check --flake, or commit and push the flake"};
    LOCKSTEP_TRY(const auto lock, state.ports.git.read_file(state.base_commit, state.lock_path()));
    state.had_lock = lock.has_value();
    if (lock) {
        auto parsed = parse_lock(*lock);
        if (!parsed.ok()) {
            auto error = std::move(parsed).error();
            error.what = fmt::format("{} {} cannot be read: {}", state.lock_path(), where, error.what);
            return error;
        }
        state.base_lock = std::move(parsed).value();
    }
    if (state.config.submodules == Toggle::automatic) {
        LOCKSTEP_TRY(const auto modules, state.ports.git.read_file(state.base_commit, ".gitmodules"));
        state.submodules = modules.has_value();
    } else {
        state.submodules = state.config.submodules == Toggle::on;
    }
    return {};
}

void tell_base(RunState& state) {
    state.known("base", {{"commit", state.base_commit},
                         {"branch", state.base},
                         {"remote", state.remote.url},
                         {"flake", state.config.flake}});
}

Result<void> prepare_forge(RunState& state) {
    LOCKSTEP_TRY(state.forge, state.ports.make_forge(state.config, state.remote));
    state.report.repo.forge = state.forge ? state.forge->kind() : "none";
    if (state.forge) state.report.repo.web = state.forge->repository_url();
    if (state.settings.dry_run || state.settings.command == "plan") return {};
    if (state.forge) {
        LOCKSTEP_TRY_VOID(state.forge->check_access());
    }
    state.push_answer = std::async(std::launch::async, [&git = state.ports.git, commit = state.base_commit] {
        return git.check_push(commit, "refs/heads/lockstep/permission-check");
    });
    return {};
}

}  // namespace

namespace {

Result<nix::Capabilities> read_settings(const RunPorts& ports, const Command& command) {
    const auto settings = run_to_end(ports.processes, command);
    if (!settings.status.ok())
        return Error{ErrorKind::infrastructure, "Nix does not tell its settings", clean_line(settings.err),
                     "try `nix show-config` by hand"};
    return nix::parse_settings(settings.out, [&](const std::string& path) {
        const auto text = ports.files.read(path, 1u << 20);
        return text.ok() ? text.value() : std::string();
    });
}

}  // namespace

void ask_nix(RunState& state) {
    if (state.version_answer.valid()) return;
    // The programs' place is a matter of the machine alone, so this need not wait for the repository's configuration.
    state.version_answer = std::async(
        std::launch::async, [&ports = state.ports, bin_dir = state.config.nix.bin_dir]() -> Result<nix::Version> {
            const auto asked = run_to_end(ports.processes, nix::version_command(bin_dir));
            if (!asked.status.ok())
                return Error{
                    ErrorKind::config, "Nix cannot be run",
                    asked.status.kind == ExitStatus::Kind::not_started ? asked.status.reason : clean_line(asked.err),
                    "install Nix 2.8 or newer, or name its directory with --nix-bin"};
            return nix::parse_version(asked.out);
        });
}

Result<void> await_permission(RunState& state) {
    return state.push_answer.valid() ? state.push_answer.get() : Result<void>();
}

Result<void> prepare_nix(RunState& state) {
    ask_nix(state);
    LOCKSTEP_TRY(state.setup.version, state.version_answer.get());
    state.setup.bin_dir = state.config.nix.bin_dir;
    state.setup.impure = state.config.nix.impure;
    state.setup.accept_flake_config = state.config.nix.accept_flake_config;
    state.setup.options = state.config.nix.options;
    state.report.run.nix_version = state.setup.version.text;
    state.report.run.nix_implementation = state.setup.version.implementation;
    LOCKSTEP_TRY_VOID(nix::check_repository_path(state.setup, state.worktree_dir().string()));
    state.settings_answer = std::async(
        std::launch::async,
        [&ports = state.ports, command = nix::settings_command(state.setup)] { return read_settings(ports, command); });
    return {};
}

Result<void> await_settings(RunState& state) {
    if (!state.settings_answer.valid()) return {};
    LOCKSTEP_TRY(state.can, state.settings_answer.get());
    return {};
}

Result<std::string> local_time(RunState& state, const std::string& format) {
    const auto seconds = std::chrono::system_clock::to_time_t(state.settings.now);
    if (state.config.time_zone == "UTC") {
        std::tm utc{};
        gmtime_r(&seconds, &utc);
        std::string text(format.size() * 8 + 64, '\0');
        text.resize(std::strftime(text.data(), text.size(), format.c_str(), &utc));
        return text;
    }
    // Time zones belong to the C library and its process-wide TZ: a child has its own.
    Command date{.argv = {"date", "-d", fmt::format("@{}", seconds), "+" + format}};
    date.env_set = {{"TZ", state.config.time_zone}, {"LC_ALL", "C"}};
    date.deadline = std::chrono::seconds(10);
    const auto done = run_to_end(state.ports.processes, date);
    if (!done.status.ok())
        return Error{ErrorKind::infrastructure, "the date in " + state.config.time_zone + " cannot be told",
                     clean_line(done.err), "set time_zone to UTC"};
    return std::string(trim(done.out));
}

Result<void> add_pinned_worktree(RunState& state) {
    return state.submodules ? state.ports.git.add_worktree(state.base_commit, state.worktree_dir(), true)
                            : state.ports.git.add_empty_worktree(state.base_commit, state.worktree_dir());
}

Result<void> prepare_build(RunState& state) {
    LOCKSTEP_TRY_VOID(state.configure(std::nullopt));
    ask_nix(state);
    LOCKSTEP_TRY_VOID(state.ports.git.open_local(state.checkout, state.repository_dir()));
    state.base_commit = state.checkout.head_commit;
    state.shallow = state.checkout.shallow;
    LOCKSTEP_TRY(const auto file, repository_file(state, state.base_commit, state.config.flake));
    LOCKSTEP_TRY_VOID(state.configure(file));
    state.report.repo.forge = "none";
    state.report.repo.base = state.base = state.checkout.head_branch;
    state.report.repo.base_before = state.report.repo.base_after = state.report.repo.candidate_commit =
        state.base_commit;
    if (state.checkout.dirty)
        state.notice(
            "the checkout has uncommitted changes; what is proved is the commit " + short_id(state.base_commit), true);
    LOCKSTEP_TRY_VOID(read_flake(state));
    state.report.repo.flake = state.config.flake;
    LOCKSTEP_TRY_VOID(prepare_nix(state));
    return add_pinned_worktree(state);
}

Result<void> follow_base(RunState& state) {
    const std::string before = state.base_commit;
    LOCKSTEP_TRY(const auto tip, fetch_base(state, state.base));
    LOCKSTEP_TRY(const bool ahead, state.ports.git.is_ancestor(before, tip));
    if (!ahead)
        return Error{ErrorKind::base_refused, fmt::format("{} was rewritten while the hosts were built", state.base),
                     fmt::format("{} is no ancestor of {}", short_id(before), short_id(tip)),
                     "look at who rewrote it, then run again"};
    const auto flake = state.config.flake;
    state.base_commit = tip;
    LOCKSTEP_TRY(const auto file, repository_file(state, tip, flake));
    LOCKSTEP_TRY_VOID(state.configure(file));
    if (state.config.flake.empty()) state.config.flake = flake;
    if (!state.config.base.empty() && state.config.base != state.base)
        return Error{ErrorKind::config, fmt::format("lockstep.yaml on {} names another base branch now", state.base),
                     "", "run again"};
    LOCKSTEP_TRY_VOID(read_flake(state));
    state.report.repo.base_before = state.report.repo.base_after = tip;
    tell_base(state);
    return {};
}

Result<void> prepare_reading(RunState& state) {
    LOCKSTEP_TRY_VOID(settle_base_and_config(state));
    return read_flake(state);
}

Result<void> prepare(RunState& state) {
    LOCKSTEP_TRY_VOID(settle_base_and_config(state));
    state.report.repo.base = state.base;
    state.report.repo.base_before = state.report.repo.base_after = state.base_commit;
    LOCKSTEP_TRY(state.lock, state.ports.lock(state.remote.url, state.base));
    tell_base(state);
    LOCKSTEP_TRY_VOID(state.at("lock"));
    if (state.checkout.dirty) state.notice("the checkout has uncommitted changes; they take no part in this run");
    const auto flake = state.config.flake;
    LOCKSTEP_TRY_VOID(read_flake(state));
    if (state.config.flake != flake) tell_base(state);
    state.report.repo.flake = state.config.flake;
    LOCKSTEP_TRY(state.date, local_time(state, "%Y-%m-%d"));
    LOCKSTEP_TRY(state.wanted_branch, local_time(state, state.config.branch));
    LOCKSTEP_TRY_VOID(prepare_nix(state));
    return prepare_forge(state);
}

}  // namespace lockstep
