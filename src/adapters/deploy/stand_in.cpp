// SPDX-License-Identifier: MIT
#include "lockstep/adapters/deploy_stand_in.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "lockstep/adapters/deploy_switch.hpp"
#include "lockstep/core/check.hpp"

namespace lockstep::deploy {

namespace {

/// Where programs, files, hosts and the agent are, and lockstep's own settings.
bool goes_along(std::string_view name) {
    static constexpr std::array<std::string_view, 15> k_names{"PATH",
                                                              "HOME",
                                                              "USER",
                                                              "LOGNAME",
                                                              "LANG",
                                                              "TZ",
                                                              "TMPDIR",
                                                              "SSH_AUTH_SOCK",
                                                              "NIX_CONF_DIR",
                                                              "NIX_SSL_CERT_FILE",
                                                              "NIX_USER_CONF_FILES",
                                                              "NIX_REMOTE",
                                                              "NIX_STORE_DIR",
                                                              "STATE_DIRECTORY",
                                                              "FLEET_NODES"};
    if (name.starts_with("LOCKSTEP_TEST_")) return false;
    return name.starts_with("XDG_") || name.starts_with("LC_") || name.starts_with("LOCKSTEP_") ||
           std::find(k_names.begin(), k_names.end(), name) != k_names.end();
}

}  // namespace

Command stand_in_command(const StandIn& wish) {
    LOCKSTEP_CHECK(is_run_name(wish.run) && wish.program.starts_with('/') && wish.run_dir.starts_with('/'));
    Command command;
    command.argv = {"systemd-run"};
    if (wish.user_manager) command.argv.emplace_back("--user");
    for (const char* word : {"--quiet", "--collect", "--no-block", "--service-type=exec"})
        command.argv.emplace_back(word);
    command.argv.push_back("--unit=lockstep-resume-" + wish.run);
    for (const auto& pair : wish.environment)
        if (goes_along(std::string_view(pair).substr(0, pair.find('='))) && pair.find('\n') == std::string::npos)
            command.argv.push_back("--setenv=" + pair);
    command.argv.insert(command.argv.end(),
                        {"--", wish.program, "resume", "--wait", "--plain", "--run-dir", wish.run_dir});
    command.deadline = std::chrono::seconds(20);
    command.label = "start of a stand-in";
    return command;
}

}  // namespace lockstep::deploy
