// SPDX-License-Identifier: MIT
// A run directory whose files are not on any disk.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lockstep/ports/run_store.hpp"

namespace lockstep::fakes {

/// Thread-safe. Sinks must not outlive it.
class MemoryStore final : public RunStore {
public:
    struct Line {
        std::string kind, step, data;
    };
    /// `root` is only ever named; whoever works in it must make it.
    explicit MemoryStore(std::string id, std::filesystem::path root = "/run")
        : id_(std::move(id)), root_(std::move(root)) {}

    /// Which lines of the journal the disk has no room for; set before the store is used.
    std::function<bool(std::string_view kind, std::string_view step)> full;

    [[nodiscard]] std::vector<Line> lines() const {
        const std::lock_guard lock(mutex_);
        return journal_;
    }

    [[nodiscard]] const std::string& run_id() const override { return id_; }
    [[nodiscard]] const std::filesystem::path& root() const override { return root_; }
    Result<std::unique_ptr<LogSink>> open_log(std::string_view folder, std::string_view name, std::uint64_t) override {
        const std::lock_guard lock(mutex_);
        const std::string path = std::string(folder) + "/" + std::to_string(files_.size()) + std::string(name) + ".log";
        files_[path];
        return std::unique_ptr<LogSink>(std::make_unique<Sink>(*this, path));
    }
    Result<void> write_file(std::string_view name, std::string_view content) override {
        const std::lock_guard lock(mutex_);
        files_[std::string(name)] = content;
        return {};
    }
    Result<std::string> read_tail(std::string_view relative, std::uint64_t max_bytes) override {
        const std::lock_guard lock(mutex_);
        const auto& text = files_[std::string(relative)];
        return text.substr(text.size() - std::min<std::uint64_t>(text.size(), max_bytes));
    }
    Result<void> journal(std::string_view kind, std::string_view step, std::string_view data_json) override {
        if (full && full(kind, step))
            return Error{ErrorKind::infrastructure, "the journal cannot be written", "No space left on device", ""};
        const std::lock_guard lock(mutex_);
        journal_.push_back({std::string(kind), std::string(step), std::string(data_json)});
        return {};
    }
    void log(std::string_view) noexcept override {}

private:
    class Sink final : public LogSink {
    public:
        Sink(MemoryStore& store, std::string path) : store_(store), path_(std::move(path)) {}
        void write(std::string_view bytes) noexcept override {
            const std::lock_guard lock(store_.mutex_);
            store_.files_[path_].append(bytes);
            bytes_ += bytes.size();
        }
        [[nodiscard]] std::string path() const override { return path_; }
        [[nodiscard]] std::uint64_t bytes() const noexcept override { return bytes_; }
        [[nodiscard]] std::uint64_t dropped() const noexcept override { return 0; }
        void close() noexcept override {}

    private:
        MemoryStore& store_;
        std::string path_;
        std::uint64_t bytes_ = 0;
    };

    const std::string id_;
    const std::filesystem::path root_;
    mutable std::mutex mutex_;
    std::map<std::string, std::string> files_;
    std::vector<Line> journal_;
};

}  // namespace lockstep::fakes
