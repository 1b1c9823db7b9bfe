// SPDX-License-Identifier: MIT
// Why a derivation was not built. Exit codes do not tell (behind a daemon they are always 1), so the evidence is:
// messages that name the derivation, what its build did, and what this machine can build. Without evidence it is
// nobody's fault.
#include <fmt/format.h>

#include <algorithm>

#include "adapters/nix/error_text.hpp"
#include "lockstep/adapters/nix.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::nix {

namespace {

/// Nix ends a build up to this much after its limit, and clocks differ.
constexpr Millis k_slack{1500};

/// A level-0 message without the log lines that Nix quotes in it, on one line.
std::string nix_words(std::string_view raw) {
    std::string result;
    for (const auto& line : lines_of(clean_text(raw))) {
        const auto text = trim(line);
        if (text.ends_with("log lines:")) break;
        if (text == "Output paths:" || text.starts_with("/")) continue;
        for (const auto& word : words(text)) result.append(result.empty() ? "" : " ").append(word);
    }
    return result;
}

/// A cache has the output and did not deliver it.
constexpr std::string_view k_broken_promise = "some substitutes for the outputs of derivation";

/// Messages that name a derivation without saying that it failed by itself.
bool is_second_hand(std::string_view message) {
    return has_any(message,
                   {"dependencies of derivation", "dependency failed", "dependencies failed", "error: build of "});
}

CauseClass killed_by(std::string_view message) {
    // Killed, terminated, hung up: somebody else did it. Anything else the builder did to itself.
    return has_any(message, {"signal 9 ", "signal 15 ", "signal 1 ", "signal 2 "}) ? CauseClass::killed
                                                                                   : CauseClass::builder_failed;
}

CauseClass class_of(std::string_view message, const DrvNode& node, const Capabilities& can) {
    if (has_any(message, {"hash mismatch in fixed-output derivation"})) return CauseClass::hash_mismatch;
    if (has_any(message, {"of silence"})) return CauseClass::timeout_silent;
    if (has_any(message, {"timed out after"})) return CauseClass::timeout_total;
    if (has_any(message, {"bytes of log output"})) return CauseClass::log_limit;
    if (has_any(message, {"failed to produce output path"})) return CauseClass::output_missing;
    if (has_any(message, {"may not be deterministic"})) return CauseClass::not_deterministic;
    if (has_any(message, {"missing system features"})) return CauseClass::missing_feature;
    if (has_any(message, {"platform mismatch"})) return CauseClass::missing_system;
    if (has_any(message, {"is required to build"}))
        return can.systems.contains(node.system) ? CauseClass::missing_feature : CauseClass::missing_system;
    if (has_any(message, {"failed due to signal"})) return killed_by(message);
    if (says_no_space(message)) return CauseClass::no_space;
    if (says_no_memory(message)) return CauseClass::out_of_memory;
    if (has_any(message, {"failed with exit code"})) return CauseClass::builder_failed;
    if (has_any(message, {k_broken_promise})) return CauseClass::fetch_failed;
    return CauseClass::unknown;
}

/// Of several messages about one derivation the most telling speaks. A remote build gives two, of which the nearer one
/// knows only that something failed. Of a build on this machine Nix says one thing, and whatever contradicts it may
/// come from another builder, whose "@nix" lines Nix takes for its own: then the class that blames nobody is believed.
int weight(CauseClass cls, bool remote) {
    if (cls == CauseClass::unknown) return 3;
    if (is_infrastructure(cls)) return remote ? 2 : -1;
    return cls == CauseClass::builder_failed ? 1 : 0;
}

/// The line of a build's log that most likely says what is wrong.
std::string telling_line(const std::vector<std::string>& tail) {
    std::string best, last;
    for (const auto& raw : tail) {
        const auto line = clean_line(trim(clean_line(raw, 4000)));
        if (line.empty()) continue;
        last = line;
        if (has_any(line, {"error:", "Error:", "ERROR", "fatal:", "FAILED", "panic", "Exception", "undefined reference",
                           "No such file"}))
            best = line;
    }
    return best.empty() ? last : best;
}

/// A builder failed by its own exit code: was it the program, or the disk, or the network?
FailureJudgement judge_builder(const BuildFacts& build, const DrvNode& node, const std::string& message) {
    const auto text = clean_text(join(build.tail, "\n"));
    auto line = telling_line(build.tail);
    if (line.empty()) line = message;
    if (says_no_space(text)) return {CauseClass::no_space, line};
    const auto trouble = node.fixed_output ? fetch_trouble(text) : FetchTrouble::none;
    const bool passing =
        trouble == FetchTrouble::network || trouble == FetchTrouble::rate_limited || trouble == FetchTrouble::refused;
    return {passing ? CauseClass::fetch_failed : CauseClass::builder_failed, line};
}

/// From Nix 2.3x on a time-out does not say whose it was.
FailureJudgement judge_unnamed_timeout(const BuildFacts& build, const RealiseFacts& realise,
                                       const std::string& message) {
    const bool silent = realise.silent_timeout.count() > 0 && build.longest_silence + k_slack >= realise.silent_timeout;
    const bool total = realise.build_timeout.count() > 0 && build.duration + k_slack >= realise.build_timeout;
    const auto by_message = [&](Millis limit) {
        return message.find(fmt::format("after {} seconds", (limit.count() + 999) / 1000)) != std::string::npos;
    };
    if (silent && (!total || !by_message(realise.build_timeout))) return {CauseClass::timeout_silent, message};
    if (total && (!silent || !by_message(realise.silent_timeout))) return {CauseClass::timeout_total, message};
    if (silent || total) return {silent ? CauseClass::timeout_silent : CauseClass::timeout_total, message};
    return {};
}

std::string without_prefix(std::string message) {
    constexpr std::string_view k_error = "error: ";
    if (message.starts_with(k_error)) message.erase(0, k_error.size());
    return clean_line(message);
}

/// Nix names the derivation in one message, and the reason why its substitute did not come in one before that.
std::string reason_of_broken_promise(const std::vector<std::string>& messages) {
    for (auto message = messages.rbegin(); message != messages.rend(); ++message)
        if (message->find(".drv") == std::string::npos && fetch_trouble(*message) != FetchTrouble::none)
            return without_prefix(*message);
    return without_prefix(messages.back());
}

/// What this machine and its builders lack; unknown when they lack nothing.
FailureJudgement judge_abilities(const DrvNode& node, const Capabilities& can) {
    if (node.system != "builtin" && !can.systems.empty() && !can.systems.contains(node.system))
        return {CauseClass::missing_system, clean_line("no builder for " + node.system)};
    for (const auto& feature : node.required_features)
        if (!can.features.contains(feature))
            return {CauseClass::missing_feature, clean_line("no builder with the feature " + feature)};
    return {};
}

std::string ended_from_outside(const RealiseFacts& realise) {
    const auto& status = realise.status;
    switch (status.kind) {
        case ExitStatus::Kind::silent:
            return clean_line(realise.waiting.empty()
                                  ? "nix-store said nothing for too long and was ended"
                                  : "nix-store was ended: too long " + without_prefix(realise.waiting.back()));
        case ExitStatus::Kind::signalled:
            return fmt::format("nix-store was ended by signal {}", status.signal);
        case ExitStatus::Kind::not_started:
            return clean_line("nix-store could not be started: " + status.reason);
        default:
            return "nix-store took too long and was ended";
    }
}

/// The derivation is named nowhere: what happened to the realisation as a whole?
FailureJudgement judge_unnamed(const BuildFacts& build, const RealiseFacts& realise,
                               const std::vector<std::string>& messages) {
    for (const auto& message : messages)
        if (build.started && has_any(message, {"timed out after"}) && message.find(".drv") == std::string::npos)
            if (auto judged = judge_unnamed_timeout(build, realise, without_prefix(message));
                judged.cls != CauseClass::unknown)
                return judged;
    if (realise.interrupted || realise.status.kind == ExitStatus::Kind::interrupted)
        return {CauseClass::killed, "the run was interrupted"};
    if (realise.status.kind == ExitStatus::Kind::silent) return {CauseClass::killed, ended_from_outside(realise)};
    for (const auto& message : messages) {
        if (says_daemon_lost(message)) return {CauseClass::daemon_lost, without_prefix(message)};
        if (says_no_space(message)) return {CauseClass::no_space, without_prefix(message)};
        if (says_no_memory(message)) return {CauseClass::out_of_memory, without_prefix(message)};
        if (has_any(message, {"interrupted by the user"})) return {CauseClass::killed, without_prefix(message)};
    }
    if (realise.status.kind != ExitStatus::Kind::exited) return {CauseClass::killed, ended_from_outside(realise)};
    for (const auto& message : messages)
        if (message.find(".drv") == std::string::npos && fetch_trouble(message) != FetchTrouble::none)
            return {CauseClass::fetch_failed, without_prefix(message)};
    if (!messages.empty() && messages.back().find(".drv") == std::string::npos)
        return {CauseClass::unknown, without_prefix(messages.back())};
    return {CauseClass::unknown,
            build.started ? "its build ended without a word from Nix" : "Nix never tried to build it"};
}

}  // namespace

FailureJudgement judge_failure(const BuildFacts& build, const DrvNode& node, const RealiseFacts& realise,
                               const Capabilities& can) {
    std::vector<std::string> messages;
    FailureJudgement best{CauseClass::unknown, ""};
    const bool remote = !build.machine.empty();
    bool named = false;
    for (const auto& raw : realise.errors) {
        messages.push_back(nix_words(raw));
        const auto& message = messages.back();
        if (message.find(node.path) == std::string::npos || is_second_hand(message)) continue;
        FailureJudgement judged{class_of(message, node, can), without_prefix(message)};
        if (judged.cls == CauseClass::fetch_failed) judged.first_error = reason_of_broken_promise(messages);
        if (judged.cls == CauseClass::builder_failed) judged = judge_builder(build, node, judged.first_error);
        if (!named || weight(judged.cls, remote) < weight(best.cls, remote)) best = judged;
        named = true;
    }
    if (named && best.cls != CauseClass::unknown) return best;
    if (!build.started)
        if (auto lacks = judge_abilities(node, can); lacks.cls != CauseClass::unknown) return lacks;
    if (named) return best;
    return judge_unnamed(build, realise, messages);
}

}  // namespace lockstep::nix
