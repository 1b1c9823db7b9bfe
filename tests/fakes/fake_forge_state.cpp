// SPDX-License-Identifier: MIT
// What tests read from a fake forge and put into it.
#include <algorithm>
#include <regex>

#include "fakes/fake_forge.hpp"
#include "fakes/forge_api.hpp"
#include "fakes/http_server.hpp"
#include "fakes/openapi.hpp"

namespace lockstep::fakes {

namespace {

template <class T, class Wanted>
std::vector<T> those(const std::vector<T>& list, Wanted wanted) {
    std::vector<T> result;
    std::copy_if(list.begin(), list.end(), std::back_inserter(result), wanted);
    return result;
}

}  // namespace

std::vector<Pull> FakeForge::pulls() {
    std::vector<Pull> result;
    with_state([&](ForgeState& state) { result = state.pulls; });
    return result;
}

std::vector<Pull> FakeForge::open_pulls() {
    return those(pulls(), [](const Pull& pull) { return pull.open; });
}

std::vector<std::string> FakeForge::label_names() {
    std::vector<std::string> result;
    with_state([&](ForgeState& state) {
        for (const auto& label : state.labels) result.push_back(label.name);
    });
    return result;
}

std::vector<std::string> FakeForge::labels_of(std::int64_t number) {
    std::vector<std::string> result;
    with_state([&](ForgeState& state) {
        const auto* pull = state.pull(number);
        if (pull == nullptr) return;
        for (const auto id : pull->labels)
            if (const auto* label = state.label(id)) result.push_back(label->name);
    });
    std::sort(result.begin(), result.end());
    return result;
}

std::vector<Comment> FakeForge::comments(std::int64_t pull) {
    const std::lock_guard lock(mutex_);
    return those(state_.comments, [&](const Comment& entry) { return entry.pull == pull; });
}

std::vector<Attachment> FakeForge::attachments(std::int64_t pull) {
    const std::lock_guard lock(mutex_);
    return those(state_.attachments, [&](const Attachment& entry) { return entry.pull == pull; });
}

std::vector<Status> FakeForge::statuses(const std::string& sha) {
    const std::lock_guard lock(mutex_);
    return those(state_.statuses, [&](const Status& entry) { return entry.sha == sha; });
}

std::int64_t FakeForge::add_pull(Pull pull) {
    std::int64_t number = 0;
    with_state([&](ForgeState& state) {
        if (pull.number == 0) pull.number = state.last_number + 1;
        number = pull.number;
        state.last_number = std::max(state.last_number, number);
        if (pull.author.empty()) pull.author = "eve";
        if (pull.base.empty()) pull.base = state.default_branch;
        if (pull.base_sha.empty()) pull.base_sha = git_.ref("refs/heads/" + pull.base);
        if (pull.head_sha.empty())
            pull.head_sha = pull.fork_owner.empty() ? git_.ref("refs/heads/" + pull.head) : std::string(40, 'f');
        if (pull.created == 0) pull.created = pull.updated = state.now();
        state.pulls.push_back(pull);
    });
    return number;
}

std::int64_t FakeForge::add_label(Label label) {
    const std::lock_guard lock(mutex_);
    label.id = state_.next_id();
    state_.labels.push_back(label);
    return label.id;
}

std::int64_t FakeForge::add_comment(std::int64_t pull, const std::string& body, const std::string& author) {
    const std::lock_guard lock(mutex_);
    const auto time = state_.now();
    state_.comments.push_back({state_.next_id(), pull, body, author, time, time});
    return state_.last_id;
}

std::vector<LoggedCall> FakeForge::requests() const {
    const std::lock_guard lock(mutex_);
    return log_;
}

std::vector<LoggedCall> FakeForge::requests(const std::string& method, const std::string& path_regex) const {
    const std::regex wanted(path_regex);
    return those(requests(), [&](const LoggedCall& entry) {
        return (method.empty() || entry.method == method) && std::regex_search(entry.path, wanted);
    });
}

bool FakeForge::validates() const {
    return documents_ != nullptr;
}

std::vector<std::string> FakeForge::violations() const {
    const std::lock_guard lock(mutex_);
    return violations_;
}

std::vector<std::string> FakeForge::take_violations() {
    const std::lock_guard lock(mutex_);
    return std::exchange(violations_, {});
}

}  // namespace lockstep::fakes
