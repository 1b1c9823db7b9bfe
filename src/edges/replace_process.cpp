// SPDX-License-Identifier: MIT
// exec.
#include "edges/replace_process.hpp"

#include <signal.h>  // NOLINT(modernize-deprecated-headers)
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace lockstep {

Error replace_process(const std::vector<std::string>& argv) {
    std::vector<char*> words;
    for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    for (const int number : {SIGPIPE, SIGXFSZ}) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    execvp(words.front(), words.data());
    return {ErrorKind::infrastructure, "`" + argv.front() + "` cannot be started", std::strerror(errno),
            "install OpenSSH's client"};
}

}  // namespace lockstep
