// SPDX-License-Identifier: MIT
// The other ending: the branch on the remote and one pull request that says what is broken, found again on the next
// run.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "app/host_changes.hpp"
#include "app/run_state.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

/// Where the branch goes: a new name, or one that holds nothing but our own commit.
struct Place {
    std::string branch, expect;
    std::optional<PullRequest> pull;
};

std::string trailer(const std::string& message, std::string_view name) {
    for (const auto& line : lines_of(message))
        if (line.rfind(std::string(name) + ": ", 0) == 0) return line.substr(name.size() + 2);
    return "";
}

Result<std::map<std::string, std::string>> remote_heads(RunState& state, const std::vector<std::string>& patterns) {
    LOCKSTEP_TRY(const auto refs, state.ports.git.list_refs(patterns));
    std::map<std::string, std::string> heads;
    for (const auto& ref : refs)
        if (auto name = branch_of(ref.name); !name.empty()) heads[std::move(name)] = ref.id;
    return heads;
}

/// The open pull request of an earlier run for the same base and flake, unless somebody else has pushed to its branch.
/// A run that was cut off after its push left a commit of ours there that the pull request does not know.
Result<std::optional<Place>> existing_pull(RunState& state) {
    if (!state.forge) return std::optional<Place>();
    LOCKSTEP_TRY(const auto pulls, state.forge->open_pulls(state.base));
    for (const auto& pull : pulls) {
        const auto marker = our_marker(state, pull);
        if (!marker) continue;
        LOCKSTEP_TRY(const auto heads, remote_heads(state, {"refs/heads/" + pull.head}));
        const auto tip = heads.find(pull.head);
        const bool ours = tip != heads.end() && (tip->second == marker->head ||
                                                 ends_with_ours(state, {"refs/heads/" + pull.head, tip->second}));
        if (!ours) {
            state.notice(
                fmt::format("pull request {} holds commits that lockstep did not write; it is left alone", pull.number),
                true);
            continue;
        }
        return std::optional<Place>(Place{pull.head, tip->second, pull});
    }
    return std::optional<Place>();
}

/// The dated name, with a suffix as long as it is taken by somebody else's commits.
Result<Place> free_branch(RunState& state) {
    LOCKSTEP_TRY(const auto heads, remote_heads(state, {"refs/heads/" + state.wanted_branch + "*"}));
    for (int n = 1; n < 1000; ++n) {
        const std::string name = n == 1 ? state.wanted_branch : fmt::format("{}-{}", state.wanted_branch, n);
        const auto taken = heads.find(name);
        if (taken == heads.end()) return Place{name, "", std::nullopt};
        if (ends_with_ours(state, {"refs/heads/" + name, taken->second}))
            return Place{name, taken->second, std::nullopt};
        state.notice(fmt::format("branch {} exists and is not lockstep's; it is left alone", name));
    }
    return Error{ErrorKind::infrastructure, "no free name for the update branch", state.wanted_branch,
                 "delete old branches, or change `branch`"};
}

Result<Place> push_branch(RunState& state) {
    for (int attempt = 1;; ++attempt) {
        LOCKSTEP_TRY(auto place, existing_pull(state));
        if (!place) {
            LOCKSTEP_TRY(place, free_branch(state));
        }
        if (place->expect == state.candidate.id) return *place;
        LOCKSTEP_TRY_VOID(state.intend("push-branch", {{"branch", place->branch}, {"commit", state.candidate.id}}));
        LOCKSTEP_TRY_VOID(state.at("branch-intent"));
        const auto outcome = state.ports.git.push({.ref = "refs/heads/" + place->branch,
                                                   .id = state.candidate.id,
                                                   .expect = place->expect,
                                                   .allow_rewrite = true});
        LOCKSTEP_TRY_VOID(state.at("branch-pushed"));
        state.settled("push-branch", {{"state", std::string(push_word(outcome.state))}});
        if (outcome.state == PushState::done) return *place;
        if (outcome.state == PushState::denied)
            return Error{ErrorKind::credentials, fmt::format("pushing {} was denied", place->branch),
                         clean_line(outcome.detail), "give the token or key the right to push"};
        if (attempt >= 3 || state.interrupted())
            return Error{ErrorKind::infrastructure, fmt::format("{} could not be pushed", place->branch),
                         clean_line(outcome.detail), "run again"};
        if (outcome.state == PushState::unreachable || outcome.state == PushState::unknown)
            state.ports.clock.sleep_for(std::chrono::seconds(5) * attempt);
    }
}

