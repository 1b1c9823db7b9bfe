// SPDX-License-Identifier: MIT
// Stands in for libFuzzer in normal builds: gives a target every file that it is shown, and the empty input.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::vector<std::filesystem::path> inputs(int argc, char** argv) {
    std::vector<std::filesystem::path> files;
    for (int i = 1; i < argc; ++i) {
        if (!std::filesystem::is_directory(argv[i])) {
            files.emplace_back(argv[i]);
            continue;
        }
        for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i]))
            if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

void replay(const std::string& bytes) {
    // A copy of exactly this size, so that AddressSanitizer sees the first byte that is read behind it.
    const std::vector<std::uint8_t> exact(bytes.begin(), bytes.end());
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

}  // namespace

int main(int argc, char** argv) {
    const auto files = inputs(argc, argv);
    if (files.empty()) {
        std::fputs("usage: fuzz_TARGET FILE|DIRECTORY…   nothing to replay\n", stderr);
        return 64;
    }
    replay("");
    for (const auto& file : files) {
        std::fprintf(stderr, "replaying %s\n", file.c_str());
        std::ifstream in(file, std::ios::binary);
        if (!in) {
            std::fprintf(stderr, "cannot read %s\n", file.c_str());
            return 66;
        }
        replay({std::istreambuf_iterator<char>(in), {}});
    }
    std::fprintf(stderr, "%zu inputs, no finding\n", files.size());
    return 0;
}
