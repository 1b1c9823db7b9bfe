// SPDX-License-Identifier: MIT
// The questions of `doctor` to a host.
#include "lockstep/adapters/deploy_rights.hpp"

#include <algorithm>

#include "adapters/deploy/scripts.hpp"
#include "adapters/nix/call.hpp"
#include "lockstep/adapters/deploy_probe.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::deploy {

namespace {

/// Other programs cannot be asked what they would allow.
bool asks_sudo(const SshTarget& target) {
    return target.become == "sudo" || target.become.starts_with("sudo ");
}

}  // namespace

Command rights_command(const SshTarget& target, const std::string& path, const std::string& nonce) {
    std::string questions;
    if (asks_sudo(target)) {
        for (const auto& question : privilege_questions(path)) {
            std::string line;
            for (const auto& word : question) line += (line.empty() ? "" : " ") + shell_word(word);
            questions += (questions.empty() ? "" : "\n") + line;
        }
    }
    return script_command(target, Connection::fresh, "doctor",
                          {{"lockstep_nonce", nonce}, {"lockstep_questions", questions}}, "rights");
}

bool HostRights::trusted() const {
    if (root) return true;
    return std::any_of(trusted_users.begin(), trusted_users.end(), [&](const std::string& each) {
        if (each == "*" || each == user) return true;
        return each.starts_with("@") && std::find(groups.begin(), groups.end(), each.substr(1)) != groups.end();
    });
}

std::optional<HostRights> parse_rights(std::string_view text, std::string_view nonce, const SshTarget& target,
                                       const std::string& path) {
    const auto answer = parse_answer(text, nonce);
    if (!answer) return std::nullopt;
    HostRights rights;
    rights.user = clean_line(answer->get("user"));
    rights.root = answer->get("uid") == "0";
    for (const auto& group : answer->all("group")) rights.groups.push_back(clean_line(group));
    if (asks_sudo(target)) {
        const auto questions = privilege_questions(path);
        const auto allowed = answer->all("allowed");
        if (allowed.size() != questions.size()) return std::nullopt;
        rights.refused.emplace();
        for (std::size_t n = 0; n < questions.size(); ++n)
            if (allowed[n] != "1") rights.refused->push_back(join({questions[n].begin() + 4, questions[n].end()}, " "));
    }
    rights.settings_known = answer->get("settings_known") == "1";
    rights.trusted_users = words(clean_line(answer->get("trusted-users"), 4096));
    rights.trusted_keys = words(clean_line(answer->get("trusted-public-keys"), 4096));
    rights.require_signatures = answer->get("require-sigs") != "false";
    return rights;
}

Command signatures_command(const nix::Setup& setup, const std::string& path) {
    auto command = nix::start_call(setup, "nix", {"path-info", "--sigs"});
    nix::add_options(command, setup);
    command.argv.insert(command.argv.end(), {"--", path});
    command.label = "nix path-info --sigs";
    return command;
}

std::vector<std::string> parse_signatures(std::string_view text) {
    std::vector<std::string> names;
    for (const auto& word : words(text))
        if (const auto colon = word.find(':'); colon != std::string::npos && word.front() != '/')
            names.push_back(clean_line(word.substr(0, colon), 200));
    return names;
}

bool signed_for(const std::vector<std::string>& signatures, const std::vector<std::string>& keys) {
    return std::any_of(signatures.begin(), signatures.end(), [&](const std::string& name) {
        return name == "ca" || std::any_of(keys.begin(), keys.end(),
                                           [&](const std::string& key) { return key.starts_with(name + ":"); });
    });
}

}  // namespace lockstep::deploy
