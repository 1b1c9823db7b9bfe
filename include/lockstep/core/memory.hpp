// SPDX-License-Identifier: MIT
// What earlier runs on this machine taught: how long things take, how much memory a host's evaluation needs, what was
// proved and what failed. It makes runs fast and honest about the past; nothing in it is ever needed for a verdict.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "lockstep/core/records.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep {

// ── lessons: single facts, as a run learns them ────────────────────────────────────────────────────────────────────

/// A host was evaluated. `peak_bytes` is what its process needed at the most, 0 when that is not known for it alone;
/// `duration` is 0 when not known.
struct HostEvaluated {
    std::string host;
    Millis duration{0};
    std::uint64_t peak_bytes = 0;
    bool operator==(const HostEvaluated&) const = default;
};

/// A derivation was built here or by a builder (not fetched). Known by name: versions come and go.
struct DerivationBuilt {
    std::string name;
    Millis duration{0};
    bool operator==(const DerivationBuilt&) const = default;
};

/// The outputs of a host's derivation were all valid after a realisation.
struct DerivationProved {
    std::string drv;
    std::vector<std::string> outputs;
    std::string run;
    std::chrono::system_clock::time_point at{};
    bool operator==(const DerivationProved&) const = default;
};

/// The builder of a derivation failed by its own fault (never infrastructure, timeouts or interruptions).
struct DerivationFailed {
    std::string drv, name;
    CauseClass cls = CauseClass::builder_failed;
    std::string first_error;
    std::vector<std::string> tail;
    std::string run;
    std::string log;  ///< absolute path; may be gone by now
    Millis duration{0};
    std::chrono::system_clock::time_point at{};
    bool operator==(const DerivationFailed&) const = default;
};

/// The derivations of all selected hosts at a commit, in a context (see commit_context).
struct CommitEvaluated {
    std::string context, commit;
    std::map<std::string, std::string> drvs;  ///< host → derivation path
    bool operator==(const CommitEvaluated&) const = default;
};

using Lesson = std::variant<HostEvaluated, DerivationBuilt, DerivationProved, DerivationFailed, CommitEvaluated>;

/// One line of JSON without a newline. Moments are kept to the millisecond.
[[nodiscard]] std::string lesson_line(const Lesson& lesson);
/// nullopt for a line that is no lesson, also one of a later version or a torn one.
[[nodiscard]] std::optional<Lesson> parse_lesson(std::string_view line);

/// "linux-6.6.8-modules" → "linux-modules", "source-1.2.tar.gz" → "source-tar.gz": what versions of a derivation share.
[[nodiscard]] std::string versionless_name(std::string_view derivation_name);

// ── recollection: all lessons together ─────────────────────────────────────────────────────────────────────────────

/// A map with room for so many entries: the one that was touched longest ago makes room for a new one.
template <class Key, class Value>
class Fading {
public:
    explicit Fading(std::size_t room) : room_(room) {}

    /// The entry, made when there is none; it now is the youngest.
    Value& touch(const Key& key) {
        auto& entry = entries_[key];
        if (entry.age != 0) ages_.erase(entry.age);
        entry.age = ++last_age_;
        ages_.emplace(entry.age, key);
        if (entries_.size() > room_) forget(Key(ages_.begin()->second));
        return entry.value;
    }
    void forget(const Key& key) {
        const auto found = entries_.find(key);
        if (found == entries_.end()) return;
        ages_.erase(found->second.age);
        entries_.erase(found);
    }
    [[nodiscard]] const Value* find(const Key& key) const {
        const auto found = entries_.find(key);
        return found == entries_.end() ? nullptr : &found->second.value;
    }
    [[nodiscard]] bool empty() const { return entries_.empty(); }
    /// Calls `visit(key, value)` from the oldest to the youngest.
    template <class F>
    void visit(const F& visit) const {
        for (const auto& [age, key] : ages_) visit(key, entries_.at(key).value);
    }

private:
    struct Entry {
        Value value;
        std::uint64_t age = 0;
    };
    std::size_t room_;
    std::uint64_t last_age_ = 0;
    std::map<Key, Entry> entries_;
    std::map<std::uint64_t, Key> ages_;
};

/// The lessons folded into answers. Bounded: of each kind only so much is kept, the oldest goes first.
class Recollection {
public:
    static constexpr std::size_t k_hosts = 2'000, k_names = 20'000, k_proofs = 5'000, k_failures = 1'000,
                                 k_commits = 30;
    static constexpr std::size_t k_samples = 5;                          ///< of each duration, the last ones
    static constexpr std::size_t k_tail_lines = 60, k_line_bytes = 400;  ///< of a failure

    /// Does nothing for lessons that teach nothing: a failure that was not the builder's own, an unnamed thing.
    void take(const Lesson& lesson);

    /// Median of the last evaluations, or nullopt.
    [[nodiscard]] std::optional<Millis> evaluation_time(const std::string& host) const;
    /// The largest of what its last evaluations needed, or 0.
    [[nodiscard]] std::uint64_t evaluation_memory(const std::string& host) const;
    /// Median of the last builds of this very name; else of the last builds of other versions; else nullopt.
    [[nodiscard]] std::optional<Millis> build_time(const std::string& derivation_name) const;
    [[nodiscard]] const DerivationProved* proved(const std::string& drv) const;
    /// nullptr when unknown, longer ago than `keep`, or proved since.
    [[nodiscard]] const DerivationFailed* failed(const std::string& drv, std::chrono::system_clock::time_point now,
                                                 std::chrono::milliseconds keep) const;
    /// nullptr when this commit was not evaluated in this context.
    [[nodiscard]] const std::map<std::string, std::string>* evaluated(const std::string& context,
                                                                      const std::string& commit) const;
    [[nodiscard]] bool has_proofs() const { return !proved_.empty(); }
    /// Everything that is kept, as lessons: taking them all gives an equal recollection.
    [[nodiscard]] std::vector<Lesson> lessons() const;

private:
    struct Host {
        std::deque<Millis> durations;
        std::deque<std::uint64_t> peaks;  ///< those that were known
    };
    struct Build {
        std::string name;
        Millis duration{0};
    };

    void take_one(const HostEvaluated& lesson);
    void take_one(const DerivationBuilt& lesson);
    void take_one(const DerivationProved& lesson);
    void take_one(const DerivationFailed& lesson);
    void take_one(const CommitEvaluated& lesson);

    Fading<std::string, Host> hosts_{k_hosts};
    Fading<std::string, std::deque<Build>> builds_{k_names};  ///< by versionless name
    Fading<std::string, DerivationProved> proved_{k_proofs};
    Fading<std::string, DerivationFailed> failed_{k_failures};
    Fading<std::pair<std::string, std::string>, std::map<std::string, std::string>> commits_{
        k_commits};  ///< context, id
};

}  // namespace lockstep
