// SPDX-License-Identifier: MIT
// The program: everything happens in cli::run_program.
#include "cli/program.hpp"

int main(int argc, char** argv) {
    return lockstep::cli::run_program(argc, argv);
}
