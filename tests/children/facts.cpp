// SPDX-License-Identifier: MIT
// facts WORDS…: tells what it was started with, one fact a line.
#include <dirent.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <string>

extern "C" char** environ;  // NOLINT(readability-redundant-declaration)

int main(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        std::printf("arg ");
        for (const char* at = argv[i]; *at != '\0'; ++at) std::printf("%02x", static_cast<unsigned char>(*at));
        std::printf("\n");
    }
    for (char** entry = environ; *entry != nullptr; ++entry) std::printf("env %s\n", *entry);
    char folder[4096];
    std::printf("cwd %s\n", getcwd(folder, sizeof folder) == nullptr ? "?" : folder);
    std::printf("leads its group: %s\n", getpgrp() == getpid() ? "yes" : "no");

    DIR* const open = opendir("/proc/self/fd");
    std::set<int> fds;
    for (const dirent* entry = readdir(open); entry != nullptr; entry = readdir(open))
        if (entry->d_name[0] != '.' && std::atoi(entry->d_name) != dirfd(open)) fds.insert(std::atoi(entry->d_name));
    closedir(open);
    std::printf("fds");
    for (const int fd : fds) std::printf(" %d", fd);
    std::printf("\n");

    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.rfind("SigBlk:", 0) == 0 || line.rfind("SigIgn:", 0) == 0) std::printf("%s\n", line.c_str());
    return 0;
}
