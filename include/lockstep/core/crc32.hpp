// SPDX-License-Identifier: MIT
// The checksum of journal lines.
#pragma once

#include <cstdint>
#include <string_view>

namespace lockstep {

/// CRC-32 as in zlib and PNG (reflected polynomial 0xEDB88320); crc32("123456789") == 0xCBF43926.
[[nodiscard]] std::uint32_t crc32(std::string_view bytes) noexcept;

}  // namespace lockstep
