// SPDX-License-Identifier: MIT
// Which targets take part, by attribute names alone: nothing of a host is evaluated here.
#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <map>
#include <set>

#include "app/run_state.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

using Names = std::map<std::string, std::optional<std::vector<std::string>>>;

struct Listing {
    std::optional<Names> names;
    ExitStatus status;
    std::string first_error, text;
};

Listing list_names(RunState& state, const std::string& commit) {
    const auto flake = state.pinned(commit);
    Command command = nix::names_command(state.setup, flake, state.config.targets.attributes);
    command.deadline = state.config.prove.eval_timeout;
    command.label = "list hosts at " + short_id(commit);
    auto done = run_to_end(state.ports.processes, command, 8u << 20);
    Listing listing{.status = done.status, .text = done.err};
    if (done.status.ok()) {
        if (auto names = nix::parse_names(done.out); names.ok()) {
            listing.names = std::move(names).value();
            return listing;
        }
    }
    listing.first_error = nix::first_error_line(done.err);
    if (listing.first_error.empty()) listing.first_error = "nix eval " + describe(done.status);
    return listing;
}

std::vector<Target> targets_of(const Names& names) {
    std::vector<Target> targets;
    for (const auto& [set, attributes] : names) {
        const auto kind = target_kind_of_set(set);
        if (!kind.ok() || !attributes) continue;
        for (const auto& attribute : *attributes) targets.push_back(make_target(set, kind.value(), attribute));
    }
    std::sort(targets.begin(), targets.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return targets;
}

/// A configured set that exists nowhere is a mistake in the configuration, not an empty success.
Result<void> check_sets(const RunState& state, const Names& now, const Names* before) {
    for (const auto& set : state.config.targets.attributes) {
        const auto has = [&](const Names& names) { return names.count(set) > 0 && names.at(set).has_value(); };
        if (has(now) || (before != nullptr && has(*before))) continue;
        return Error{ErrorKind::config, fmt::format("the flake has no `{}`", clean_line(set, 100)), "",
                     "name the attribute sets to prove in targets.attributes (for example [nixosConfigurations, "
                     "homeConfigurations])"};
    }
    return {};
}

Error broken_flake(const Listing& listing) {
    if (listing.status.kind == ExitStatus::Kind::interrupted)
        return {ErrorKind::interrupted, "listing the hosts was interrupted", "", "run again"};
    const auto cls = nix::classify_evaluation_failure(listing.status, listing.text);
    if (is_infrastructure(cls))
        return {ErrorKind::infrastructure, "the hosts could not be listed", listing.first_error, "run again"};
    return {ErrorKind::config, "the flake does not evaluate", listing.first_error,
            "mend the flake first: `nix flake show` tells more"};
}

/// Base alone tells which hosts an update removes, so trouble on the way there ends the run. A base that does not
/// evaluate (any more) is what an update may mend.
Result<void> know_base(RunState& state, const std::string& base, Listing& before) {
    for (int attempt = 1; !before.names; ++attempt) {
        const auto cls = nix::classify_evaluation_failure(before.status, before.text);
        const auto error = broken_flake(before);
        if (error.kind == ErrorKind::interrupted || state.interrupted()) return error;
        if (!is_infrastructure(cls) && cls != CauseClass::evaluation_timeout) {
            state.notice(
                fmt::format("{} does not evaluate at {}: hosts that the update removes are not recognised ({})",
                            state.base, short_id(base), before.first_error),
                true);
            return {};
        }
        if (attempt == 2)
            return Error{ErrorKind::infrastructure, "the hosts of the base commit could not be listed",
                         before.first_error, "run again: without them a host that the update removes is not missed"};
        before = list_names(state, base);
    }
    return {};
}

}  // namespace

Result<Discovery> discover(RunState& state, const std::string& commit, const std::string& base) {
    Listing before;
    std::future<Listing> other;
    if (!base.empty() && base != commit)
        other = std::async(std::launch::async, [&state, &base] { return list_names(state, base); });
    const Listing now = list_names(state, commit);
    const bool asked = other.valid();
    if (asked) before = other.get();
    if (asked && now.names) {
        LOCKSTEP_TRY_VOID(know_base(state, base, before));
    }

    Discovery found;
    if (!now.names) {
        const auto error = broken_flake(now);
        if (!before.names || error.kind != ErrorKind::config)
            return error;  // broken before as well, or not the flake's fault
        found.broken = now.first_error;
        found.broken_text = now.text;
    }
    std::vector<Target> present = now.names ? targets_of(*now.names) : std::vector<Target>();
    if (now.names) {
        LOCKSTEP_TRY_VOID(check_sets(state, *now.names, before.names ? &*before.names : nullptr));
    }
    const std::vector<Target> earlier = before.names ? targets_of(*before.names) : std::vector<Target>();
    std::set<std::string> present_names, earlier_names;
    for (const auto& target : present) present_names.insert(target.name);
    std::vector<Target> all = present;
    for (const auto& target : earlier)
        if (earlier_names.insert(target.name).second && present_names.count(target.name) == 0) all.push_back(target);
    if (all.empty())
        return Error{ErrorKind::config, "the flake has no hosts",
                     "looked in: " + join(state.config.targets.attributes, ", "),
                     "name the attribute sets to prove in targets.attributes"};
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    LOCKSTEP_TRY(const auto selection, select_targets(all, state.config.targets.include, state.config.targets.exclude,
                                                      state.settings.hosts_from_flags));
    for (const auto& target : selection.selected) {
        const bool exists = present_names.count(target.name) > 0;
        (exists ? found.targets : found.vanished).push_back(target);
        if (exists) found.in_base.push_back(earlier_names.count(target.name) > 0);
    }
    return found;
}

}  // namespace lockstep
