// SPDX-License-Identifier: MIT
// exits CODE [signal]: exits with the code, or dies by the signal of that number.
#include <csignal>
#include <cstdlib>

int main(int argc, char** argv) {
    const int number = argc > 1 ? std::atoi(argv[1]) : 0;
    if (argc > 2) std::raise(number);
    return number;
}
