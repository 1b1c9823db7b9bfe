// SPDX-License-Identifier: MIT
// spdlog behind run.log.
#include "edges/run_log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

namespace lockstep {

struct RunLog::Logger {
    std::shared_ptr<spdlog::logger> value;
};

RunLog::RunLog(const std::filesystem::path& path) : logger_(std::make_unique<Logger>()) {
    try {
        auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string());
        logger_->value = std::make_shared<spdlog::logger>("run", std::move(sink));
        logger_->value->set_formatter(
            std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %v", spdlog::pattern_time_type::utc));
        logger_->value->set_error_handler([](const std::string&) {});
        logger_->value->flush_on(spdlog::level::info);
    } catch (const std::exception&) {
        logger_->value.reset();
    }
}

RunLog::~RunLog() = default;

void RunLog::line(std::string_view text) noexcept {
    if (!logger_->value) return;
    try {
        logger_->value->info("{}", text);
    } catch (...) {  // NOLINT(bugprone-empty-catch): a log line is not worth a run
    }
}

}  // namespace lockstep
