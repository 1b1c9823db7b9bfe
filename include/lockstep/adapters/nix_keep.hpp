// SPDX-License-Identifier: MIT
// Nix as a translator, continued: what keeps store paths from being collected, and what copies them elsewhere. Facts
// were seen on 2.8.0, 2.26.3 and 2.34.8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/adapters/nix.hpp"

namespace lockstep::nix {

// ── garbage collector roots ────────────────────────────────────────────────────────────────────────────────────────
//
// An indirect root is a link of ours that Nix knows by its name (an entry of gcroots/auto). The collector reads where
// it points when it runs: a link that is known can be pointed at any store path by a mere rename, also at one that
// does not exist yet, and loses its effect when it is removed. A root over a .drv spares its closure of derivations and
// sources, not its outputs. Links to directories of links are not followed.

/// Makes `count` links and roots of them, by one process, also for an ordinary user of a daemon: `base`, `base`-2, …,
/// `base`-count (see root_link). They point at a tiny derivation that is never built. The folder must exist.
[[nodiscard]] Command register_roots_command(const Setup& setup, const std::string& base, std::size_t count);
/// Of the links of register_roots_command, the one with this index (from 0).
[[nodiscard]] std::string root_link(const std::string& base, std::size_t index);

// ── copying to another store ───────────────────────────────────────────────────────────────────────────────────────

/// A store of NARs and narinfo files (file, http, https, s3): it signs what is written to it by itself.
[[nodiscard]] bool is_binary_cache(std::string_view url);

struct CopyRequest {
    std::string to;                  ///< store URL
    std::string signing_key_file;    ///< "" = none
    std::vector<std::string> paths;  ///< never empty; at most about 10,000
    Millis timeout{0};               ///< 0 = none
};
/// Copies the closures; what the other store has is left out. The signing key goes along for a binary cache.
[[nodiscard]] Command copy_command(const Setup& setup, const CopyRequest& request);
/// Signs the closures in the local store: for stores that do not sign by themselves. A daemon lets trusted users only.
[[nodiscard]] Command sign_command(const Setup& setup, const CopyRequest& request);

// ── disk ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/// Where Nix builds on this machine: the setting `build-dir`, else "builds" in its state directory (Nix ≥ 2.30), else
/// `tmpdir` ("" = /tmp; a daemon's own may be another). `state_dir` "" is /nix/var/nix.
[[nodiscard]] std::string build_directory(const Version& version, const Capabilities& can, const std::string& tmpdir,
                                          const std::string& state_dir);

}  // namespace lockstep::nix
