// SPDX-License-Identifier: MIT
// Which Nix this is. Forks print their own name and number: "nix (Lix, like Nix) 2.93.3",
// "nix (Determinate Nix 3.11.1) 2.31.1".
#include <fmt/format.h>

#include <charconv>

#include "adapters/nix/call.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::nix {

namespace {

constexpr std::string_view k_lix = "Lix";

bool at_least(const Version& version, int major, int minor) {
    return version.major > major || (version.major == major && version.minor >= minor);
}

bool read_number(std::string_view& text, int& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

/// "Lix, like Nix" → "Lix"; "Determinate Nix 3.11.1" → "Determinate Nix".
std::string implementation_of(std::string_view inside) {
    inside = inside.substr(0, inside.find(','));
    const auto last_space = inside.rfind(' ');
    if (last_space != std::string_view::npos && last_space + 1 < inside.size() && inside[last_space + 1] >= '0' &&
        inside[last_space + 1] <= '9')
        inside = inside.substr(0, last_space);
    return std::string(trim(inside));
}

Error refuse(std::string why) {
    return Error{ErrorKind::config, "cannot use this Nix", std::move(why),
                 "install Nix 2.8 or newer, or name another one with --nix-bin DIR"};
}

}  // namespace

bool Version::update_takes_inputs() const {
    return implementation == k_lix || at_least(*this, 2, 19);
}

// Not tried on Lix, which descends from 2.18; Nix from 2.20 on understands the old name as well.
bool Version::has_config_show() const {
    return implementation != k_lix && at_least(*this, 2, 20);
}

Command version_command(const std::string& bin_dir) {
    Command command;
    Setup setup;
    setup.bin_dir = bin_dir;
    command.argv = {setup.program("nix"), "--version"};
    command.deadline = std::chrono::seconds(30);
    command.label = "nix --version";
    return command;
}

Result<Version> parse_version(std::string_view text) {
    const auto all = lines_of(text);
    const std::string_view line = all.empty() ? std::string_view() : std::string_view(all.front());
    const auto close = line.rfind(") ");
    if (!line.starts_with("nix (") || close == std::string_view::npos)
        return refuse(fmt::format("`nix --version` says \"{}\", not \"nix (Nix) 2.x.y\"", line.substr(0, 200)));
    Version version;
    version.text = std::string(trim(line.substr(close + 2)));
    version.implementation = implementation_of(line.substr(5, close - 5));
    std::string_view rest = version.text;
    if (!read_number(rest, version.major) || !rest.starts_with('.'))
        return refuse("its version is \"" + version.text + "\"");
    rest.remove_prefix(1);
    if (!read_number(rest, version.minor)) return refuse("its version is \"" + version.text + "\"");
    if (!at_least(version, 2, 8)) return refuse("it is version " + version.text + "; lockstep needs 2.8 or newer");
    return version;
}

}  // namespace lockstep::nix
