// SPDX-License-Identifier: MIT
// A run directory in which no secret ends up: whatever is written through it is redacted first.
#pragma once

#include "edges/secrets.hpp"
#include "lockstep/ports/run_store.hpp"

namespace lockstep {

/// Over another store, which it does not own.
class RedactingStore final : public RunStore {
public:
    RedactingStore(RunStore& inner, const Secrets& secrets) : inner_(inner), secrets_(secrets) {}

    [[nodiscard]] const std::string& run_id() const override { return inner_.run_id(); }
    [[nodiscard]] const std::filesystem::path& root() const override { return inner_.root(); }
    /// Logs look for the secrets that are known when they are opened. Of what is written the beginning of a possible
    /// secret may wait for the next write or for close().
    [[nodiscard]] Result<std::unique_ptr<LogSink>> open_log(std::string_view folder, std::string_view name,
                                                            std::uint64_t cap) override;
    [[nodiscard]] Result<void> write_file(std::string_view name, std::string_view content) override;
    [[nodiscard]] Result<std::string> read_tail(std::string_view relative, std::uint64_t max_bytes) override;
    [[nodiscard]] Result<void> journal(std::string_view kind, std::string_view step,
                                       std::string_view data_json) override;
    void log(std::string_view line) noexcept override;

private:
    RunStore& inner_;
    const Secrets& secrets_;
};

}  // namespace lockstep
