// SPDX-License-Identifier: MIT
// ssh-keygen's command lines. Its verdict is the exit code; its words only name the key.
#include "lockstep/adapters/deploy_approval.hpp"

#include <algorithm>

#include "lockstep/core/check.hpp"
#include "lockstep/core/deploy_approval.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::deploy {

namespace {

constexpr std::chrono::seconds k_check_limit{30};
constexpr std::chrono::minutes k_touch_limit{2};  // of a key that wants to be touched

Command keygen(std::vector<std::string> arguments, std::string label) {
    Command command;
    command.argv = {"ssh-keygen", "-Y"};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    // No window and no terminal to ask on: a key that needs a person fails instead of waiting.
    command.env_set = {{"SSH_ASKPASS_REQUIRE", "never"}, {"LC_ALL", "C"}};
    command.env_unset = {"DISPLAY", "WAYLAND_DISPLAY"};
    command.deadline = k_check_limit;
    command.label = std::move(label);
    return command;
}

bool is_fingerprint(std::string_view word) {
    constexpr std::string_view k_hash = "SHA256:";
    if (!word.starts_with(k_hash) || word.size() == k_hash.size() || word.size() > 100) return false;
    return std::all_of(word.begin() + k_hash.size(), word.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
    });
}

}  // namespace

Command approval_sign_command(const std::string& key, const std::string& text) {
    auto command = keygen({"sign", "-n", std::string(k_approval_namespace), "-f", key}, "ssh-keygen: sign an approval");
    command.stdin_text = text;
    command.deadline = k_touch_limit;
    return command;
}

Command signature_check_command(const std::string& signature_file, const std::string& text) {
    auto command = keygen({"check-novalidate", "-n", std::string(k_approval_namespace), "-s", signature_file},
                          "ssh-keygen: check a signature");
    command.stdin_text = text;
    return command;
}

Command signature_verify_command(const std::string& approvers_file, const std::string& principal,
                                 const std::string& signature_file, const std::string& text) {
    LOCKSTEP_CHECK(is_principal(principal));
    auto command = keygen({"verify", "-f", approvers_file, "-I", principal, "-n", std::string(k_approval_namespace),
                           "-s", signature_file},
                          "ssh-keygen: verify an approval");
    command.stdin_text = text;
    return command;
}

Command signature_principals_command(const std::string& approvers_file, const std::string& signature_file) {
    return keygen({"find-principals", "-f", approvers_file, "-s", signature_file}, "ssh-keygen: who signed");
}

std::optional<std::string> parse_good_signature(std::string_view out) {
    for (const auto& line : lines_of(out)) {
        const auto parts = words(line);
        if (parts.size() > 2 && parts.front() == "Good" && is_fingerprint(parts.back())) return parts.back();
    }
    return std::nullopt;
}

}  // namespace lockstep::deploy
