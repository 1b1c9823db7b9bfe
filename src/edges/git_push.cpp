// SPDX-License-Identifier: MIT
// Reads `git push --porcelain`: "<flag>\t<from>:<to>\t<summary>" on stdout, explanations on stderr.
#include "edges/git_push.hpp"

#include <optional>
#include <utility>

#include "edges/git_trouble.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

struct RefLine {
    char flag = ' ';
    std::string summary;
};

std::optional<RefLine> line_for(const std::string& out, const std::string& ref) {
    for (const auto& line : split(out, '\n')) {
        const auto fields = split(line, '\t');
        if (fields.size() < 3 || fields[0].size() != 1) continue;
        const auto colon = fields[1].rfind(':');
        if (colon != std::string::npos && fields[1].substr(colon + 1) == ref) return RefLine{fields[0][0], fields[2]};
    }
    return std::nullopt;
}

/// A ref that git or the server refused by name: nothing was changed.
PushState refusal(const std::string& summary, const std::string& err) {
    if (mentions(summary, {"failed to report status"})) return PushState::unknown;
    if (mentions(summary, {"stale info", "reference already exists"})) return PushState::stale;
    if (mentions(summary, {"non-fast-forward", "fetch first", "needs force", "already exists"}))
        return PushState::not_fast_forward;
    if (mentions(err, {"permission denied for writing"})) return PushState::denied;  // Gitea, Forgejo
    if (mentions(summary, {"hook declined", "protected", "rule violations", "prohibited", "push declined"}) ||
        mentions(err, {"GH006", "GH013", "not allowed to push", "protected branch"}))
        return PushState::protected_branch;
    const bool directory_in_the_way = mentions(summary, {"cannot create"}) || mentions(err, {"exists; cannot create"});
    if (!directory_in_the_way &&
        (mentions(summary, {"failed to update ref", "cannot lock ref", "failed to lock", "but expected"}) ||
         mentions(err, {"but expected"})))
        return PushState::stale;
    return PushState::rejected;
}

PushState without_line(const GitAnswer& answer) {
    switch (trouble_of(answer)) {
        case GitTrouble::not_started:
        case GitTrouble::unreachable:
        case GitTrouble::not_found:
            return PushState::unreachable;
        case GitTrouble::denied:
            return PushState::denied;
        default:
            break;
    }
    if (mentions(answer.err, {"remote ref does not exist"})) return PushState::stale;  // a delete of what is gone
    if (mentions(answer.err, {"HTTP 413"})) return PushState::rejected;
    return PushState::unknown;
}

}  // namespace

PushOutcome push_outcome(const GitAnswer& answer, const std::string& ref) {
    const auto line = line_for(answer.out, ref);
    std::string detail(trim(answer.err));
    if (line && line->flag == '!')
        return {refusal(line->summary, answer.err), std::string(trim(line->summary + "\n" + detail))};
    if (line && answer.ok()) return {PushState::done, line->summary};
    if (!answer.ok() && answer.status.kind != ExitStatus::Kind::exited)
        detail = "git " + describe(answer.status) + (detail.empty() ? "" : "\n" + detail);
    return {line ? PushState::unknown : without_line(answer), std::move(detail)};
}

}  // namespace lockstep
