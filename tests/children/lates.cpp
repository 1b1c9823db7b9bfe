// SPDX-License-Identifier: MIT
// lates: exits at once; a second process of its group prints "late" after that and exits.
#include <unistd.h>

int main() {
    int alive[2];
    if (pipe(alive) != 0) return 70;
    if (fork() != 0) return 0;
    close(alive[1]);
    char none;
    (void)!read(alive[0], &none, 1);  // ends when the first process is gone
    (void)!write(1, "late\n", 5);
}
