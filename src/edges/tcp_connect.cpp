// SPDX-License-Identifier: MIT
// connect(2) with a limit.
#include "edges/tcp_connect.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

#include "edges/fd.hpp"

namespace lockstep {

namespace {

bool connects(const addrinfo& address, int limit) {
    const Fd fd(socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol));
    if (!fd.open()) return false;
    if (connect(fd.get(), address.ai_addr, address.ai_addrlen) == 0) return true;
    if (errno != EINPROGRESS) return false;
    pollfd wait{fd.get(), POLLOUT, 0};
    if (poll(&wait, 1, limit) != 1) return false;
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

}  // namespace

bool can_connect(const std::string& host, int port, std::chrono::milliseconds limit) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return false;
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
    for (const auto* address = addresses.get(); address != nullptr; address = address->ai_next)
        if (connects(*address, static_cast<int>(limit.count()))) return true;
    return false;
}

}  // namespace lockstep
