// SPDX-License-Identifier: MIT
// Orders to hosts of nix-darwin and home-manager.
#include "lockstep/adapters/deploy_profile.hpp"

#include "adapters/deploy/scripts.hpp"
#include "lockstep/adapters/deploy_probe.hpp"
#include "lockstep/core/check.hpp"

namespace lockstep::deploy {

Command profile_command(const SshTarget& target, ProfileType type, ProfileStep step, const std::string& path,
                        const std::string& nonce) {
    LOCKSTEP_CHECK(is_store_path(path) && (type == ProfileType::darwin || type == ProfileType::home_manager));
    const bool commit = step == ProfileStep::commit;
    return script_command(target, Connection::fresh, "activate",
                          {{"lockstep_type", std::string(word(type))},
                           {"lockstep_step", commit ? "commit" : "activate"},
                           {"lockstep_new", path},
                           {"lockstep_nonce", nonce}},
                          commit ? "profile" : "activation");
}

std::optional<ProfileAnswer> parse_profile(std::string_view text, std::string_view nonce) {
    const auto answer = parse_answer(text, nonce);
    if (!answer) return std::nullopt;
    ProfileAnswer result;
    if (const auto rc = answer->number("rc"); rc && *rc < 256) result.rc = static_cast<int>(*rc);
    result.output = answer->get("output");
    return result;
}

}  // namespace lockstep::deploy
