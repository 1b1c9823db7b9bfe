// SPDX-License-Identifier: MIT
// Exchange by reversals: needs no second file, so it works on a full disk.
#include "edges/file_rotate.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace lockstep {

namespace {

using Chunk = std::array<char, 32U << 10U>;

bool read_at(int fd, char* to, std::size_t size, std::uint64_t offset) noexcept {
    while (size > 0) {
        const auto got = pread(fd, to, size, static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        to += got;
        size -= static_cast<std::size_t>(got);
        offset += static_cast<std::uint64_t>(got);
    }
    return true;
}

bool put(int fd, const Chunk& chunk, std::size_t size, std::uint64_t offset) noexcept {
    return write_at(fd, {chunk.data(), size}, offset) == size;
}

/// From both ends towards the middle.
bool reverse(int fd, std::uint64_t begin, std::uint64_t end) noexcept {
    Chunk left, right;
    while (end - begin > left.size()) {
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left.size(), (end - begin) / 2));
        if (!read_at(fd, left.data(), size, begin) || !read_at(fd, right.data(), size, end - size)) return false;
        std::reverse(left.data(), left.data() + size);
        std::reverse(right.data(), right.data() + size);
        if (!put(fd, right, size, begin) || !put(fd, left, size, end - size)) return false;
        begin += size;
        end -= size;
    }
    const auto rest = static_cast<std::size_t>(end - begin);
    if (rest < 2) return true;
    if (!read_at(fd, left.data(), rest, begin)) return false;
    std::reverse(left.data(), left.data() + rest);
    return put(fd, left, rest, begin);
}

}  // namespace

std::size_t write_at(int fd, std::string_view bytes, std::uint64_t offset) noexcept {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const auto put = pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
        if (put < 0 && errno == EINTR) continue;
        if (put == 0) errno = ENOSPC;
        if (put <= 0) break;
        done += static_cast<std::size_t>(put);
    }
    return done;
}

bool exchange_parts(int fd, std::uint64_t begin, std::uint64_t middle, std::uint64_t end,
                    std::string_view text) noexcept {
    if (write_at(fd, text, end) != text.size()) {
        (void)!ftruncate(fd, static_cast<off_t>(end));
        text = {};
    }
    // Reversed as a whole the parts stand in the wished order, each backwards.
    const std::uint64_t after_text = begin + text.size(), after_second = after_text + (end - middle);
    return reverse(fd, begin, end + text.size()) && reverse(fd, begin, after_text) &&
           reverse(fd, after_text, after_second) && reverse(fd, after_second, end + text.size());
}

}  // namespace lockstep
