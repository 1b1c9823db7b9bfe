// SPDX-License-Identifier: MIT
// What an Actions runner says about itself in the environment, and which variables no child may see.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "lockstep/adapters/runner.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep::runner {

namespace {

std::string without_slash(std::string url) {
    while (!url.empty() && url.back() == '/') url.pop_back();
    return url;
}

bool is_number(std::string_view text) {
    return !text.empty() && text.size() <= 20 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Forgejo sets the variables of all three, Gitea those of GitHub: the most particular one wins.
Kind kind_of(const GetEnv& get) {
    if (get("FORGEJO_ACTIONS") == "true") return Kind::forgejo;
    if (get("GITEA_ACTIONS") == "true") return Kind::gitea;
    // Runners that only pretend to be GitHub's give themselves away by the address.
    if (get("GITHUB_ACTIONS") == "true")
        return without_slash(get("GITHUB_API_URL")).ends_with("/api/v1") ? Kind::gitea : Kind::github;
    const auto ci = get("CI");
    return ci.empty() || ci == "false" || ci == "0" ? Kind::none : Kind::other_ci;
}

std::string first_of(const GetEnv& get, std::initializer_list<const char*> names) {
    for (const char* name : names)
        if (auto value = get(name); !value.empty()) return value;
    return {};
}

/// Some runner set-ups give a wrong or missing API address; for the Gitea family it follows from the server's.
std::string api_address(Kind kind, std::string given, const std::string& server) {
    given = without_slash(std::move(given));
    const bool family = kind == Kind::gitea || kind == Kind::forgejo;
    if (family && !given.ends_with("/api/v1") && !server.empty()) return server + "/api/v1";
    return given;
}

/// GitHub's page goes by id, Forgejo's by number. Gitea went by number until 1.25 and by id from 1.26 on, and the
/// environment does not tell its version: the list of runs is better than a link to somebody else's run.
std::string page_of_run(Kind kind, const Environment& env, const GetEnv& get) {
    if (env.server_url.empty() || env.repository.empty()) return {};
    const auto runs = fmt::format("{}/{}/actions", env.server_url, env.repository);
    const auto id = get("GITHUB_RUN_ID"), number = get("GITHUB_RUN_NUMBER");
    if (kind == Kind::github && is_number(id)) return fmt::format("{}/runs/{}", runs, id);
    if (kind == Kind::forgejo && is_number(number)) return fmt::format("{}/runs/{}", runs, number);
    return kind == Kind::gitea ? runs : "";
}

}  // namespace

std::string_view kind_word(Kind kind) {
    switch (kind) {
        case Kind::none:
            return "none";
        case Kind::github:
            return "github";
        case Kind::gitea:
            return "gitea";
        case Kind::forgejo:
            return "forgejo";
        case Kind::other_ci:
            return "ci";
    }
    LOCKSTEP_CHECK(false);
}

Environment detect(const GetEnv& get) {
    Environment env;
    env.kind = kind_of(get);
    env.trigger = env.kind == Kind::none ? "manual" : fmt::format("{}-actions", kind_word(env.kind));
    if (env.kind == Kind::other_ci) env.trigger = "ci";
    if (!env.actions()) return env;
    env.output_file = first_of(get, {"GITHUB_OUTPUT", "FORGEJO_OUTPUT", "GITEA_OUTPUT"});
    env.summary_file = first_of(get, {"GITHUB_STEP_SUMMARY", "FORGEJO_STEP_SUMMARY", "GITEA_STEP_SUMMARY"});
    env.server_url = without_slash(first_of(get, {"GITHUB_SERVER_URL", "FORGEJO_SERVER_URL"}));
    env.api_url = api_address(env.kind, first_of(get, {"GITHUB_API_URL", "FORGEJO_API_URL"}), env.server_url);
    env.repository = clean_line(first_of(get, {"GITHUB_REPOSITORY", "FORGEJO_REPOSITORY"}));
    env.actor = clean_line(first_of(get, {"GITHUB_ACTOR", "FORGEJO_ACTOR"}), 100);
    if (const auto event = clean_line(get("GITHUB_EVENT_NAME"), 60); !event.empty()) env.trigger += ":" + event;
    env.run_url = page_of_run(env.kind, env, get);
    return env;
}

bool is_private_variable(std::string_view name) {
    // GIT_CONFIG_GLOBAL, _SYSTEM and _NOSYSTEM name files: git that Nix starts needs them for private inputs.
    static constexpr std::array k_prefixes{std::string_view("ACTIONS_"), std::string_view("GIT_CONFIG_KEY_"),
                                           std::string_view("GIT_CONFIG_VALUE_"), std::string_view("GIT_CONFIG_COUNT"),
                                           std::string_view("GIT_CONFIG_PARAMETERS")};
    static constexpr std::array k_suffixes{
        std::string_view("_TOKEN"),       std::string_view("_PASSWORD"),   std::string_view("_SECRET"),
        std::string_view("_PASSPHRASE"),  std::string_view("_PASSWD"),     std::string_view("_CREDENTIALS"),
        std::string_view("_PRIVATE_KEY"), std::string_view("_SECRET_KEY"), std::string_view("_ACCESS_KEY"),
        std::string_view("_API_KEY"),     std::string_view("_PAT"),        std::string_view("_TOKENS"),
    };
    static constexpr std::array k_names{
        std::string_view("TOKEN"),       std::string_view("PASSWORD"),
        std::string_view("SECRET"),      std::string_view("CREDENTIALS_DIRECTORY"),
        std::string_view("GIT_ASKPASS"), std::string_view("SSH_ASKPASS"),
    };
    static constexpr std::array k_runners{std::string_view("GITHUB_"), std::string_view("GITEA_"),
                                          std::string_view("FORGEJO_")};
    static constexpr std::array k_files{std::string_view("OUTPUT"), std::string_view("ENV"), std::string_view("PATH"),
                                        std::string_view("STATE"), std::string_view("STEP_SUMMARY")};
    std::string upper(name);
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    const std::string_view text = upper;
    if (text.starts_with("LOCKSTEP_TEST_")) return false;  // how our own tests speak to their children
    if (std::find(k_names.begin(), k_names.end(), text) != k_names.end()) return true;
    if (std::any_of(k_prefixes.begin(), k_prefixes.end(), [&](auto p) { return text.starts_with(p); })) return true;
    if (std::any_of(k_suffixes.begin(), k_suffixes.end(), [&](auto s) { return text.ends_with(s); })) return true;
    return std::any_of(k_runners.begin(), k_runners.end(), [&](auto runner) {
        return text.starts_with(runner) &&
               std::find(k_files.begin(), k_files.end(), text.substr(runner.size())) != k_files.end();
    });
}

}  // namespace lockstep::runner
