// SPDX-License-Identifier: MIT
// Head at the front of the file, tail as a ring behind it; closing puts the ring in order.
#include "edges/log_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace lockstep {

namespace {

constexpr std::size_t k_buffer = 64u << 10;

std::time_t coarse_seconds() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec;
}

/// Copies a range between files without going through our memory where the kernel can; false when the disk refuses.
bool copy_range(int from, off_t offset, std::uint64_t size, int to) noexcept {
    char buffer[k_buffer];
    while (size > 0) {
        const auto got = pread(from, buffer, std::min<std::uint64_t>(size, sizeof buffer), offset);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        for (ssize_t done = 0; done < got;) {
            const auto put = ::write(to, buffer + done, static_cast<std::size_t>(got - done));
            if (put < 0 && errno == EINTR) continue;
            if (put <= 0) return false;
            done += put;
        }
        offset += got;
        size -= static_cast<std::uint64_t>(got);
    }
    return true;
}

}  // namespace

Result<std::unique_ptr<LogSink>> LogFile::create(int directory_fd, const std::string& name, std::string path,
                                                 std::uint64_t cap) {
    Fd file(openat(directory_fd, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.open()) return Error{ErrorKind::infrastructure, path + " cannot be made", std::strerror(errno), ""};
    Fd directory(fcntl(directory_fd, F_DUPFD_CLOEXEC, 0));
    return std::unique_ptr<LogSink>(new LogFile(std::move(directory), std::move(file), name, std::move(path), cap));
}

LogFile::LogFile(Fd directory, Fd file, std::string name, std::string path, std::uint64_t cap)
    : directory_(std::move(directory)),
      file_(std::move(file)),
      name_(std::move(name)),
      path_(std::move(path)),
      half_(std::max<std::uint64_t>(cap / 2, 1)),
      last_flush_(coarse_seconds()) {
    buffer_.reserve(k_buffer);
}

void LogFile::write(std::string_view bytes) noexcept {
    total_ += bytes.size();
    if (!file_.open()) {
        dropped_ += bytes.size();
        return;
    }
    while (!bytes.empty()) {
        const auto part = bytes.substr(0, k_buffer - buffer_.size());
        buffer_.append(part);
        bytes.remove_prefix(part.size());
        if (buffer_.size() == k_buffer) flush();
    }
    // Slow logs are shown to whoever follows the file.
    if (!buffer_.empty() && coarse_seconds() != last_flush_) flush();
}

void LogFile::flush() noexcept {
    put(buffer_);
    buffer_.clear();
    last_flush_ = coarse_seconds();
}

void LogFile::put(std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const bool head = flushed_ < half_;
        const std::uint64_t at = head ? flushed_ : half_ + (flushed_ - half_) % half_;
        const std::uint64_t room = head ? half_ - flushed_ : half_ - (flushed_ - half_) % half_;
        const auto part = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(room, bytes.size())));
        if (!write_at(part, at)) refused_ += part.size();
        flushed_ += part.size();
        bytes.remove_prefix(part.size());
    }
    const std::uint64_t lost = flushed_ > 2 * half_ ? flushed_ - 2 * half_ : 0;
    dropped_ = lost + refused_;
}

bool LogFile::write_at(std::string_view bytes, std::uint64_t offset) noexcept {
    while (!bytes.empty()) {
        const auto done = pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(done));
        offset += static_cast<std::uint64_t>(done);
    }
    return true;
}

/// The tail was written round and round: writes a new file with head, marker and tail in order. When the disk has no
/// room for that, the file stays as it is.
void LogFile::unroll() noexcept {
    const std::string fresh = name_ + ".new";
    const Fd to(openat(directory_.get(), fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!to.open()) return;
    const std::uint64_t start = half_ + (flushed_ - half_) % half_;
    const std::string marker = "\n[lockstep: " + std::to_string(flushed_ - 2 * half_) + " bytes left out here]\n";
    const bool done = copy_range(file_.get(), 0, half_, to.get()) &&
                      ::write(to.get(), marker.data(), marker.size()) == static_cast<ssize_t>(marker.size()) &&
                      copy_range(file_.get(), static_cast<off_t>(start), 2 * half_ - start, to.get()) &&
                      copy_range(file_.get(), static_cast<off_t>(half_), start - half_, to.get());
    if (!done || renameat(directory_.get(), fresh.c_str(), directory_.get(), name_.c_str()) != 0)
        unlinkat(directory_.get(), fresh.c_str(), 0);
}

void LogFile::close() noexcept {
    if (!file_.open()) return;
    flush();
    if (flushed_ > 2 * half_) unroll();
    file_.reset();
    directory_.reset();
    buffer_ = std::string();
}

}  // namespace lockstep