/// Full logs of the causes first, then of the broken hosts; what the forge cannot hold is said.
LogLinks attach_logs(RunState& state, std::int64_t number, const ForgeLimits& limits) {
    LogLinks links{.run_url = state.settings.environment.run_url};
    if (!state.config.forge.attach_logs || limits.attachment_bytes == 0) return links;
    std::vector<std::string> files;
    for (const auto& cause : state.report.causes)
        if (!cause.log.empty()) files.push_back(cause.log);
    for (const auto& host : state.report.hosts)
        if (is_broken(host.state) && !host.log.empty()) files.push_back(host.log);
    std::sort(files.begin(), files.end());
    files.erase(std::unique(files.begin(), files.end()), files.end());
    constexpr std::size_t k_most = 40;
    for (const auto& file : files) {
        if (links.attachments.size() >= k_most) {
            state.report.limits.push_back(fmt::format("{} of {} logs attached", k_most, files.size()));
            break;
        }
        const auto text = state.ports.store.read_tail(file, limits.attachment_bytes);
        if (!text.ok() || text->empty()) continue;
        const std::string name = replace_all(file, "/", "-");
        const auto url = state.forge->attach(number, name, text.value());
        if (!url.ok()) {
            state.notice(fmt::format("log {} could not be attached: {}", name, url.error().what), true);
            if (url.error().kind != ErrorKind::usage) break;
            continue;
        }
        links.attachments.emplace_back(name, url.value());
    }
    return links;
}

struct Missing {
    std::string step;
    Error error;
};

/// Everything about the pull request itself. Nothing, or the step that is missing.
std::optional<Missing> write_pull(RunState& state, const Place& place, bool green) {
    auto& forge = *state.forge;
    const auto limits = forge.limits();
    if (!limits.ok()) return Missing{"open the pull request", limits.error()};
    const std::string title = pull_title(state.report);
    LogLinks links{.run_url = state.settings.environment.run_url};
    std::vector<std::string> cut;
    const std::string first = pull_body(state.report, links, limits->body_bytes, cut);
    if (const auto written = state.intend("pull", {{"branch", place.branch}}); !written.ok())
        return Missing{place.pull ? "update the pull request" : "open the pull request", written.error()};
    if (const auto reached = state.at("pr-intent"); !reached.ok())
        return Missing{"open the pull request", reached.error()};
    auto pull = place.pull ? forge.edit_pull(place.pull->number, title, first)
                           : forge.create_pull({title, first, place.branch, state.base});
    if (!pull.ok()) return Missing{place.pull ? "update the pull request" : "open the pull request", pull.error()};
    state.report.pull = RunReport::Pull{pull->number, pull->url, place.pull ? "updated" : "created"};
    if (const auto reached = state.at("pr-created"); !reached.ok()) return Missing{"go on", reached.error()};
    state.settled("pull", {{"number", pull->number}});
    const auto& labels = green ? state.config.forge.review_labels : state.config.forge.failure_labels;
    if (const auto done = forge.add_labels(pull->number, labels); !done.ok())
        return Missing{"label the pull request", done.error()};
    std::vector<std::string> stale;
    for (const auto& label : green ? state.config.forge.failure_labels : state.config.forge.review_labels)
        if (std::find(labels.begin(), labels.end(), label) == labels.end()) stale.push_back(label);
    if (place.pull && !stale.empty())
        if (const auto done = forge.remove_labels(pull->number, stale); !done.ok())
            return Missing{"remove old labels", done.error()};
    links = attach_logs(state, pull->number, limits.value());
    cut.clear();
    const std::string body = pull_body(state.report, links, limits->body_bytes, cut);
    state.report.limits.insert(state.report.limits.end(), cut.begin(), cut.end());
    if (body != first)
        if (const auto done = forge.edit_pull(pull->number, title, body); !done.ok())
            return Missing{"put the log links into the pull request", done.error()};
    const auto comments = forge.comments(pull->number);
    if (!comments.ok()) return Missing{"write the history comment", comments.error()};
    std::int64_t id = 0;
    std::string previous;
    for (const auto& comment : comments.value())
        if (id == 0 && comment.body.find(comment_tag()) != std::string::npos) {
            id = comment.id;
            previous = comment.body;
        }
    if (const auto done =
            forge.put_comment(pull->number, id, history_comment(state.report, previous, limits->body_bytes));
        !done.ok())
        return Missing{"write the history comment", done.error()};
    if (const auto reached = state.at("comment"); !reached.ok()) return Missing{"go on", reached.error()};
    if (state.config.forge.statuses)
        for (const auto& text : status_texts(state.report, state.config.forge.status_hosts)) {
            const std::string target =
                state.settings.environment.run_url.empty() ? pull->url : state.settings.environment.run_url;
            if (const auto done = forge.set_status(state.candidate.id, text, target); !done.ok())
                return Missing{"set the commit status", done.error()};
        }
    return std::nullopt;
}

