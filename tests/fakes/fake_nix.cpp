// SPDX-License-Identifier: MIT
// The wire forms are those of the recordings under tests/data/nix.
#include "fakes/fake_nix.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace lockstep::fakes {

namespace {

using nlohmann::json;

bool has(const Command& command, const char* word) {
    return std::find(command.argv.begin(), command.argv.end(), word) != command.argv.end();
}

std::vector<std::string> store_paths(const Command& command) {
    std::vector<std::string> paths;
    for (const auto& word : command.argv)
        if (word.starts_with("/nix/store/")) paths.push_back(word);
    return paths;
}

std::string record(const json& value) {
    return "@nix " + value.dump() + "\n";
}

std::string error_record(const std::string& text) {
    return record({{"action", "msg"}, {"level", 0}, {"msg", "error: " + text}});
}

/// The commit that a pinned flake names.
std::string commit_in(const std::string& expression) {
    const auto at = expression.find("rev=");
    return at == std::string::npos ? "" : expression.substr(at + 4, 40);
}

/// The text between the next two quotation marks from `at` on, which moves behind them.
std::string quoted(const std::string& text, std::size_t& at) {
    const auto open = text.find('"', at), close = text.find('"', open + 1);
    at = close + 1;
    return text.substr(open + 1, close - open - 1);
}

}  // namespace

FakeNix::FakeNix(Dice dice, FakeFleet& fleet, FakeStore& store, CommitOf commit_of)
    : dice_(dice), fleet_(fleet), store_(store), commit_of_(std::move(commit_of)), thread_([this] { work(); }) {}

FakeNix::FakeNix(Dice dice, FakeFleet& fleet, FakeStore& store, FakeGit& git)
    : FakeNix(dice, fleet, store, [&git](const std::string& id) { return git.commit(id); }) {}

FakeNix::~FakeNix() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

void FakeNix::start_run() {
    interrupted_ = false;
    had_.clear();
}

std::vector<std::string> FakeNix::surprises() const {
    const std::lock_guard lock(facts_);
    return surprises_;
}

ChildId FakeNix::submit(Command command, OnOutput on_output, OnExit on_exit) {
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back({std::move(command), std::move(on_output), std::move(on_exit)});
    }
    wake_.notify_one();
    return 1;
}

void FakeNix::stop_all(bool) {
    interrupted_ = true;
}

void FakeNix::work() {
    for (;;) {
        Job job;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [&] { return ending_ || !jobs_.empty(); });
            if (jobs_.empty()) return;
            job = std::move(jobs_.front());
            jobs_.pop_front();
        }
        Answer said;
        if (!interrupted_) said = answer(job.command);
        if (interrupted_) said = {{.kind = ExitStatus::Kind::interrupted}, "", ""};
        if (job.on_output && !said.err.empty()) {
            const auto half = said.err.size() / 2;
            job.on_output(Stream::err, std::string_view(said.err).substr(0, half));
            job.on_output(Stream::err, std::string_view(said.err).substr(half));
        }
        if (job.on_output && !said.out.empty()) job.on_output(Stream::out, said.out);
        job.on_exit(said.status);
    }
}

void FakeNix::once(const char* now) {
    if (had_.emplace(candidate_, now).second) moment(now);
}

bool FakeNix::comes_to_grief(const std::string& question, int percent) {
    const std::lock_guard lock(facts_);
    const bool grief = dice_.chance(percent, "grief " + question, static_cast<std::uint64_t>(asked_[question]++));
    troubles_ += grief ? 1 : 0;
    return grief;
}

FakeNix::Answer FakeNix::answer(const Command& command) {
    if (has(command, "--version")) return {{.kind = ExitStatus::Kind::exited, .code = 0}, "nix (Nix) " + version, ""};
    if (has(command, "show-config") || has(command, "show")) {
        const json settings{{"system", {{"value", "x86_64-linux"}}},
                            {"max-jobs", {{"value", 2}}},
                            {"system-features", {{"value", json::array()}}},
                            {"extra-platforms", {{"value", json::array()}}},
                            {"builders", {{"value", ""}}}};
        return {{.kind = ExitStatus::Kind::exited, .code = 0}, settings.dump(), ""};
    }
    if (has(command, "flake")) return update(command);
    if (const auto flag = std::find(command.argv.begin(), command.argv.end(), "--expr"); flag != command.argv.end()) {
        const auto& expression = *std::next(flag);
        return expression.find("attrNames") != std::string::npos ? names(expression) : evaluate(expression);
    }
    if (has(command, "--dry-run")) return dry_run(store_paths(command));
    if (has(command, "--realise")) return realise(store_paths(command));
    if (has(command, "--check-validity")) return check(store_paths(command));
    if (!command.argv.empty() && command.argv.front() == "sleep") return {};
    const std::lock_guard lock(facts_);
    surprises_.push_back(command.label + ": " + (command.argv.empty() ? "" : command.argv.front()));
    return {{.kind = ExitStatus::Kind::not_started, .reason = "unknown to the fake Nix"}, "", ""};
}

FakeNix::Answer FakeNix::names(const std::string& expression) {
    const auto commit = commit_of_(commit_in(expression));
    if (comes_to_grief("names " + commit.id, percent_trouble / 4))
        return {{.kind = ExitStatus::Kind::signalled, .signal = 9}, "", ""};
    if (!commit.by_lockstep && base_listings_killed > 0) {
        --base_listings_killed;
        return {{.kind = ExitStatus::Kind::signalled, .signal = 9}, "", ""};
    }
    const json found{{"nixosConfigurations", fleet_.hosts(versions_of(commit.tree))}};
    return {{.kind = ExitStatus::Kind::exited, .code = 0}, found.dump(), ""};
}

