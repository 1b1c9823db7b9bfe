// SPDX-License-Identifier: MIT
// Where ssh keeps its sockets while a command runs: their paths have to be short.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace lockstep::cli {

/// A folder of our own below /tmp, gone with this object.
class ControlFolder {
public:
    ControlFolder() {
        std::string name = "/tmp/lockstep-ssh-XXXXXX";
        if (mkdtemp(name.data()) != nullptr) path_ = name;
    }
    ~ControlFolder() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    ControlFolder(const ControlFolder&) = delete;
    ControlFolder& operator=(const ControlFolder&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace lockstep::cli
