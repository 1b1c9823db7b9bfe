// SPDX-License-Identifier: MIT
// How a flake and its attributes are named to Nix: URLs and literals that survive any text.
#include <fmt/format.h>

#include "adapters/nix/call.hpp"

namespace lockstep::nix {

std::string pinned_flake(const std::string& repository, const std::string& commit, const std::string& dir,
                         bool submodules) {
    // `ref` says nothing beside `rev`, but without it Nix ≥ 2.26 warns about a detached HEAD.
    auto url = fmt::format("git+file://{}?rev={}&ref=HEAD", percent_encode(repository), commit);
    if (!dir.empty()) url += "&dir=" + percent_encode(dir);
    if (submodules) url += "&submodules=1";
    return url;
}

Result<void> check_repository_path(const Setup& setup, const std::string& path) {
    const auto& version = setup.version;
    const bool decodes = version.major > 2 || version.minor >= 26;
    if (decodes || percent_encode(path) == path) return {};
    return Error{ErrorKind::config, fmt::format("Nix {} cannot read a repository at \"{}\"", version.text, path),
                 "it does not understand special characters in such a path",
                 "name a plain directory with --run-dir, or use Nix 2.26 or newer"};
}

std::string string_literal(std::string_view text) {
    std::string literal = "\"";
    for (const char c : text) {
        switch (c) {
            case '"':
                literal += "\\\"";
                break;
            case '\\':
                literal += "\\\\";
                break;
            case '$':
                literal += "\\$";
                break;
            case '\n':
                literal += "\\n";
                break;
            case '\r':
                literal += "\\r";
                break;  // an unescaped one would become a newline
            case '\t':
                literal += "\\t";
                break;
            default:
                literal += c;
        }
    }
    return literal + '"';
}

}  // namespace lockstep::nix
