// SPDX-License-Identifier: MIT
// A log file with a cap: the first and the last half of what was written are kept, whatever its size, in flat memory.
#pragma once

#include <atomic>
#include <ctime>
#include <memory>
#include <string>

#include "edges/spawn.hpp"
#include "lockstep/ports/run_store.hpp"

namespace lockstep {

class LogFile final : public LogSink {
public:
    /// Makes `name` below the directory (mode 0600, must not exist). `path` is what path() tells. Errors:
    /// infrastructure.
    static Result<std::unique_ptr<LogSink>> create(int directory_fd, const std::string& name, std::string path,
                                                   std::uint64_t cap);
    ~LogFile() override { close(); }

    void write(std::string_view bytes) noexcept override;
    [[nodiscard]] std::string path() const override { return path_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept override { return total_; }
    [[nodiscard]] std::uint64_t dropped() const noexcept override { return dropped_; }
    void close() noexcept override;

private:
    LogFile(Fd directory, Fd file, std::string name, std::string path, std::uint64_t cap);
    void flush() noexcept;
    void put(std::string_view bytes) noexcept;
    bool write_at(std::string_view bytes, std::uint64_t offset) noexcept;
    void unroll() noexcept;

    Fd directory_, file_;
    std::string name_, path_, buffer_;
    std::uint64_t half_;
    std::uint64_t flushed_ = 0;  ///< bytes that went through put(): head first, then round the ring
    std::atomic<std::uint64_t> total_{0}, dropped_{0};
    std::uint64_t refused_ = 0;  ///< what the disk did not take
    std::time_t last_flush_ = 0;
};

}  // namespace lockstep
