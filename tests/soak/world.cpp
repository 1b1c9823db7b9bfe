// SPDX-License-Identifier: MIT
// Git and forge as people see and change them.
#include "soak/world.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "lockstep/core/text.hpp"

namespace lockstep::test::soak {

namespace fs = std::filesystem;

namespace {

int port_of(const std::string& url) {
    return std::atoi(url.c_str() + url.rfind(':') + 1);
}

std::string trailer(const std::string& message, const std::string& name) {
    const auto at = message.find("\n" + name + ": ");
    if (at == std::string::npos) return "";
    const auto from = at + name.size() + 3;
    return message.substr(from, message.find('\n', from) - from);
}

}  // namespace

World::World(fakes::ForgeKind kind) : bare(GitRepo::make_bare(dir / "fleet.git")) {
    bare.commit("main", {{"flake.nix", flake_text(k_bits)}, {"flake.lock", lock_text(k_bits)}}, "first");
    write_file(dir / "upstream", std::to_string(upstream));
    forge = std::make_unique<fakes::FakeForge>(fakes::ForgeOptions{.kind = kind, .repository = bare.path()});
    proxy = std::make_unique<fakes::FaultProxy>(port_of(forge->web_root()));
    const auto token_file = dir / "token";
    write_file(token_file, forge->token() + "\n");
    fs::permissions(token_file, fs::perms::owner_read | fs::perms::owner_write);
    const Site site{dir.path(),
                    bare.path(),
                    "http://x-access-token:" + forge->token() + "@" + proxy->url().substr(7) + "/ada/fleet.git",
                    forge->kind(),
                    forge->web_root(),
                    token_file.string()};
    for (const char* name : {"one", "two"}) machines.push_back(std::make_unique<Machine>(site, name));
    log = std::make_unique<RefLog>(bare);
}

void World::settle_refs() {
    // A request that was received is worked off even when nobody waits for its answer any more.
    const auto busy = [&] {
        const auto calls = forge->requests();
        return std::any_of(calls.begin(), calls.end(), [](const auto& call) { return call.status == 0; });
    };
    while (busy()) usleep(1000);
    for (const auto& change : log->take()) {
        if (!change.after.empty()) ours.insert(change.after);
        on_push(change);
    }
}

void World::others_did() {
    for (const auto& change : log->take())
        if (change.ref == k_base) ++others_moves;
}

void World::upstream_moves(int bits) {
    upstream = ++serial_ * k_bits + bits;
    write_file(dir / "upstream", std::to_string(upstream));
}

void World::someone_commits(std::optional<int> flake_bits) {
    const std::string count = std::to_string(++files_);
    if (flake_bits)
        bare.commit("main", {{"flake.nix", flake_text((files_ + 1) * k_bits + *flake_bits)}}, "flake " + count);
    else
        bare.commit("main", {{"README", count}}, "words " + count);
    others_did();
}

void World::someone_rewrites_base() {
    const auto parents = commit(base()).parents;
    if (parents.empty()) return;
    bare.set_ref(k_base, parents.front());
    others_did();
}

void World::someone_commits_on(const std::string& branch) {
    bare.commit(branch.substr(11), {{"note", std::to_string(++files_)}}, "a human's word");
    others_did();
}

void World::someone_amends(const std::string& branch) {
    const auto tip = log->ref(branch);
    const auto message = bare.git({"log", "-1", "--format=%B", tip});
    const GitRepo::Files files{{"flake.lock", bare.show(tip, "flake.lock")}, {"note", std::to_string(++files_)}};
    bare.set_ref(branch, bare.make_commit(commit(tip).parents.front(), files, message));
    others_did();
}

void World::someone_deletes(const std::string& branch) {
    bare.delete_ref(branch);
    others_did();
}

void World::someone_closes(std::int64_t number) {
    forge->with_state([&](fakes::ForgeState& state) {
        if (auto* pull = state.pull(number)) pull->open = false;
    });
}

Commit World::commit(const std::string& id) const {
    Commit found;
    const auto out = bare.git({"log", "-1", "--format=%P%n%B", id});
    const auto line = out.find('\n');
    found.parents = words(out.substr(0, line));
    const auto message = line == std::string::npos ? "" : out.substr(line) + "\n";
    found.run = trailer(message, "Lockstep-Run");
    found.sealed = !trailer(message, "Lockstep-Seal").empty();
    found.versions = versions_of(bare.show(id, "flake.lock"), bare.show(id, "flake.nix"));
    return found;
}

std::vector<std::string> World::branches() const {
    std::vector<std::string> found;
    for (const auto& [name, id] : log->refs())
        if (name.rfind("refs/heads/", 0) == 0 && name != k_base) found.push_back(name);
    return found;
}

std::vector<fakes::Pull> World::live_pulls() const {
    std::vector<fakes::Pull> found;
    for (const auto& pull : forge->open_pulls())
        if (ours.count(log->ref("refs/heads/" + pull.head)) > 0) found.push_back(pull);
    return found;
}

std::string World::text() const {
    std::string all;
    for (const auto& [name, id] : log->refs()) all += name + " " + id + "\n";
    for (const auto& pull : forge->pulls())
        all += "pull " + std::to_string(pull.number) + " " + pull.head + (pull.open ? " open\n" : " closed\n");
    return all;
}

void World::undisturb() {
    forge->faults().clear();
    proxy->plan({});
    proxy->plan_next({});
    for (const auto& machine : machines) machine->cause_trouble("");
}

}  // namespace lockstep::test::soak
