// SPDX-License-Identifier: MIT
// A log file with a cap: the first and the last half of what was written are kept, whatever its size, in flat memory.
#pragma once

#include <atomic>
#include <ctime>
#include <mutex>
#include <string>

#include "edges/fd.hpp"
#include "lockstep/ports/run_store.hpp"

namespace lockstep {

/// On disk while it is open: the head, then the tail as a ring. close() turns the ring into order, in place and without
/// needing room on the disk, and puts the line "[lockstep: N bytes left out here]" between head and tail. After a crash
/// the ring stays as it is: everything is there, the oldest part of the tail somewhere in its middle.
///
/// What the disk refuses (no space, quota, file size limit, I/O error) is dropped and counted; writing goes on and
/// takes up again when the disk does. Thread-safe.
class LogFile final : public LogSink {
public:
    /// Over an empty file, open for reading and writing. `path` is what path() tells. Keeps cap / 2 bytes of the
    /// beginning and cap - cap / 2 of the end; 0 keeps nothing.
    LogFile(Fd file, std::string path, std::uint64_t cap);
    ~LogFile() override { close(); }
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;

    void write(std::string_view bytes) noexcept override;
    [[nodiscard]] std::string path() const override { return path_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept override { return total_; }
    [[nodiscard]] std::uint64_t dropped() const noexcept override { return dropped_; }
    void close() noexcept override;

private:
    void flush() noexcept;
    void keep(std::string_view bytes) noexcept;
    void count_dropped() noexcept;
    void append_marker(const std::string& marker) noexcept;

    std::mutex mutex_;
    Fd file_;
    std::string path_, buffer_;
    const std::uint64_t head_, ring_;  ///< room for each, in bytes
    std::uint64_t kept_ = 0;           ///< bytes that the disk took: into the head first, then round the ring
    std::uint64_t refused_ = 0;        ///< bytes that it did not
    std::atomic<std::uint64_t> total_{0}, dropped_{0};
    int trouble_ = 0;  ///< errno of the last refusal
    std::time_t last_flush_ = 0;
};

}  // namespace lockstep
