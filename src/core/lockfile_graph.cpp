// SPDX-License-Identifier: MIT
// JSON of a lock file to nodes. Everything is checked here, so that nothing behind it meets JSON.
#include "core/lockfile_graph.hpp"

#include <nlohmann/json.hpp>

#include "lockstep/core/sanitize.hpp"

namespace lockstep {

namespace {

using Json = nlohmann::json;

constexpr int k_oldest_version = 5;
constexpr int k_newest_version = 7;

std::string in_quotes(std::string_view foreign) {
    return "\"" + clean_line(foreign, 100) + "\"";
}

/// Collects the members of one node; the first thing that is wrong stays as the error.
class NodeReader {
public:
    NodeReader(std::string key, const Json& json) : key_(std::move(key)), json_(json) {}

    Result<LockNode> read() {
        if (!json_.is_object())
            fail("is not an object");
        else {
            read_inputs();
            node_.locked = read_ref("locked");
            node_.original = read_ref("original");
            read_flag();
        }
        if (!wrong_.empty()) return lock_error("node " + in_quotes(key_) + " " + wrong_);
        return std::move(node_);
    }

private:
    void fail(std::string wrong) {
        if (wrong_.empty()) wrong_ = std::move(wrong);
    }

    void read_inputs() {
        const auto inputs = json_.find("inputs");
        if (inputs == json_.end()) return;
        if (!inputs->is_object()) return fail("has \"inputs\" that are not an object");
        for (const auto& [name, target] : inputs->items()) {
            if (name.empty() || name.find('/') != std::string::npos)
                return fail("has an input named " + in_quotes(name) + ", which cannot be a name");
            if (target.is_string())
                node_.inputs.emplace(name, target.get<std::string>());
            else if (const auto path = read_path(target))
                node_.inputs.emplace(name, *path);
            else
                return fail("has an input " + in_quotes(name) + " that is neither a node nor a path");
        }
    }

    static std::optional<LockPath> read_path(const Json& json) {
        if (!json.is_array()) return std::nullopt;
        LockPath path;
        for (const auto& name : json) {
            if (!name.is_string()) return std::nullopt;
            path.push_back(name.get<std::string>());
        }
        return path;
    }

    /// `locked` or `original`. Versions before 7 keep the content hash of `locked` in a member `info` beside it.
    std::optional<FlakeRef> read_ref(const char* member) {
        const auto found = json_.find(member);
        if (found == json_.end()) return std::nullopt;
        if (!found->is_object()) {
            fail(std::string("has a member \"") + member + "\" that is not an object");
            return std::nullopt;
        }
        FlakeRef ref;
        read_attributes(*found, ref);
        const auto info = json_.find("info");
        if (info != json_.end() && info->is_object() && std::string_view(member) == "locked")
            read_attributes(*info, ref);
        if (ref.type.empty()) fail(std::string("has a member \"") + member + "\" without a type");
        return ref;
    }

    void read_attributes(const Json& json, FlakeRef& ref) {
        read_string(json, "type", ref.type);
        read_string(json, "owner", ref.owner);
        read_string(json, "repo", ref.repo);
        read_string(json, "host", ref.host);
        read_string(json, "url", ref.url);
        read_string(json, "path", ref.path);
        read_string(json, "id", ref.id);
        read_string(json, "ref", ref.ref);
        read_string(json, "dir", ref.dir);
        read_string(json, "narHash", ref.nar_hash);
        read_string(json, "rev", ref.rev);
        if (ref.rev.empty()) read_string(json, "dirtyRev", ref.rev);
        const auto modified = json.find("lastModified");
        if (modified == json.end()) return;
        if (!modified->is_number_integer()) return fail("has a \"lastModified\" that is not a whole number");
        ref.last_modified = modified->get<std::int64_t>();
    }

    void read_string(const Json& json, const char* member, std::string& value) {
        const auto found = json.find(member);
        if (found == json.end() || found->is_null()) return;
        if (!found->is_string()) return fail(std::string("has a \"") + member + "\" that is not text");
        value = found->get<std::string>();
        node_.bytes += value.size();
    }

    void read_flag() {
        const auto flake = json_.find("flake");
        if (flake == json_.end()) return;
        if (!flake->is_boolean()) return fail("has a \"flake\" that is neither true nor false");
        node_.is_flake = flake->get<bool>();
    }

    std::string key_;
    const Json& json_;
    LockNode node_;
    std::string wrong_;
};

Result<int> read_version(const Json& lock) {
    const auto found = lock.find("version");
    if (found == lock.end() || !found->is_number_integer()) return lock_error("it has no \"version\" number");
    const auto version = found->get<std::int64_t>();
    if (version < k_oldest_version || version > k_newest_version)
        return Error{ErrorKind::config, "flake.lock cannot be read",
                     "its version is " + found->dump() + "; versions 5 to 7 are known",
                     "a newer lockstep may know it; else let Nix write it anew with `nix flake lock`"};
    return static_cast<int>(version);
}

Result<LockGraph> graph_of(const Json& lock) {
    if (!lock.is_object()) return lock_error("it is not a JSON object");
    LockGraph graph;
    LOCKSTEP_TRY(graph.version, read_version(lock));
    const auto root = lock.find("root"), nodes = lock.find("nodes");
    if (root == lock.end() || !root->is_string()) return lock_error("it does not name its \"root\" node");
    if (nodes == lock.end() || !nodes->is_object()) return lock_error("it has no \"nodes\"");
    graph.root = root->get<std::string>();
    for (const auto& [key, json] : nodes->items()) {
        LOCKSTEP_TRY(auto node, NodeReader(key, json).read());
        graph.nodes.emplace(key, std::move(node));
    }
    return graph;
}

}  // namespace

Error lock_error(std::string why) {
    return {ErrorKind::config, "flake.lock cannot be read", std::move(why),
            "restore it from git, or let Nix write it anew with `nix flake lock`"};
}

Result<LockGraph> read_lock_graph(std::string_view text) {
    try {
        return graph_of(Json::parse(text));
    } catch (const Json::exception& error) {
        return lock_error("it is not valid JSON: " + clean_line(error.what(), 200));
    }
}

}  // namespace lockstep
