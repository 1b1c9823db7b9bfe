// SPDX-License-Identifier: MIT
// Lessons in a file of lines, shared by all runs on this machine that name it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "edges/fd.hpp"
#include "lockstep/core/result.hpp"
#include "lockstep/ports/memory.hpp"

namespace lockstep {

/// One thread at a time. Several processes may use one file at once: none loses what another learns, and each sees what
/// was there when it opened the file.
class MemoryFile final : public Memory {
public:
    /// Reads the file (at most its last 64 MiB) and rewrites it shorter when most of it is out of date. Makes the
    /// directory. A damaged line costs that line; a file that cannot be written is only read. Errors (config): a file
    /// or directory that is a link, somebody else's or open to others, or a directory that cannot be made: go on with
    /// forgetful_memory().
    static Result<std::unique_ptr<Memory>> open(const std::filesystem::path& file);

    [[nodiscard]] const Recollection& recall() const override { return known_; }
    void learn(const std::vector<Lesson>& lessons) noexcept override;

private:
    MemoryFile(Fd folder, std::string name) : folder_(std::move(folder)), name_(std::move(name)) {}
    void compact_when_stale(std::uint64_t size) noexcept;

    Fd folder_;
    std::string name_;
    Recollection known_;
};

/// Remembers until the process ends.
[[nodiscard]] std::unique_ptr<Memory> forgetful_memory();

}  // namespace lockstep