std::string failed_words(const RunReport& report) {
    std::size_t broken = 0;
    for (const auto& host : report.hosts) broken += host.required && is_broken(host.state) ? 1U : 0U;
    return fmt::format("{} of {} failed", broken, plural(report.hosts.size(), "host"));
}

/// How a run ends that may not land: because of hosts, or of an alarm, which is the graver thing.
struct Red {
    Outcome outcome = Outcome::proposed, outcome_without_pull = Outcome::hosts_failed;
    ExitCode exit = ExitCode::hosts_failed, exit_without_pull = ExitCode::hosts_failed_no_pr;
    std::string words, accept;
};
Red red_ending(const RunReport& report) {
    if (!any_stops(report.alarms)) return {.words = failed_words(report)};
    const bool good = decide(report.hosts).action == Action::land;
    return {Outcome::alarm,
            Outcome::alarm,
            ExitCode::alarm,
            ExitCode::alarm,
            alarm_headline(report.alarms) + "; " + (good ? "every required host is proved" : failed_words(report)),
            "; to accept the change, merge it by hand or run with --ignore-alarm " +
                join(stopping_codes(report.alarms), ",")};
}

}  // namespace

std::optional<PullMarker> our_marker(const RunState& state, const PullRequest& pull) {
    auto marker = find_marker(pull.body);
    const bool ours = marker && pull.same_repo && marker->base == state.base && marker->flake == state.config.flake;
    return ours ? marker : std::nullopt;
}

std::string branch_of(std::string_view ref) {
    constexpr std::string_view k_heads = "refs/heads/";
    return ref.starts_with(k_heads) ? std::string(ref.substr(k_heads.size())) : "";
}

bool ends_with_ours(RunState& state, const RemoteRef& branch) {
    auto& git = state.ports.git;
    const auto fetched = git.fetch(branch.name);
    if (!fetched.ok() || fetched.value() != branch.id) return false;
    const auto commit = git.commit_info(branch.id);
    if (!commit.ok() || commit->parents.size() != 1) return false;
    const auto& parent = commit->parents.front();
    const auto lock = git.read_file(branch.id, state.lock_path());
    if (!lock.ok() || !lock.value()) return false;
    const auto seal = trailer(commit->message, "Lockstep-Seal");
    if (seal.empty() || seal != seal_of(state, parent, git.blob_id(*lock.value()))) return false;
    const auto tree = git.tree_with({.parent = parent, .path = state.lock_path(), .content = *lock.value()});
    return tree.ok() && tree.value() == commit->tree;
}

Result<void> propose(RunState& state, Proposal proposal, const std::string& why) {
    // The texts need the ending, and the ending is only known when the texts are written: this is the hoped-for one.
    const bool green = proposal == Proposal::green;
    const Red red = proposal == Proposal::refused ? Red{.words = why} : red_ending(state.report);
    state.unpublished = true;
    const ExitCode exit =
        !green ? red.exit : (state.config.land.mode == LandMode::pull_request ? ExitCode::ok : ExitCode::base_refused);
    state.report.ending = {green ? Outcome::proposed_green : red.outcome, exit, green ? why : red.words, ""};
    const auto place = push_branch(state);
    if (!place.ok()) {
        if (green) return place.error();
        const auto& error = place.error();
        state.report.ending = {
            red.outcome_without_pull, red.exit_without_pull,
            fmt::format("{}, and the branch could not be pushed: {}: {}", red.words, error.what, error.why),
            "the commit is kept in " + state.ports.git.repository().string() + " as " + state.wanted_branch};
        return {};
    }
    state.report.repo.branch = place->branch;
    if (!state.forge) {
        state.unpublished = false;
        state.report.ending.next_action = "look at branch " + place->branch + red.accept;
        state.report.ending.reason += "; the branch is pushed, and there is no forge for a pull request";
        return {};
    }
    find_host_changes(state);
    const auto missing = write_pull(state, place.value(), green);
    if (missing) {
        state.report.ending.reason +=
            fmt::format("; branch {} is pushed, but lockstep could not {}: {}{}{}", place->branch, missing->step,
                        missing->error.what, missing->error.why.empty() ? "" : ": ", missing->error.why);
        state.report.ending.next_action = missing->error.hint.empty()
                                              ? "run again, or open a pull request from " + place->branch + " by hand"
                                              : missing->error.hint;
        if (!green) state.report.ending.outcome = red.outcome_without_pull;
        state.report.ending.exit = !green                                          ? red.exit_without_pull
                                   : missing->error.kind == ErrorKind::credentials ? ExitCode::credentials
                                                                                   : ExitCode::infrastructure;
        return {};
    }
    state.unpublished = false;
    state.report.ending.next_action =
        state.report.pull->url.empty() ? "" : "see " + state.report.pull->url + (green ? "" : red.accept);
    return {};
}

}  // namespace lockstep
