// SPDX-License-Identifier: MIT
// Refs and commits in maps.
#include "fakes/fake_git.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

namespace lockstep::fakes {

namespace {

std::string hex_id(const std::string& content) {
    const Dice dice(1);
    std::string id;
    char part[17];
    for (std::uint64_t i = 0; i < 3; ++i) {
        std::snprintf(part, sizeof part, "%016llx", static_cast<unsigned long long>(dice.roll(content, i)));
        id += part;
    }
    return id.substr(0, 40);
}

std::string id_of(const FakeCommit& commit, int salt) {
    std::string content = std::to_string(salt) + "|" + commit.message;
    for (const auto& parent : commit.parents) content += "|" + parent;
    for (const auto& [path, text] : commit.tree) content += "|" + path + "=" + text;
    return hex_id(content);
}

std::string tree_id(const Tree& tree) {
    std::string content;
    for (const auto& [path, text] : tree) content += "|" + path + "=" + text;
    return hex_id(content);
}

Error nobody_there() {
    return {ErrorKind::infrastructure, "the remote does not answer", "Connection timed out", "run again"};
}

Error no_such(const std::string& commit) {
    return {ErrorKind::internal, "no such commit in the private repository", commit, ""};
}

bool matches(const std::string& pattern, const std::string& name) {
    if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
    return pattern == name;
}

}  // namespace

std::string flake_text(int version) {
    return "{ outputs = _: { }; } # version " + std::to_string(version) + "\n";
}

std::string lock_text(int version) {
    char revision[41];
    std::snprintf(revision, sizeof revision, "%040d", version);
    return std::string(R"({"nodes":{"nixpkgs":{"locked":{"lastModified":)") + std::to_string(1'700'000'000 + version) +
           R"(,"narHash":"sha256-)" + std::to_string(version) + R"(","owner":"NixOS","repo":"nixpkgs","rev":")" +
           revision +
           R"(","type":"github"},"original":{"owner":"NixOS","ref":"nixos-unstable","repo":"nixpkgs","type":"github"}},)" +
           R"("root":{"inputs":{"nixpkgs":"nixpkgs"}}},"root":"root","version":7})" + "\n";
}

