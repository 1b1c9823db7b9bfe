// SPDX-License-Identifier: MIT
#include "edges/boot_parts.hpp"

#include <filesystem>

#include "edges/disk_files.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep {

namespace fs = std::filesystem;

std::map<std::string, std::string> boot_parts_here(const std::string& system) {
    std::map<std::string, std::string> parts;
    for (const char* part : {"kernel", "initrd", "kernel-modules", "systemd"}) {
        std::error_code failed;
        const auto target = fs::canonical(fs::path(system) / part, failed);
        if (!failed) parts[part] = target.string();
    }
    DiskFiles files;
    if (const auto text = files.read(system + "/kernel-params", 2048); text.ok())
        parts["kernel-params"] = clean_line(text.value(), 2048);
    return parts;
}

}  // namespace lockstep
