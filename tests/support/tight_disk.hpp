// SPDX-License-Identifier: MIT
// A disk that refuses to write on, without needing one.
#pragma once

#include <signal.h>  // NOLINT(modernize-deprecated-headers)
#include <sys/resource.h>

namespace lockstep::test {

/// No file of this process may grow beyond `bytes` while it lives.
struct TightDisk {
    explicit TightDisk(rlim_t bytes) {
        getrlimit(RLIMIT_FSIZE, &before);
        old_handler = signal(SIGXFSZ, SIG_IGN);
        rlimit low = before;
        low.rlim_cur = bytes;
        setrlimit(RLIMIT_FSIZE, &low);
    }
    ~TightDisk() {
        setrlimit(RLIMIT_FSIZE, &before);
        signal(SIGXFSZ, old_handler);
    }
    TightDisk(const TightDisk&) = delete;
    TightDisk& operator=(const TightDisk&) = delete;
    rlimit before{};
    void (*old_handler)(int) = nullptr;
};

}  // namespace lockstep::test
