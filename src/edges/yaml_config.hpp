// SPDX-License-Identifier: MIT
// lockstep.yaml: a small, strict subset of YAML, so that a file means to a person what it means to the program.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/config.hpp"

namespace lockstep {

/// Something wrong in a configuration file. Lines and columns start at 1.
struct Mistake {
    std::string file;
    int line = 1;
    int column = 1;
    std::string text;  ///< clean, one line

    bool operator==(const Mistake&) const = default;
};

/// "lockstep.yaml:3:5: unknown key `updates`, did you mean `update`?"
[[nodiscard]] std::string mistake_line(const Mistake& mistake);

/// Sets in `into` what the file says. Accepts one document of at most 1 MiB with a mapping at the top, at most 32
/// levels deep, without anchors, aliases, tags and merge keys. Reports every mistake of the file, in file order; keys
/// without mistakes are set all the same. Nothing but comments is an empty file, which needs no config_version.
/// `machine_file` admits keys that a repository may not set. `file_name` only appears in mistakes.
[[nodiscard]] std::vector<Mistake> load_yaml(std::string_view text, std::string_view file_name, bool machine_file,
                                             Config& into);

}  // namespace lockstep
