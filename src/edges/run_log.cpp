// SPDX-License-Identifier: MIT
// spdlog behind run.log. Its own file sinks open by name and follow links; ours gets the file from the run's directory.
#include "edges/run_log.hpp"

#include <mutex>
#include <string>

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include "lockstep/core/sanitize.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_longest_line = 16U << 10U;

class FdSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit FdSink(Fd file) : file_(std::move(file)) {}

private:
    /// One write a line: whoever follows the file never sees half of one. A full disk loses it.
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t text;
        formatter_->format(message, text);
        (void)!::write(file_.get(), text.data(), text.size());
    }
    void flush_() override {}

    Fd file_;
};

}  // namespace

struct RunLog::Logger {
    std::shared_ptr<spdlog::logger> value;
};

RunLog::RunLog(Fd file) : logger_(std::make_unique<Logger>()) {
    try {
        logger_->value = std::make_shared<spdlog::logger>("run", std::make_shared<FdSink>(std::move(file)));
        logger_->value->set_formatter(
            std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %v", spdlog::pattern_time_type::utc));
        logger_->value->set_error_handler([](const std::string&) {});
    } catch (const std::exception&) {
        logger_->value.reset();
    }
}

RunLog::~RunLog() = default;

void RunLog::line(std::string_view text) noexcept {
    if (!logger_->value) return;
    try {
        logger_->value->info(spdlog::string_view_t(clean_line(text, k_longest_line)));
    } catch (...) {  // NOLINT(bugprone-empty-catch): a log line is not worth a run
    }
}

}  // namespace lockstep
