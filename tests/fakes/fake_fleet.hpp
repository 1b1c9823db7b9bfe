// SPDX-License-Identifier: MIT
// A fleet without Nix: what hosts a flake and a lock of given versions have, which derivations those are, and what
// becomes of whoever builds them. Everything follows from one number, in whatever order it is asked for.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::fakes {

/// Chance that depends on the question and not on the order of questions, so that threads cannot change a history.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : seed_(seed) {}
    [[nodiscard]] std::uint64_t roll(std::string_view question, std::uint64_t number = 0) const;
    [[nodiscard]] bool chance(int percent, std::string_view question, std::uint64_t number = 0) const {
        return roll(question, number) % 100 < static_cast<std::uint64_t>(percent < 0 ? 0 : percent);
    }
    /// `size` letters of Nix's base 32.
    [[nodiscard]] std::string letters(std::string_view question, std::size_t size) const;

private:
    std::uint64_t seed_;
};

enum class Fate {
    good,
    fails,             ///< its builder fails, always
    fails_once,        ///< its builder fails the first time
    trouble,           ///< Nix is killed while it builds, a few times
    lies,              ///< Nix says that all is well, and the output is not valid
    denied_by_nobody,  ///< Nix fails without a word, once
};

struct FakeDerivation {
    std::string name, path, out;
    std::vector<std::string> inputs;  ///< derivation paths
    Fate fate = Fate::good;
};

struct Versions {
    int flake = 1, lock = 1;
};

/// Thread-safe.
class FakeFleet {
public:
    struct Wishes {
        int hosts = 1;
        int percent_bad = 0;         ///< of derivations
        int percent_eval_fails = 0;  ///< of evaluations, by their own fault
        int percent_absent = 0;      ///< of hosts, for each flake; a few of those for each lock
    };
    FakeFleet(Dice dice, Wishes wishes) : dice_(dice), wishes_(wishes) {}

    [[nodiscard]] std::vector<std::string> hosts(Versions at) const;
    /// nullopt when the host does not evaluate there.
    [[nodiscard]] std::optional<std::string> evaluate(Versions at, const std::string& host);
    [[nodiscard]] std::optional<FakeDerivation> find(const std::string& drv_path) const;
    /// Inputs first.
    [[nodiscard]] std::vector<FakeDerivation> closure(const std::string& drv_path) const;
    /// Whether every derivation of the closure builds without any trouble.
    [[nodiscard]] bool builds(const std::string& drv_path) const;
    [[nodiscard]] std::string aterm(const FakeDerivation& drv) const;

private:
    std::string add(const std::string& name, const std::string& content, std::vector<std::string> inputs);
    std::string package(Versions at, std::uint64_t number);

    Dice dice_;
    Wishes wishes_;
    mutable std::mutex mutex_;
    std::map<std::string, FakeDerivation> drvs_;
};

/// Which outputs are valid, now and ever. Thread-safe.
class FakeStore {
public:
    void start_run();  ///< forgets what was valid in earlier runs, not what was built
    void built(const FakeDerivation& drv);
    void collect(const std::string& out);  ///< garbage collection
    [[nodiscard]] bool valid(const std::string& out) const;
    [[nodiscard]] bool ever_built(const std::string& drv_path) const;
    [[nodiscard]] bool valid_in_this_run(const std::string& out) const;
    [[nodiscard]] std::set<std::string> all_valid() const;

private:
    mutable std::mutex mutex_;
    std::set<std::string> valid_, valid_in_run_, built_;
};

}  // namespace lockstep::fakes
