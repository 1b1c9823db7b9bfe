// SPDX-License-Identifier: MIT
// The ground of the fault rows that need a real remote and no real Nix.
#include "graph/fault_rig.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "lockstep/core/text.hpp"

namespace lockstep::test {

namespace fs = std::filesystem;

namespace {

int port_of(const std::string& url) {
    return std::atoi(url.c_str() + url.rfind(':') + 1);
}

bool has(const Command& command, const char* word) {
    return std::find(command.argv.begin(), command.argv.end(), word) != command.argv.end();
}

std::vector<std::string> environment_of(const fs::path& dir) {
    fs::create_directories(dir / "home");
    return {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + (dir / "home").string(), "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C",
            "NO_PROXY=*"};
}

}  // namespace

FaultRemote::FaultRemote()
    : bare_(GitRepo::make_bare(dir_ / "fleet.git")),
      first_(bare_.commit("main",
                          {{"flake.nix", fakes::flake_text(1)}, {"flake.lock", fakes::lock_text(1)}, {"README", "0"}},
                          "first")),
      server_({.root = dir_.path()}),
      proxy_(port_of(server_.url())) {}

std::vector<std::string> FaultRemote::since(const std::string& from) const {
    return words(bare_.git({"rev-list", "--reverse", from + "..refs/heads/main"}));
}

void FaultRemote::restore() const {
    for (const auto& [name, id] : bare_.refs())
        if (name != "refs/heads/main") bare_.delete_ref(name);
    bare_.set_ref("refs/heads/main", first_);
}

ChildId RoutedRunner::submit(Command command, OnOutput on_output, OnExit on_exit) {
    const auto& program = command.argv.front();
    if (program != "git" && program != "date")
        return nix_.submit(std::move(command), std::move(on_output), std::move(on_exit));
    if (program == "git" && has(command, "push") && !has(command, "--dry-run")) {
        if (before_push) before_push(command);
        if (after_push)
            on_exit = [this, on_exit = std::move(on_exit)](const ExitStatus& status) {
                after_push(status);
                on_exit(status);
            };
    }
    return supervisor_.submit(std::move(command), std::move(on_output), std::move(on_exit));
}

Machine::Machine(const fs::path& dir, const GitRepo& bare, const std::string& url, Options options)
    : dir_(dir),
      options_(std::move(options)),
      checkout_(GitRepo::clone(bare.url(), dir / "checkout")),
      dice_(options_.seed),
      fleet_(dice_, options_.fleet),
      nix_(dice_, fleet_, valid_, [this](const std::string& id) { return commit_of(id); }),
      runner_(environment_of(dir), nix_) {
    checkout_.git({"remote", "set-url", "origin", url});
    nix_.moment = [](const char*) {};
    config.forge.kind = "none";
    config.lock.remote = false;  // what it protects must be safe without it
    config.commit.name = "Robo Example";
    config.commit.email = "robo@example.org";
    settings.repo = checkout_.path();
    settings.tool_version = "1.0.0";
    settings.secret_nonce = dice_.letters("nonce", 32);
    settings.now = own_clock.now();
}

fakes::FakeCommit Machine::commit_of(const std::string& id) {
    const GitRepo repository = private_repository();
    fakes::FakeCommit commit;
    commit.id = id;
    for (const char* file : {"flake.nix", "flake.lock"}) commit.tree[file] = repository.show(id, file);
    commit.by_lockstep = repository.git({"log", "-1", "--format=%B", id}).find("Lockstep-Seal") != std::string::npos;
    return commit;
}

RunReport Machine::run() {
    const std::string id = dir_.filename().string() + "-" + std::to_string(++runs_);
    if (store_) fs::remove_all(store_->root());
    store_ = std::make_unique<fakes::MemoryStore>(id, dir_ / id);
    store_->full = full_disk;
    fs::create_directories(dir_ / id / "work");
    valid_.start_run();
    nix_.start_run();
    QuietSink events;
    GitSettings git_settings{.timeout = options_.git_timeout, .getenv = [](const char*) { return std::string(); }};
    GitRepository git(runner_, std::move(git_settings));
    if (!options_.token.empty()) {
        const auto url = checkout_.git({"remote", "get-url", "origin"});
        const auto host = url.find("//") + 2;
        git.use_token(options_.token, url.substr(host, url.find('/', host) - host));
    }
    const RunPorts ports{.processes = runner_,
                         .git = git,
                         .store = *store_,
                         .clock = *clock,
                         .events = events,
                         .files = nix_,
                         .memory = memory_,
                         .configure =
                             [this](const auto& file) {
                                 Config result = config;
                                 if (file && apply_file) apply_file(file->text, result);
                                 return Result<Config>(result);
                             },
                         .make_forge =
                             [this](const auto& wanted, const auto&) {
                                 return make_forge ? make_forge(wanted) : Result<std::unique_ptr<Forge>>(nullptr);
                             },
                         .lock = [](const auto&, const auto&) { return Result<std::unique_ptr<HeldLock>>(nullptr); },
                         .interrupted = [this] { return signal.load(); },
                         .getenv = [](const char*) { return std::string(); }};
    auto report = run_update(settings, ports);
    EXPECT_TRUE(nix_.surprises().empty()) << nix_.surprises().front();
    return report;
}

std::string how_it_ended(const RunReport& report) {
    return std::string(outcome_word(report.ending.outcome)) + " " +
           std::to_string(static_cast<int>(report.ending.exit)) + ": " + report.ending.reason;
}

}  // namespace lockstep::test
