// SPDX-License-Identifier: MIT
// Rewriting a part of a file in place, in flat memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lockstep {

/// pwrite of everything; the number of bytes that the disk took, with errno when it is not all.
[[nodiscard]] std::size_t write_at(int fd, std::string_view bytes, std::uint64_t offset) noexcept;

/// The file ends at `end`. Makes of [begin, middle) [middle, end): `text` [middle, end) [begin, middle). Only `text`
/// needs room on the disk; when there is none, it is left out. False when the disk refuses to read or overwrite; the
/// range then holds its bytes in some order.
[[nodiscard]] bool exchange_parts(int fd, std::uint64_t begin, std::uint64_t middle, std::uint64_t end,
                                  std::string_view text) noexcept;

}  // namespace lockstep
