// SPDX-License-Identifier: MIT
// The state model shared by the dialects.
#include "fakes/forge_state.hpp"

#include <algorithm>
#include <ctime>

namespace lockstep::fakes {

namespace {

template <class List, class Matches>
auto* find(List& list, Matches matches) {
    const auto it = std::find_if(list.begin(), list.end(), matches);
    return it == list.end() ? nullptr : &*it;
}

/// True when the pull request stays open.
bool follow_head(Pull& pull, const std::map<std::string, std::string>& refs) {
    const auto head = refs.find("refs/heads/" + pull.head);
    pull.head_gone = head == refs.end();
    if (!pull.open) return false;
    if (pull.head_gone) return false;
    pull.head_sha = head->second;
    return true;
}

}  // namespace

Pull* ForgeState::pull(std::int64_t number) {
    return find(pulls, [&](const Pull& entry) { return entry.number == number; });
}
Label* ForgeState::label(std::int64_t id) {
    return find(labels, [&](const Label& entry) { return entry.id == id; });
}
Label* ForgeState::label(const std::string& name) {
    return find(labels, [&](const Label& entry) { return entry.name == name; });
}
Comment* ForgeState::comment(std::int64_t id) {
    return find(comments, [&](const Comment& entry) { return entry.id == id; });
}
const Token* ForgeState::token(const std::string& value) const {
    return find(tokens, [&](const Token& entry) { return entry.value == value; });
}

void ForgeState::follow(const test::GitRepo& git, bool detects_merges) {
    if (std::none_of(pulls.begin(), pulls.end(), [](const Pull& pull) { return pull.fork_owner.empty(); })) return;
    const auto refs = git.refs();
    for (auto& pull : pulls) {
        if (!pull.fork_owner.empty()) continue;
        const bool was_open = pull.open;
        const auto old_head = pull.head_sha;
        const auto base = refs.find("refs/heads/" + pull.base);
        const auto old_base = pull.base_sha;
        if (was_open && base != refs.end()) pull.base_sha = base->second;
        const bool stays = follow_head(pull, refs);
        if (!was_open) continue;
        const bool base_moved = base != refs.end() && pull.base_sha != old_base;
        if (detects_merges && base_moved &&
            (git.is_ancestor(old_head, pull.base_sha) || git.is_ancestor(pull.head_sha, pull.base_sha))) {
            pull.merged = true;
        } else if (stays && base != refs.end()) {
            continue;
        }
        pull.open = false;
        pull.closed = pull.updated = now();
    }
}

Version::Version(const std::string& text) {
    major = std::atoi(text.c_str());
    const auto dot = text.find('.');
    if (dot != std::string::npos) minor = std::atoi(text.c_str() + dot + 1);
}

std::string iso_time(std::int64_t seconds) {
    const std::time_t time = seconds;
    std::tm parts{};
    gmtime_r(&time, &parts);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace lockstep::fakes
