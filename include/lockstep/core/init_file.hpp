// SPDX-License-Identifier: MIT
// The lockstep.yaml that `lockstep init` writes: every key with its meaning and default, and what was found set.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lockstep {

/// What `init` found in the repository. Empty means: not found, or the same as the default.
struct InitFacts {
    std::string flake;  ///< sub-directory of the flake
    std::string base;
    std::string forge_kind;  ///< as forge.kind
    std::string forge_url;
    std::vector<std::string> attributes;                             ///< as targets.attributes
    std::vector<std::pair<std::string, std::string>> foreign_hosts;  ///< host, its system: this machine cannot build it
    std::vector<std::string> likely_not_hosts;                       ///< installer images, virtual machines
    std::string schema = "lockstep.schema.json";  ///< where editors find the schema, relative to the file
};

/// A complete file that loads without mistakes. Names are foreign text; they are escaped where they are values.
[[nodiscard]] std::string init_file(const InitFacts& facts);

/// Whether a name of nixosConfigurations looks like an installer image, a template or a virtual machine for tests:
/// "iso", "installer-x86", "minimal-vm".
[[nodiscard]] bool looks_like_image(std::string_view name);

}  // namespace lockstep
