// SPDX-License-Identifier: MIT
// The graph over derivation files. A node enters it only when all its inputs are in, so an index is always larger than
// those of its inputs, and a failed read leaves nothing half-known behind.
#include "lockstep/core/derivation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr std::uint32_t k_none = std::numeric_limits<std::uint32_t>::max();

/// With structured attributes the features stand in JSON instead of an environment variable.
std::vector<std::string> required_features(const Derivation& drv) {
    if (const auto plain = drv.env.find("requiredSystemFeatures"); plain != drv.env.end()) return words(plain->second);
    const auto structured = drv.env.find("__json");
    if (structured == drv.env.end()) return {};
    const auto json = nlohmann::json::parse(structured->second, nullptr, false);
    if (!json.is_object()) return {};
    const auto features = json.find("requiredSystemFeatures");
    if (features == json.end()) return {};
    if (features->is_string()) return words(features->get_ref<const std::string&>());
    std::vector<std::string> result;
    if (features->is_array())
        for (const auto& feature : *features)
            if (feature.is_string()) result.push_back(feature.get<std::string>());
    return result;
}

/// A derivation that has been read and whose inputs are being added.
struct Frame {
    DrvNode node;
    std::vector<std::string> inputs;
    std::size_t next = 0;
};

Frame make_frame(const std::string& path, Derivation drv) {
    Frame frame;
    frame.node.path = path;
    frame.node.required_features = required_features(drv);
    frame.node.system = std::move(drv.system);
    frame.node.fixed_output =
        drv.outputs.size() == 1 && !drv.outputs[0].hash.empty() && drv.outputs[0].hash != "impure";
    for (auto& output : drv.outputs)
        if (!output.path.empty()) frame.node.outputs.push_back(std::move(output.path));
    for (auto& [input, wanted] : drv.input_drvs) frame.inputs.push_back(input);
    return frame;
}

Result<Frame> read_frame(const std::string& path, const DrvGraph::Reader& read) {
    LOCKSTEP_TRY(const auto text, read(path));
    auto drv = parse_derivation(text);
    if (!drv.ok()) {
        auto error = std::move(drv).error();
        error.what = "cannot read the derivation " + path;
        return error;
    }
    return make_frame(path, std::move(drv).value());
}

}  // namespace

Result<std::uint32_t> DrvGraph::add(const std::string& drv_path, const Reader& read) {
    if (const auto* known = find(drv_path)) return *known;
    std::vector<Frame> open;
    std::unordered_set<std::string> open_paths;
    const auto enter = [&](const std::string& path) -> Result<void> {
        LOCKSTEP_TRY(auto frame, read_frame(path, read));
        open.push_back(std::move(frame));
        open_paths.insert(path);
        return {};
    };
    LOCKSTEP_TRY_VOID(enter(drv_path));
    std::uint32_t last = k_none;
    while (!open.empty()) {
        auto& frame = open.back();
        if (frame.next < frame.inputs.size()) {
            const auto& input = frame.inputs[frame.next];
            if (const auto* known = find(input)) {
                frame.node.inputs.push_back(*known);
                ++frame.next;
            } else if (open_paths.contains(input)) {
                return Error{ErrorKind::infrastructure, "cannot read the derivation " + drv_path,
                             fmt::format("{} needs itself", input), "check the store with `nix-store --verify`"};
            } else {
                const auto path = input;  // `frame` and `input` die when `open` grows
                LOCKSTEP_TRY_VOID(enter(path));
            }
            continue;
        }
        last = static_cast<std::uint32_t>(nodes_.size());
        open_paths.erase(frame.node.path);
        index_.emplace(frame.node.path, last);
        nodes_.push_back(std::move(frame.node));
        open.pop_back();
    }
    return last;
}

const std::uint32_t* DrvGraph::find(const std::string& drv_path) const {
    const auto found = index_.find(drv_path);
    return found == index_.end() ? nullptr : &found->second;
}

std::vector<std::uint32_t> DrvGraph::closure(std::uint32_t root) const {
    std::vector<std::uint32_t> reached{root};
    std::vector<bool> seen(nodes_.size(), false);
    seen[root] = true;
    for (std::size_t next = 0; next < reached.size(); ++next) {
        for (const auto input : nodes_[reached[next]].inputs) {
            if (seen[input]) continue;
            seen[input] = true;
            reached.push_back(input);
        }
    }
    std::sort(reached.begin(), reached.end());  // inputs have smaller indices than their users
    return reached;
}

std::vector<std::uint32_t> DrvGraph::chain(std::uint32_t root, std::uint32_t to) const {
    std::vector<std::uint32_t> user(nodes_.size(), k_none);
    std::deque<std::uint32_t> queue{root};
    user[root] = root;
    while (!queue.empty() && user[to] == k_none) {
        const auto from = queue.front();
        queue.pop_front();
        for (const auto input : nodes_[from].inputs) {
            if (user[input] != k_none) continue;
            user[input] = from;
            queue.push_back(input);
        }
    }
    if (user[to] == k_none) return {};
    std::vector<std::uint32_t> path{to};
    while (path.back() != root) path.push_back(user[path.back()]);
    std::reverse(path.begin(), path.end());
    return path;
}

}  // namespace lockstep
