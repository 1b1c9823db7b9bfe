// SPDX-License-Identifier: MIT
// Free space before and while Nix builds: a run that ends with a clear word instead of a full disk.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "lockstep/core/result.hpp"
#include "lockstep/ports/disk.hpp"

namespace lockstep {

struct DiskNeed {
    std::uint64_t bytes = 0, inodes = 0;  ///< 0 = off
};

/// The first of the paths whose file system has less room than needed, as an Error (infrastructure). A file system that
/// tells nothing has room enough.
[[nodiscard]] Result<void> check_room(Disk& disk, const std::vector<std::string>& paths, const DiskNeed& need);

/// Looks every few seconds, on a thread of its own, while it lives.
class DiskWatch {
public:
    /// `on_shortage` is called at most once, on the watch's thread; it must not destroy the watch. `disk` must outlive
    /// it. With a need of nothing no thread starts.
    DiskWatch(Disk& disk, std::vector<std::string> paths, DiskNeed need, std::function<void(const Error&)> on_shortage,
              std::chrono::milliseconds period = std::chrono::seconds(2));
    /// Waits for a callback that is under way.
    ~DiskWatch();
    DiskWatch(const DiskWatch&) = delete;
    DiskWatch& operator=(const DiskWatch&) = delete;

    /// What was found, if anything.
    [[nodiscard]] std::optional<Error> shortage() const;

private:
    void watch();

    Disk& disk_;
    const std::vector<std::string> paths_;
    const DiskNeed need_;
    const std::function<void(const Error&)> on_shortage_;
    const std::chrono::milliseconds period_;
    mutable std::mutex mutex_;
    std::condition_variable stop_;
    bool stopping_ = false;
    std::optional<Error> shortage_;
    std::thread thread_;
};

}  // namespace lockstep
