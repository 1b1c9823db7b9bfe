// SPDX-License-Identifier: MIT
// Hosts and derivations as functions of versions.
#include "fakes/fake_fleet.hpp"

#include <algorithm>
#include <functional>

namespace lockstep::fakes {

namespace {

std::uint64_t mix(std::uint64_t x) {  // splitmix64
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
}

std::string number(int value) {
    return std::to_string(value);
}

/// What of the versions something depends on: nothing, every second lock, the lock, the flake, or both.
std::string dependence(std::uint64_t kind, Versions at) {
    switch (kind % 5) {
        case 0:
            return "";
        case 1:
            return "lock/2 " + number(at.lock / 2);
        case 2:
            return "lock " + number(at.lock);
        case 3:
            return "flake " + number(at.flake);
        default:
            return "lock " + number(at.lock) + " flake " + number(at.flake);
    }
}

}  // namespace

std::uint64_t Dice::roll(std::string_view question, std::uint64_t number) const {
    std::uint64_t state = mix(seed_ ^ mix(number));
    for (const char c : question) state = mix(state ^ static_cast<unsigned char>(c));
    return state;
}

std::string Dice::letters(std::string_view question, std::size_t size) const {
    constexpr std::string_view k_alphabet = "0123456789abcdfghijklmnpqrsvwxyz";
    std::string result;
    for (std::size_t i = 0; i < size; ++i) result += k_alphabet[roll(question, i) % k_alphabet.size()];
    return result;
}

std::vector<std::string> FakeFleet::hosts(Versions at) const {
    std::vector<std::string> names;
    for (int n = 1; n <= wishes_.hosts; ++n) {
        const std::string name = "h" + number(n);
        if (dice_.chance(wishes_.percent_absent, "absent " + name, static_cast<std::uint64_t>(at.flake))) continue;
        if (dice_.chance(wishes_.percent_absent / 4, "gone " + name, static_cast<std::uint64_t>(at.lock))) continue;
        names.push_back(name);
    }
    return names;
}

std::optional<std::string> FakeFleet::evaluate(Versions at, const std::string& host) {
    if (dice_.chance(wishes_.percent_eval_fails, "throws " + host + " " + number(at.flake) + " " + number(at.lock)))
        return std::nullopt;
    const std::lock_guard lock(mutex_);
    // Some hosts are twins: one derivation.
    const std::string self = dice_.chance(15, "twin " + host) ? "twin" : host;
    std::vector<std::string> inputs;
    const auto wanted = dice_.roll("packages " + self) % 4;
    for (std::uint64_t i = 0; i < wanted; ++i) inputs.push_back(package(at, dice_.roll("package " + self, i) % 5));
    std::sort(inputs.begin(), inputs.end());
    inputs.erase(std::unique(inputs.begin(), inputs.end()), inputs.end());
    return add("nixos-system-" + self + "-1", dependence(dice_.roll("dependence " + self), at), inputs);
}

std::string FakeFleet::package(Versions at, std::uint64_t number) {
    std::vector<std::string> inputs;
    if (number > 0 && dice_.chance(50, "below", number)) inputs.push_back(package(at, number - 1));
    return add("package" + std::to_string(number) + "-1", dependence(dice_.roll("dependence", number), at), inputs);
}

std::string FakeFleet::add(const std::string& name, const std::string& content, std::vector<std::string> inputs) {
    std::string identity = name + "|" + content;
    for (const auto& input : inputs) identity += "|" + input;
    const std::string path = "/nix/store/" + dice_.letters("drv " + identity, 32) + "-" + name + ".drv";
    if (drvs_.count(path) > 0) return path;
    FakeDerivation drv{.name = name, .path = path, .inputs = std::move(inputs)};
    drv.out = "/nix/store/" + dice_.letters("out " + identity, 32) + "-" + name;
    if (dice_.chance(wishes_.percent_bad, "bad " + identity)) {
        constexpr Fate k_bad[] = {Fate::fails,   Fate::fails, Fate::fails_once,
                                  Fate::trouble, Fate::lies,  Fate::denied_by_nobody};
        drv.fate = k_bad[dice_.roll("fate " + identity) % 6];
    }
    drvs_.emplace(path, std::move(drv));
    return path;
}

std::optional<FakeDerivation> FakeFleet::find(const std::string& drv_path) const {
    const std::lock_guard lock(mutex_);
    const auto found = drvs_.find(drv_path);
    return found == drvs_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<FakeDerivation> FakeFleet::closure(const std::string& drv_path) const {
    const std::lock_guard lock(mutex_);
    std::vector<FakeDerivation> order;
    std::set<std::string> seen;
    const std::function<void(const std::string&)> visit = [&](const std::string& path) {
        const auto found = drvs_.find(path);
        if (found == drvs_.end() || !seen.insert(path).second) return;
        for (const auto& input : found->second.inputs) visit(input);
        order.push_back(found->second);
    };
    visit(drv_path);
    return order;
}

bool FakeFleet::builds(const std::string& drv_path) const {
    const auto all = closure(drv_path);
    return !all.empty() && std::all_of(all.begin(), all.end(), [](const auto& d) { return d.fate == Fate::good; });
}

std::string FakeFleet::aterm(const FakeDerivation& drv) const {
    std::string inputs;
    for (const auto& input : drv.inputs) inputs += (inputs.empty() ? "(\"" : ",(\"") + input + "\",[\"out\"])";
    return "Derive([(\"out\",\"" + drv.out + "\",\"\",\"\")],[" + inputs +
           "],[],\"x86_64-linux\",\"/bin/sh\",[],[(\"name\",\"" + drv.name + "\"),(\"out\",\"" + drv.out + "\")])";
}

void FakeStore::start_run() {
    const std::lock_guard lock(mutex_);
    valid_in_run_ = valid_;
}

void FakeStore::built(const FakeDerivation& drv) {
    const std::lock_guard lock(mutex_);
    valid_.insert(drv.out);
    valid_in_run_.insert(drv.out);
    built_.insert(drv.path);
}

void FakeStore::collect(const std::string& out) {
    const std::lock_guard lock(mutex_);
    valid_.erase(out);
}

bool FakeStore::valid(const std::string& out) const {
    const std::lock_guard lock(mutex_);
    return valid_.count(out) > 0;
}

bool FakeStore::ever_built(const std::string& drv_path) const {
    const std::lock_guard lock(mutex_);
    return built_.count(drv_path) > 0;
}

bool FakeStore::valid_in_this_run(const std::string& out) const {
    const std::lock_guard lock(mutex_);
    return valid_in_run_.count(out) > 0;
}

std::set<std::string> FakeStore::all_valid() const {
    const std::lock_guard lock(mutex_);
    return valid_;
}

}  // namespace lockstep::fakes
