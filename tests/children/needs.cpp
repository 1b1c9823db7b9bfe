// SPDX-License-Identifier: MIT
// needs MIB: takes that much memory, one mebibyte after the other, says "ready" and waits to be ended.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

int main(int argc, char** argv) {
    const int wanted = argc > 1 ? std::atoi(argv[1]) : 0;
    constexpr std::size_t k_mib = 1U << 20U;
    for (int i = 0; i < wanted; ++i) {
        auto* part = static_cast<volatile char*>(std::malloc(k_mib));
        if (part == nullptr) return 1;
        for (std::size_t at = 0; at < k_mib; at += 4096) part[at] = 1;
    }
    std::puts("ready");
    std::fflush(stdout);
    for (;;) pause();
}
