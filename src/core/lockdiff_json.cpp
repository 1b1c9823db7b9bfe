// SPDX-License-Identifier: MIT
// A list of changed inputs as JSON, for scripts. ASCII only, so that printing it to a terminal is harmless.
#include "lockstep/core/lockfile.hpp"

#include <nlohmann/json.hpp>

#include "core/lockfile_url.hpp"

namespace lockstep {

namespace {

using Json = nlohmann::ordered_json;

void put(Json& json, const char* member, const std::string& value) {
    if (!value.empty()) json[member] = value;
}

Json side_json(const std::optional<FlakeRef>& ref, const std::optional<std::string>& follows) {
    if (!ref && !follows) return nullptr;
    auto json = Json::object();
    if (follows) json["follows"] = *follows;
    if (!ref) return json;
    put(json, "type", ref->type);
    put(json, "owner", ref->owner);
    put(json, "repo", ref->repo);
    put(json, "host", ref->host);
    put(json, "url", without_secrets(ref->url));
    put(json, "path", ref->path);
    put(json, "id", ref->id);
    put(json, "ref", ref->ref);
    put(json, "rev", ref->rev);
    put(json, "dir", ref->dir);
    put(json, "narHash", ref->nar_hash);
    if (ref->last_modified != 0) json["lastModified"] = ref->last_modified;
    return json;
}

}  // namespace

std::string lockdiff_json(const std::vector<InputChange>& changes) {
    auto list = Json::array();
    for (const auto& change : changes) {
        Json item{{"input", change.input}, {"change", change_word(change.change)}, {"direct", change.direct}};
        item["from"] = side_json(change.from, change.follows_from);
        item["to"] = side_json(change.to, change.follows_to);
        put(item, "compare", change.compare);
        list.push_back(std::move(item));
    }
    return list.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace lockstep
