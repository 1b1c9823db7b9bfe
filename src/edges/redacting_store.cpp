// SPDX-License-Identifier: MIT
// One decorator for everything that a run keeps on disk.
#include "edges/redacting_store.hpp"

#include <mutex>
#include <utility>

namespace lockstep {

namespace {

class RedactingLog final : public LogSink {
public:
    RedactingLog(std::unique_ptr<LogSink> inner, std::shared_ptr<const RedactionPatterns> patterns)
        : inner_(std::move(inner)), redactor_(std::move(patterns)) {}
    ~RedactingLog() override { close(); }
    RedactingLog(const RedactingLog&) = delete;
    RedactingLog& operator=(const RedactingLog&) = delete;

    void write(std::string_view bytes) noexcept override {
        const std::lock_guard lock(mutex_);
        clean_.clear();
        redactor_.feed(bytes, clean_);
        if (!clean_.empty()) inner_->write(clean_);
    }
    [[nodiscard]] std::string path() const override { return inner_->path(); }
    [[nodiscard]] std::uint64_t bytes() const noexcept override { return inner_->bytes(); }
    [[nodiscard]] std::uint64_t dropped() const noexcept override { return inner_->dropped(); }
    void close() noexcept override {
        const std::lock_guard lock(mutex_);
        clean_.clear();
        redactor_.finish(clean_);
        if (!clean_.empty()) inner_->write(clean_);
        inner_->close();
    }

private:
    std::mutex mutex_;
    std::unique_ptr<LogSink> inner_;
    Redactor redactor_;
    std::string clean_;
};

}  // namespace

Result<std::unique_ptr<LogSink>> RedactingStore::open_log(std::string_view folder, std::string_view name,
                                                          std::uint64_t cap) {
    LOCKSTEP_TRY(auto log, inner_.open_log(folder, secrets_.redacted(name), cap));
    return std::unique_ptr<LogSink>(std::make_unique<RedactingLog>(std::move(log), secrets_.patterns()));
}

Result<void> RedactingStore::write_file(std::string_view name, std::string_view content) {
    return inner_.write_file(name, secrets_.redacted(content));
}

Result<std::string> RedactingStore::read_tail(std::string_view relative, std::uint64_t max_bytes) {
    return inner_.read_tail(relative, max_bytes);
}

Result<void> RedactingStore::journal(std::string_view kind, std::string_view step, std::string_view data_json) {
    return inner_.journal(kind, step, secrets_.redacted(data_json));
}

void RedactingStore::log(std::string_view line) noexcept {
    inner_.log(secrets_.redacted(line));
}

}  // namespace lockstep
