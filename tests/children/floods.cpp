// SPDX-License-Identifier: MIT
// floods BYTES [both]: writes that many bytes in lines of 50 to stdout, with "both" as many to stderr, taking turns.
// Each line begins with its number; the stream's letter fills it up.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

void put(int fd, const std::string& text) {
    for (std::size_t done = 0; done < text.size();) {
        const auto n = write(fd, text.data() + done, text.size() - done);
        if (n <= 0) _exit(1);
        done += static_cast<std::size_t>(n);
    }
}

std::string line(unsigned long number, char letter) {
    char text[51];
    std::snprintf(text, sizeof text, "%012lu ", number);
    std::memset(text + 13, letter, 36);
    text[49] = '\n';
    return {text, 50};
}

}  // namespace

int main(int argc, char** argv) {
    const unsigned long lines = std::strtoul(argc > 1 ? argv[1] : "0", nullptr, 10) / 50;
    const bool both = argc > 2;
    std::string out, err;
    for (unsigned long n = 0; n < lines; ++n) {
        out += line(n, 'o');
        if (both) err += line(n, 'e');
        if (out.size() < 4000 && n + 1 < lines) continue;
        put(1, out);
        put(2, err);
        out.clear();
        err.clear();
    }
    return 0;
}
