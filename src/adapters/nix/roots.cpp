// SPDX-License-Identifier: MIT
// Roots by `nix-instantiate --add-root`: `nix-store --add-root` roots outputs only (it builds a derivation that it is
// given), and `nix build --out-link` of a .drv means its outputs in 2.8 and the file itself later.
#include <fmt/format.h>

#include "adapters/nix/call.hpp"
#include "lockstep/adapters/nix_keep.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::nix {

Command register_roots_command(const Setup& setup, const std::string& base, std::size_t count) {
    LOCKSTEP_CHECK(base.starts_with('/') && count > 0);
    // A set of its own for each link: equal ones would be counted once.
    auto command = start_call(
        setup, "nix-instantiate",
        {"--expr", fmt::format("let d = derivation {{ name = \"lockstep-root\"; system = \"none\"; builder = \"none\"; "
                               "}}; in builtins.genList (_: {{ inherit (d) type name system drvPath outPath "
                               "outputName; }}) {}",
                               count)});
    add_options(command, setup);
    command.argv.insert(command.argv.end(), {"--add-root", base, "--indirect"});
    command.deadline = std::chrono::seconds(60) + std::chrono::milliseconds(100) * count;
    command.label = "nix-instantiate --add-root (" + plural(count, "root") + ")";
    return command;
}

std::string root_link(const std::string& base, std::size_t index) {
    return index == 0 ? base : fmt::format("{}-{}", base, index + 1);
}

std::string build_directory(const Version& version, const Capabilities& can, const std::string& tmpdir,
                            const std::string& state_dir) {
    const auto setting = can.raw.find("build-dir");
    if (setting != can.raw.end() && setting->second.starts_with('/')) return setting->second;
    const bool in_state_dir = version.major > 2 || (version.major == 2 && version.minor >= 30);
    if (in_state_dir) return (state_dir.empty() ? "/nix/var/nix" : state_dir) + "/builds";
    return tmpdir.empty() ? "/tmp" : tmpdir;
}

}  // namespace lockstep::nix
