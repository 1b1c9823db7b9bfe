// SPDX-License-Identifier: MIT
// Head at the front of the file, tail as a ring behind it; closing puts the ring in order.
#include "edges/log_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "edges/file_rotate.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_buffer = 64U << 10U;

std::time_t coarse_seconds() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec;
}

}  // namespace

LogFile::LogFile(Fd file, std::string path, std::uint64_t cap)
    : file_(std::move(file)),
      path_(std::move(path)),
      head_(cap / 2),
      ring_(cap - cap / 2),
      last_flush_(coarse_seconds()) {
    buffer_.reserve(k_buffer);
}

void LogFile::write(std::string_view bytes) noexcept {
    const std::lock_guard lock(mutex_);
    total_ += bytes.size();
    if (!file_.open()) {
        refused_ += bytes.size();
        return count_dropped();
    }
    if (bytes.size() >= k_buffer) {
        flush();
        keep(bytes);
        return count_dropped();
    }
    if (buffer_.size() + bytes.size() > k_buffer) flush();
    buffer_.append(bytes);
    // Slow logs are shown to whoever follows the file.
    if (coarse_seconds() != last_flush_) flush();
    count_dropped();
}

void LogFile::flush() noexcept {
    keep(buffer_);
    buffer_.clear();
    last_flush_ = coarse_seconds();
}

void LogFile::keep(std::string_view bytes) noexcept {
    if (head_ + ring_ == 0) {
        kept_ += bytes.size();  // taken, and overwritten at once
        return;
    }
    while (!bytes.empty()) {
        const bool in_head = kept_ < head_;
        const std::uint64_t turn = in_head ? 0 : (kept_ - head_) % ring_;
        const std::uint64_t room = in_head ? head_ - kept_ : ring_ - turn;
        const auto part = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(room, bytes.size())));
        const auto done = write_at(file_.get(), part, in_head ? kept_ : head_ + turn);
        kept_ += done;
        bytes.remove_prefix(done);
        if (done == part.size()) continue;
        trouble_ = errno;
        refused_ += bytes.size();
        return;
    }
}

void LogFile::count_dropped() noexcept {
    const std::uint64_t taken = kept_ + buffer_.size();
    dropped_ = refused_ + (taken > head_ + ring_ ? taken - head_ - ring_ : 0);
}

void LogFile::append_marker(const std::string& marker) noexcept {
    if (const auto end = lseek(file_.get(), 0, SEEK_END); end >= 0)
        (void)write_at(file_.get(), marker, static_cast<std::uint64_t>(end));
}

void LogFile::close() noexcept {
    const std::lock_guard lock(mutex_);
    if (!file_.open()) return;
    flush();
    count_dropped();
    const std::uint64_t cap = head_ + ring_;
    if (kept_ > cap) {
        const std::string marker = "\n[lockstep: " + std::to_string(kept_ - cap) + " bytes left out here]\n";
        const std::uint64_t oldest = ring_ == 0 ? head_ : head_ + (kept_ - head_) % ring_;
        (void)exchange_parts(file_.get(), head_, oldest, cap, marker);
    }
    if (refused_ > 0)
        append_marker("\n[lockstep: " + std::to_string(refused_) +
                      " bytes could not be written: " + std::strerror(trouble_) + "]\n");
    file_.reset();
    buffer_ = std::string();
}

}  // namespace lockstep
