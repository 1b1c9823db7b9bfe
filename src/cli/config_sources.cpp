// SPDX-License-Identifier: MIT
// Putting the sources of configuration together.
#include "cli/config_sources.hpp"

#include "edges/yaml_config.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/target.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::cli {

namespace {

/// What hooks are told: a hook may call lockstep.
bool is_told_to_hooks(const std::string& name) {
    return name == "LOCKSTEP_RUN" || name == "LOCKSTEP_COMMIT" || name == "LOCKSTEP_HOOK" || name == "LOCKSTEP_WAVE";
}

/// Variables of builds and tests of lockstep itself that share the prefix; documented in docs/CONFIG.md.
bool is_not_ours(const std::string& name) {
    if (is_told_to_hooks(name)) return true;
    return name.starts_with("LOCKSTEP_TEST_") || name == "LOCKSTEP_OPENAPI_DIR" || name == "LOCKSTEP_UPDATE_GOLDEN" ||
           name == "LOCKSTEP_REQUIRE_NIX";
}

/// "LOCKSTEP_SLOTS: there is no such key, did you mean LOCKSTEP_PROVE_SLOTS?"
std::string unknown_variable(const std::string& name) {
    std::vector<std::string> known;
    std::string near;
    for (const auto& key : config_keys()) {
        known.push_back(variable_of(key.path));
        if (known.back().ends_with(name.substr(std::string("LOCKSTEP").size()))) near = known.back();
    }
    if (near.empty()) near = nearest(name, known);
    return clean_line(name, 80) + ": there is no such key" + (near.empty() ? "" : ", did you mean " + near + "?");
}

void take_variables(const Sources& sources, Config& config, std::vector<std::string>& mistakes) {
    std::map<std::string, const ConfigKey*> keys;
    for (const auto& key : config_keys()) keys[variable_of(key.path)] = &key;
    for (const auto& [name, text] : sources.variables) {
        if (!name.starts_with("LOCKSTEP_") || is_not_ours(name) || text.empty()) continue;
        const auto key = keys.find(name);
        if (key == keys.end()) {
            mistakes.push_back(unknown_variable(name));
        } else if (auto wrong = set_key(config, *key->second, name, raw_from_text(key->second->type, text))) {
            mistakes.push_back(std::move(*wrong));
        }
    }
}

}  // namespace

Result<Config> assemble(const Sources& sources) {
    Config config;
    std::vector<std::string> mistakes;
    const auto load = [&](const std::optional<std::string>& text, const std::string& name, bool machine) {
        if (!text) return;
        for (const auto& mistake : load_yaml(*text, name, machine, config)) mistakes.push_back(mistake_line(mistake));
    };
    load(sources.repository_text, sources.repository_name, false);
    load(sources.machine_text, sources.machine_name, true);
    take_variables(sources, config, mistakes);
    for (const auto& [path, value] : sources.overrides) {
        const auto* key = find_key(path);
        LOCKSTEP_CHECK(key != nullptr);
        if (auto wrong = set_key(config, *key, path, value)) mistakes.push_back(std::move(*wrong));
    }
    for (auto& text : contradictions(config)) mistakes.push_back(std::move(text));
    if (mistakes.empty()) return config;
    const auto what = mistakes.size() == 1 ? "the configuration has a mistake"
                                           : "the configuration has " + plural(mistakes.size(), "mistake");
    return Error{ErrorKind::config, what, join(mistakes, "\n"),
                 "docs/CONFIG.md has all keys; `lockstep schema config` prints the schema"};
}

}  // namespace lockstep::cli