FakeNix::Answer FakeNix::evaluate(const std::string& expression) {
    const auto commit = commit_of_(commit_in(expression));
    if (commit.by_lockstep) {
        candidate_ = commit.id;
        once("evaluating");
    }
    auto at = expression.find(R"("lockstep-" + )");
    at += std::string_view(R"("lockstep-" + )").size();
    std::string nonce = quoted(expression, at);
    nonce += quoted(expression, at);
    const auto mark = [&](const std::string& text) { return "trace: lockstep-" + nonce + " " + text + "\n"; };
    Answer said;
    json told = json::object();
    for (int index = 0; (at = expression.find("{ name = \"", at)) != std::string::npos; ++index) {
        const auto host = quoted(expression, at);
        const auto number = std::to_string(index);
        said.err += mark("begin " + number);
        if (comes_to_grief("evaluate " + host + commit.id, percent_trouble)) {
            said.status = {.kind = ExitStatus::Kind::signalled, .signal = 9};
            return said;
        }
        auto drv = fleet_.evaluate(versions_of(commit.tree), host);
        if (!drv) {
            said.err += "error: attribute 'x' missing\n";
            said.status.code = 1;
            return said;
        }
        said.err += "trace: a warning of the flake itself\n" + mark("end " + number + " " + *drv);
        if (comes_to_grief("contradict " + host + commit.id, percent_trouble / 4)) drv->insert(11, "0");
        told[host] = *drv;
    }
    said.out = told.dump();
    return said;
}

FakeNix::Answer FakeNix::update(const Command& command) {
    moment("updating");
    if (comes_to_grief("update", percent_trouble))
        return {{.kind = ExitStatus::Kind::exited, .code = 1},
                "",
                "error: unable to download 'https://api.github.com/': Could not resolve host: api.github.com (6)\n"};
    const std::lock_guard lock(facts_);
    written_[command.cwd + "/flake.lock"] = lock_text(upstream_lock);
    return {};
}

FakeNix::Answer FakeNix::dry_run(const std::vector<std::string>& drvs) {
    once("planning");
    if (comes_to_grief("dry run " + drvs.front(), percent_trouble))
        return {{.kind = ExitStatus::Kind::exited, .code = 1}, "", ""};
    Answer said;
    std::set<std::string> seen;
    for (const auto& path : drvs)
        for (const auto& drv : fleet_.closure(path))
            if (!store_.valid(drv.out) && seen.insert(drv.path).second) said.err += "  " + drv.path + "\n";
    if (!seen.empty()) said.err = "these " + std::to_string(seen.size()) + " derivations will be built:\n" + said.err;
    return said;
}

FakeNix::Answer FakeNix::realise(const std::vector<std::string>& drvs) {
    once("building");
    Answer said;
    std::set<std::string> seen, failed;
    for (const auto& path : drvs) {
        for (const auto& drv : fleet_.closure(path)) {
            if (!seen.insert(drv.path).second || store_.valid(drv.out)) continue;
            if (std::any_of(drv.inputs.begin(), drv.inputs.end(), [&](const auto& i) { return failed.count(i) > 0; })) {
                failed.insert(drv.path);
                said.err += error_record("1 dependencies of derivation '" + drv.path + "' failed to build");
                continue;
            }
            const int attempt = ++attempts_[drv.path];
            const auto id = ++activity_;
            said.err += record({{"action", "start"},
                                {"fields", {drv.path, "", 1, 1}},
                                {"id", id},
                                {"level", 3},
                                {"parent", 0},
                                {"text", "building '" + drv.path + "'"},
                                {"type", 105}});
            said.err += record({{"action", "result"}, {"fields", {"working"}}, {"id", id}, {"type", 101}});
            const bool killed =
                (drv.fate == Fate::trouble && attempt <= 1 + static_cast<int>(dice_.roll("killed " + drv.path) % 3)) ||
                comes_to_grief("realise " + drv.path, percent_trouble / 2);
            if (killed) {
                said.status = {.kind = ExitStatus::Kind::signalled, .signal = 9};
                return said;
            }
            said.err += record({{"action", "stop"}, {"id", id}});
            if (drv.fate == Fate::fails || (drv.fate == Fate::fails_once && attempt == 1)) {
                failed.insert(drv.path);
                said.err += error_record("builder for '" + drv.path + "' failed with exit code 1");
            } else if (drv.fate == Fate::denied_by_nobody && attempt == 1) {
                failed.insert(drv.path);
            } else if (drv.fate != Fate::lies) {
                store_.built(drv);
            }
        }
    }
    if (!failed.empty()) said.status.code = 1;
    once("built");
    return said;
}

FakeNix::Answer FakeNix::check(const std::vector<std::string>& paths) {
    if (comes_to_grief("check " + paths.front(), percent_trouble / 4))
        return {{.kind = ExitStatus::Kind::exited, .code = 1}, "", "error: SQLite database is busy\n"};
    Answer said;
    for (const auto& path : paths)
        if (!store_.valid(path)) said.out += path + "\n";
    return said;
}

Result<std::string> FakeNix::read(const std::string& path, std::uint64_t) {
    const Error missing{ErrorKind::infrastructure, "cannot read " + path, "No such file or directory", ""};
    if (const auto drv = fleet_.find(path)) return fleet_.aterm(*drv);
    const std::lock_guard lock(facts_);
    const auto file = written_.find(path);
    return file == written_.end() ? Result<std::string>(missing) : Result<std::string>(file->second);
}

}  // namespace lockstep::fakes
