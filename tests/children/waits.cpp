// SPDX-License-Identifier: MIT
// waits [stubborn|polite] [group|session] [detached] [quiet] [headless]: prints "ready PID…" and waits for ever.
//   stubborn   ignores SIGTERM; polite: exits with code 5 on it
//   group      with a second process in its group, which prints "member PID"
//   session    with a second process in a session of its own, which prints "member PID"
//   detached   the first process then exits with code 0 at once, the second lives on
//   quiet      the second process closes its output
//   headless   the first thread of the second process ends, and another one goes on
#include <fcntl.h>
#include <pthread.h>
#include <sys/types.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>

namespace {

void say(const std::string& text) {
    (void)!write(1, text.data(), text.size());
}

[[noreturn]] void wait_for_ever() {
    for (;;) pause();
}

/// Returns when the second process stands.
void start_member(bool own_session, bool quiet, bool headless) {
    int stands[2];
    if (pipe(stands) != 0) _exit(70);
    if (fork() == 0) {
        if (own_session) setsid();
        say("member " + std::to_string(getpid()) + "\n");
        if (quiet)
            for (const int fd : {0, 1, 2}) close(fd);
        close(stands[0]);
        pthread_t other{};
        if (headless)
            pthread_create(
                &other, nullptr, [](void*) -> void* { wait_for_ever(); }, nullptr);
        close(stands[1]);
        if (headless) pthread_exit(nullptr);
        wait_for_ever();
    }
    close(stands[1]);
    char none;
    (void)!read(stands[0], &none, 1);
    close(stands[0]);
}

}  // namespace

int main(int argc, char** argv) {
    const std::set<std::string> words(argv + 1, argv + argc);
    if (words.count("stubborn") != 0) std::signal(SIGTERM, SIG_IGN);
    if (words.count("polite") != 0) std::signal(SIGTERM, [](int) { _exit(5); });
    if (words.count("group") != 0 || words.count("session") != 0)
        start_member(words.count("session") != 0, words.count("quiet") != 0, words.count("headless") != 0);
    if (words.count("detached") != 0) return 0;
    say("ready " + std::to_string(getpid()) + "\n");
    wait_for_ever();
}