Versions versions_of(const Tree& tree) {
    const auto number_after = [&](const char* path, const std::string& mark) {
        const auto file = tree.find(path);
        if (file == tree.end()) return 0;
        const auto at = file->second.find(mark);
        return at == std::string::npos ? 0 : std::atoi(file->second.c_str() + at + mark.size());
    };
    return {number_after("flake.nix", "# version "), number_after("flake.lock", R"("rev":")")};
}

FakeGit::FakeGit() {
    others_commit("", {{"flake.nix", flake_text(1)}, {"flake.lock", lock_text(1)}, {"README", "0"}});
}

std::string FakeGit::keep(FakeCommit commit) {
    if (commit.id.empty()) commit.id = id_of(commit, commit.by_lockstep ? 0 : ++others_);
    const auto id = commit.id;
    commits_.emplace(id, std::move(commit));
    return id;
}

std::string FakeGit::tip(const std::string& ref) const {
    const std::lock_guard lock(mutex_);
    const auto found = refs_.find(ref);
    return found == refs_.end() ? "" : found->second;
}

FakeCommit FakeGit::commit(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = commits_.find(id);
    return found == commits_.end() ? FakeCommit{} : found->second;
}

std::set<std::string> FakeGit::history_unlocked(const std::string& id) const {
    std::set<std::string> seen;
    std::vector<std::string> open{id};
    while (!open.empty()) {
        const auto next = std::move(open.back());
        open.pop_back();
        const auto found = commits_.find(next);
        if (found == commits_.end() || !seen.insert(next).second) continue;
        open.insert(open.end(), found->second.parents.begin(), found->second.parents.end());
    }
    return seen;
}

std::set<std::string> FakeGit::history(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    return history_unlocked(id);
}

std::string FakeGit::others_commit(const std::string& parent, Tree tree) {
    const std::lock_guard lock(mutex_);
    FakeCommit commit{.message = "somebody else\n", .tree = std::move(tree)};
    if (!parent.empty()) commit.parents = {parent};
    return refs_[k_base] = keep(std::move(commit));
}

void FakeGit::others_delete_base() {
    const std::lock_guard lock(mutex_);
    refs_.erase(k_base);
}

void FakeGit::others_restore_base(const std::string& id) {
    const std::lock_guard lock(mutex_);
    refs_[k_base] = id;
}

int FakeGit::pushes() const {
    const std::lock_guard lock(mutex_);
    return pushes_;
}

int FakeGit::pushes_done() const {
    const std::lock_guard lock(mutex_);
    return pushes_done_;
}

Result<CheckoutFacts> FakeGit::checkout(const std::filesystem::path&) {
    return CheckoutFacts{.root = "/checkout", .head_commit = tip(), .head_branch = "main"};
}

Result<std::string> FakeGit::remote_url(const CheckoutFacts&, const std::string&) {
    return std::string("https://git.example.org/fleet.git");
}

Result<RemoteFacts> FakeGit::open(const CheckoutFacts&, const std::string& remote, const std::filesystem::path&) {
    const std::lock_guard lock(mutex_);
    fetched_.clear();
    return RemoteFacts{.name = remote, .url = "https://git.example.org/fleet.git", .default_branch = "main"};
}

Result<void> FakeGit::open_local(const CheckoutFacts&, const std::filesystem::path&) {
    return {};
}

Result<std::vector<RemoteRef>> FakeGit::list_refs(const std::vector<std::string>& patterns) {
    if (breaks("list")) return nobody_there();
    const std::lock_guard lock(mutex_);
    std::vector<RemoteRef> found;
    for (const auto& [name, id] : refs_)
        if (patterns.empty() ||
            std::any_of(patterns.begin(), patterns.end(), [&name = name](const auto& p) { return matches(p, name); }))
            found.push_back({name, id});
    return found;
}

Result<std::string> FakeGit::fetch(const std::string& ref) {
    if (breaks("fetch")) return nobody_there();
    std::string id;
    {
        const std::lock_guard lock(mutex_);
        const auto found = refs_.find(ref);
        if (found == refs_.end())
            return Error{ErrorKind::config, "the remote has no such branch", "couldn't find remote ref " + ref, ""};
        id = found->second;
        fetched_.merge(history_unlocked(id));
    }
    if (ref == k_base) moment("fetched");
    return id;
}

Result<void> FakeGit::check_push(const std::string&, const std::string&) {
    return {};
}

PushOutcome FakeGit::push(const PushUpdate& update) {
    const bool base = update.ref == k_base;
    if (base) moment("before push");
    const auto how = fate(update.ref);
    if (base) {
        const std::lock_guard lock(mutex_);
        ++pushes_;
    }
    PushOutcome outcome;
    switch (how) {
        case PushFate::as_git_does:
            outcome = apply(update);
            break;
        case PushFate::unknown_but_done:
            (void)apply(update);
            outcome = {PushState::unknown, "Connection reset by peer"};
            break;
        case PushFate::unknown_not_done:
            outcome = {PushState::unknown, "Connection reset by peer"};
            break;
        case PushFate::unreachable:
            outcome = {PushState::unreachable, "Could not resolve host"};
            break;
        case PushFate::rejected:
            outcome = {PushState::rejected, "remote rejected"};
            break;
        case PushFate::denied:
            outcome = {PushState::denied, "permission denied"};
            break;
        case PushFate::is_protected:
            outcome = {PushState::protected_branch, "protected branch hook declined"};
            break;
    }
    if (base) moment(how == PushFate::unknown_but_done ? "unanswered push" : "after push");
    return outcome;
}

PushOutcome FakeGit::apply(const PushUpdate& update) {
    FakeCommit before, after;
    {
        const std::lock_guard lock(mutex_);
        const auto found = refs_.find(update.ref);
        const std::string at = found == refs_.end() ? "" : found->second;
        if (at == update.id) return {PushState::done, ""};
        if (at != update.expect) return {PushState::stale, "stale info"};
        if (update.id.empty()) {
            refs_.erase(update.ref);
            return {PushState::done, ""};
        }
        if (!at.empty() && !update.allow_rewrite && history_unlocked(update.id).count(at) == 0)
            return {PushState::not_fast_forward, "non-fast-forward"};
        refs_[update.ref] = update.id;
        if (update.ref != k_base) return {PushState::done, ""};
        ++pushes_done_;
        if (!at.empty()) before = commits_.at(at);
        after = commits_.at(update.id);
    }
    base_pushed(before, after);
    return {PushState::done, ""};
}

const FakeCommit* FakeGit::known(const std::string& id) const {
    return fetched_.count(id) > 0 ? &commits_.at(id) : nullptr;
}

Result<std::optional<std::string>> FakeGit::read_file(const std::string& commit, const std::string& path) {
    const std::lock_guard lock(mutex_);
    const auto* found = known(commit);
    if (found == nullptr) return no_such(commit);
    const auto file = found->tree.find(path);
    return file == found->tree.end() ? std::optional<std::string>() : std::optional(file->second);
}

Result<CommitInfo> FakeGit::commit_info(const std::string& commit) {
    const std::lock_guard lock(mutex_);
    const auto* found = known(commit);
    if (found == nullptr) return no_such(commit);
    return CommitInfo{
        .id = found->id, .tree = tree_id(found->tree), .message = found->message, .parents = found->parents};
}

Result<bool> FakeGit::is_ancestor(const std::string& ancestor, const std::string& commit) {
    const std::lock_guard lock(mutex_);
    if (known(ancestor) == nullptr || known(commit) == nullptr) return no_such(ancestor + " or " + commit);
    return history_unlocked(commit).count(ancestor) > 0;
}

Result<void> FakeGit::add_worktree(const std::string& commit, const std::filesystem::path&, bool) {
    const std::lock_guard lock(mutex_);
    return known(commit) == nullptr ? Result<void>(no_such(commit)) : Result<void>();
}

Result<std::string> FakeGit::tree_with(const CommitRequest& request) {
    const std::lock_guard lock(mutex_);
    const auto* parent = known(request.parent);
    if (parent == nullptr) return no_such(request.parent);
    auto tree = parent->tree;
    tree[request.path] = request.content;
    return tree_id(tree);
}

Result<CommitInfo> FakeGit::commit_file(const CommitRequest& request, const std::string&) {
    std::string id;
    {
        const std::lock_guard lock(mutex_);
        const auto* parent = known(request.parent);
        if (parent == nullptr) return no_such(request.parent);
        FakeCommit commit{.message = request.message, .parents = {request.parent}, .tree = parent->tree};
        commit.by_lockstep = true;
        commit.tree[request.path] = request.content;
        id = keep(std::move(commit));
        fetched_.insert(id);
    }
    return commit_info(id);
}

Result<std::string> FakeGit::make_note(const std::string& text, std::int64_t) {
    const std::lock_guard lock(mutex_);
    auto id = keep(FakeCommit{.message = text, .by_lockstep = true});
    fetched_.insert(id);
    return id;
}

std::string FakeGit::blob_id(std::string_view content) {
    return hex_id("blob " + std::string(content));
}

}  // namespace lockstep::fakes
