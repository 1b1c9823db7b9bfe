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

/// A host was evaluated. `peak_bytes` is what its process needed at the most, 0 when that is not known for it alone.
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

/// One line of JSON without a newline.
[[nodiscard]] std::string lesson_line(const Lesson& lesson);
/// nullopt for a line that is no lesson, also one of a later version or a torn one.
[[nodiscard]] std::optional<Lesson> parse_lesson(std::string_view line);

// ── recollection: all lessons together ─────────────────────────────────────────────────────────────────────────────

/// The lessons folded into answers. Bounded: of each kind only so much is kept, the oldest goes first.
class Recollection {
public:
    struct Host {
        std::deque<Millis> durations;  ///< the last 5
        std::uint64_t peak_bytes = 0;  ///< the largest of the last 5 that were known
        std::deque<std::uint64_t> peaks;
    };

    void take(const Lesson& lesson);

    /// Median of the last evaluations, or nullopt.
    [[nodiscard]] std::optional<Millis> evaluation_time(const std::string& host) const;
    /// What its evaluation is known to need, or 0.
    [[nodiscard]] std::uint64_t evaluation_memory(const std::string& host) const;
    /// Median of the last 5 builds of derivations with this name ("linux-6.6.8" falls back to other versions of
    /// "linux"), or nullopt.
    [[nodiscard]] std::optional<Millis> build_time(const std::string& derivation_name) const;
    [[nodiscard]] const DerivationProved* proved(const std::string& drv) const;
    /// nullptr when unknown, or longer ago than `keep`.
    [[nodiscard]] const DerivationFailed* failed(const std::string& drv, std::chrono::system_clock::time_point now,
                                                 std::chrono::milliseconds keep) const;
    /// nullptr when this commit was not evaluated in this context.
    [[nodiscard]] const std::map<std::string, std::string>* evaluated(const std::string& context,
                                                                      const std::string& commit) const;
    [[nodiscard]] bool has_proofs() const { return !proved_.empty(); }
    /// Everything that is kept, as lessons: taking them all gives an equal recollection.
    [[nodiscard]] std::vector<Lesson> lessons() const;

private:
    std::map<std::string, Host> hosts_;
    std::map<std::string, std::deque<Millis>> builds_;
    std::map<std::string, DerivationProved> proved_;
    std::map<std::string, DerivationFailed> failed_;
    std::map<std::pair<std::string, std::string>, std::map<std::string, std::string>> commits_;
    std::deque<std::string> host_age_, build_age_, proved_age_, failed_age_;
    std::deque<std::pair<std::string, std::string>> commit_age_;
};

}  // namespace lockstep
