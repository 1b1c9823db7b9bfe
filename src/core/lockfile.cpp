// SPDX-License-Identifier: MIT
// Lock file text to input paths. Lock files are foreign: size, nesting, number of paths and memory are all bounded.
#include "lockstep/core/lockfile.hpp"

#include <algorithm>

#include "core/lockfile_graph.hpp"
#include "lockstep/core/json_depth.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_max_bytes = std::size_t{64} << 20U;
constexpr std::size_t k_max_depth = 64;  // of JSON, and of inputs below inputs
constexpr std::size_t k_max_paths = 100000;
constexpr std::size_t k_max_memory = std::size_t{256} << 20U;  // text of all paths and of what they point at
constexpr int k_max_follows = 64;                              // hops through inputs that follow each other

/// The line (from 1) of the first merge conflict marker, or 0. No line of valid JSON begins like one.
std::size_t conflict_line(std::string_view text) {
    for (std::size_t line = 1; !text.empty(); ++line) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto head = text.substr(0, std::min<std::size_t>(end, 7));
        if (head == "<<<<<<<" || head == "=======" || head == ">>>>>>>" || head == "|||||||") return line;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return 0;
}

/// Walks from the root along the inputs of every node. Inputs that follow another one are listed and not entered.
class Walk {
public:
    explicit Walk(const LockGraph& graph) : graph_(graph) {}

    Result<std::vector<LockInput>> run() {
        LOCKSTEP_TRY(const auto* root, node(graph_.root, "the lock file"));
        LOCKSTEP_TRY_VOID(enter(*root, ""));
        std::sort(inputs_.begin(), inputs_.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
        return std::move(inputs_);
    }

private:
    Result<const LockNode*> node(const std::string& key, const std::string& user) const {
        const auto found = graph_.nodes.find(key);
        if (found != graph_.nodes.end()) return &found->second;
        return lock_error(user + " names the node \"" + clean_line(key, 100) + "\", which is not there");
    }

    Result<void> enter(const LockNode& parent, const std::string& prefix) {
        if (chain_.size() >= k_max_depth) return lock_error("its inputs are nested deeper than 64 levels");
        chain_.push_back(&parent);
        for (const auto& [name, edge] : parent.inputs) {
            auto path = prefix.empty() ? name : prefix + "/" + name;
            const auto* target = std::get_if<std::string>(&edge);
            auto added = target != nullptr ? add_node(std::move(path), *target)
                                           : add_follows(std::move(path), std::get<LockPath>(edge));
            if (!added) return added;
        }
        chain_.pop_back();
        return {};
    }

    Result<void> add_node(std::string path, const std::string& key) {
        LOCKSTEP_TRY(const auto* target, node(key, "input \"" + clean_line(path, 100) + "\""));
        if (!target->locked) return lock_error("node \"" + clean_line(key, 100) + "\" has no member \"locked\"");
        LOCKSTEP_TRY_VOID(add(path, std::nullopt, target));
        const bool cycle = std::find(chain_.begin(), chain_.end(), target) != chain_.end();
        return cycle ? Result<void>() : enter(*target, path);
    }

    Result<void> add_follows(std::string path, const LockPath& follows) {
        return add(std::move(path), join(follows, "/"), follows.empty() ? nullptr : resolve(follows));
    }

    Result<void> add(std::string path, std::optional<std::string> follows, const LockNode* target) {
        memory_ +=
            sizeof(LockInput) + path.size() + (follows ? follows->size() : 0) + (target != nullptr ? target->bytes : 0);
        if (inputs_.size() >= k_max_paths || memory_ > k_max_memory)
            return lock_error("it describes more inputs than any flake has");
        LockInput input;
        input.direct = chain_.size() == 1;
        input.path = std::move(path);
        input.follows = std::move(follows);
        if (target != nullptr) {
            input.locked = target->locked;
            input.original = target->original;
            input.is_flake = target->is_flake;
        }
        inputs_.push_back(std::move(input));
        return {};
    }

    /// The node at the end of an input path from the root; nullptr when the path leads nowhere or in circles.
    [[nodiscard]] const LockNode* resolve(const LockPath& path) const {
        LockPath rest(path.rbegin(), path.rend());  // next name last
        const auto* at = &graph_.nodes.at(graph_.root);
        int hops = 0;
        while (!rest.empty()) {
            const auto edge = at->inputs.find(rest.back());
            if (edge == at->inputs.end()) return nullptr;
            rest.pop_back();
            if (const auto* key = std::get_if<std::string>(&edge->second)) {
                const auto next = graph_.nodes.find(*key);
                if (next == graph_.nodes.end()) return nullptr;
                at = &next->second;
                continue;
            }
            const auto& follows = std::get<LockPath>(edge->second);
            if (follows.empty() || ++hops > k_max_follows || rest.size() + follows.size() > k_max_depth) return nullptr;
            rest.insert(rest.end(), follows.rbegin(), follows.rend());
            at = &graph_.nodes.at(graph_.root);
        }
        return at;
    }

    const LockGraph& graph_;
    std::vector<LockInput> inputs_;
    std::vector<const LockNode*> chain_;  ///< from the root to the node being entered
    std::size_t memory_ = 0;
};

}  // namespace

const LockInput* LockFile::find(std::string_view path) const {
    const auto found =
        std::lower_bound(inputs.begin(), inputs.end(), path,
                         [](const LockInput& input, std::string_view wanted) { return input.path < wanted; });
    return found != inputs.end() && found->path == path ? &*found : nullptr;
}

std::vector<std::string> LockFile::direct_names() const {
    std::vector<std::string> names;
    for (const auto& input : inputs)
        if (input.direct) names.push_back(input.path);
    return names;
}

Result<LockFile> parse_lock(std::string_view text) {
    if (text.size() > k_max_bytes) return lock_error("it is larger than 64 MiB");
    if (const auto line = conflict_line(text); line > 0)
        return Error{ErrorKind::config, "flake.lock cannot be read",
                     "line " + std::to_string(line) + " is a merge conflict marker",
                     "take either side and let Nix complete it: git checkout --theirs flake.lock && nix flake lock"};
    if (json_depth(text) > k_max_depth) return lock_error("it is nested deeper than 64 levels");
    LOCKSTEP_TRY(const auto graph, read_lock_graph(text));
    LOCKSTEP_TRY(auto inputs, Walk(graph).run());
    return LockFile{graph.version, std::move(inputs)};
}

}  // namespace lockstep
