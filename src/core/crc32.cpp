// SPDX-License-Identifier: MIT
// CRC-32 by table.
#include "lockstep/core/crc32.hpp"

#include <array>

namespace lockstep {

namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t n = 0; n < 256; ++n) {
        std::uint32_t c = n;
        for (int k = 0; k < 8; ++k) c = (c & 1U) != 0 ? 0xEDB88320U ^ (c >> 1U) : c >> 1U;
        table[n] = c;
    }
    return table;
}
constexpr auto k_table = make_table();

}  // namespace

std::uint32_t crc32(std::string_view bytes) noexcept {
    std::uint32_t c = 0xFFFFFFFFU;
    for (const char byte : bytes) c = k_table[(c ^ static_cast<unsigned char>(byte)) & 0xFFU] ^ (c >> 8U);
    return c ^ 0xFFFFFFFFU;
}

}  // namespace lockstep
