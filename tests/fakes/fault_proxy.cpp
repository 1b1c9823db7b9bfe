// SPDX-License-Identifier: MIT
// One thread, poll(2), two sockets per connection. Each side has one buffer of bytes that were read and not yet passed.
#include "fakes/fault_proxy.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "support/loopback.hpp"

namespace lockstep::fakes {

namespace {

using Kind = Passage::Kind;
using test::loopback;

int must(int result) {
    if (result < 0) std::abort();
    return result;
}

/// One way of a connection.
struct Flow {
    int from = -1, to = -1;
    std::string waiting{};
    std::uint64_t passed = 0;
    bool ended = false;   ///< its sender has said its last word
    bool closed = false;  ///< and that was passed on
};

struct Connection {
    Passage passage;
    Flow up, down;
    std::size_t index = 0;  ///< into the list of traffic
    bool struck = false, released = false;
    bool dying = false;  ///< both sides were told the end; what they still say is thrown away
    bool over = false;

    Flow& flow(Way way) { return way == Way::up ? up : down; }
    /// How many of the waiting bytes may pass now.
    [[nodiscard]] std::uint64_t room(Way way) const {
        const Flow& flow = way == Way::up ? up : down;
        if (released || way != passage.way) return flow.waiting.size();
        switch (passage.kind) {
            case Kind::cut_at:
            case Kind::cut_beyond:
            case Kind::stall:
                return std::min<std::uint64_t>(flow.waiting.size(), passage.bytes - flow.passed);
            case Kind::trickle:
                return std::min<std::uint64_t>(flow.waiting.size(), 1);
            default:
                return flow.waiting.size();
        }
    }
};

void reset_on_close(int fd) {
    const linger now{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace

struct FaultProxy::Impl {
    int listener = -1, wake = -1, port = 0, server_port = 0;
    mutable std::mutex mutex;  ///< guards what follows
    mutable std::condition_variable changed;
    Passage every;
    std::list<Passage> next;
    std::vector<Traffic> traffic;
    bool ending = false, releasing = false;

    std::list<Connection> connections;  ///< the thread's own
    std::thread thread;

    void poke() const {
        const std::uint64_t one = 1;
        static_cast<void>(!::write(wake, &one, sizeof one));
    }

    void note(const Connection& connection) {
        const std::lock_guard lock(mutex);
        traffic[connection.index] = {connection.up.passed, connection.down.passed, connection.struck, connection.over};
        changed.notify_all();
    }

    void accept_one() {
        const int client = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client < 0) return;
        Connection connection;
        {
            const std::lock_guard lock(mutex);
            connection.passage = every;
            if (!next.empty()) {
                connection.passage = std::move(next.front());
                next.pop_front();
            }
            connection.index = traffic.size();
            traffic.emplace_back();
        }
        int server = -1;
        if (connection.passage.kind != Kind::refuse && connection.passage.kind != Kind::reply) {
            server = must(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
            const auto address = loopback(server_port);
            if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
                ::close(server);
                server = -1;
                connection.passage = Passage::refuse();
            }
        }
        connection.up = {client, server};
        connection.down = {server, client};
        connections.push_back(std::move(connection));
        settle(connections.back());
    }

    /// Both sides are told the end.
    void cut(Connection& connection) {
        connection.struck = true;
        if (connection.passage.reset || connection.passage.kind == Kind::refuse) {
            reset_on_close(connection.up.from);
            if (connection.up.to >= 0) reset_on_close(connection.up.to);
            return end(connection);
        }
        // Shut, not closed: closing a socket with unread bytes would reset it and take bytes away that had passed.
        ::shutdown(connection.up.from, SHUT_WR);
        if (connection.up.to >= 0) ::shutdown(connection.up.to, SHUT_WR);
        connection.dying = true;
        connection.up.waiting.clear();
        connection.down.waiting.clear();
    }

    void end(Connection& connection) {
        ::close(connection.up.from);
        if (connection.up.to >= 0) ::close(connection.up.to);
        connection.over = true;
    }

    /// What follows from what has passed; notes it.
    void settle(Connection& connection) {
        if (connection.over || connection.dying) return finish(connection);
        const auto& passage = connection.passage;
        Flow& flow = connection.flow(passage.way);
        const bool full = flow.passed >= passage.bytes;
        if (passage.kind == Kind::refuse || (passage.kind == Kind::cut_at && full) ||
            (passage.kind == Kind::cut_beyond && full && !flow.waiting.empty()))
            cut(connection);
        else if (passage.kind == Kind::stall && full && !flow.waiting.empty())
            connection.struck = true;
        else if (passage.kind == Kind::reply && !connection.up.waiting.empty())
            answer(connection);
        finish(connection);
    }

    void answer(Connection& connection) {
        connection.up.passed = connection.up.waiting.size();
        const auto sent =
            ::send(connection.up.from, connection.passage.text.data(), connection.passage.text.size(), MSG_NOSIGNAL);
        connection.down.passed = sent > 0 ? static_cast<std::uint64_t>(sent) : 0;
        cut(connection);
    }

    void finish(Connection& connection) {
        if (!connection.over) {
            for (Flow* flow : {&connection.up, &connection.down}) {
                if (!flow->ended || flow->closed || !flow->waiting.empty()) continue;
                if (flow->to >= 0 && !connection.dying) ::shutdown(flow->to, SHUT_WR);
                flow->closed = true;
            }
            const bool alone = connection.up.to < 0 && connection.up.ended;
            const bool given_up = connection.struck && connection.passage.kind == Kind::stall && connection.up.ended;
            if (alone || given_up || (connection.up.closed && connection.down.closed)) end(connection);
        }
        note(connection);
    }

    void receive(Connection& connection, Flow& flow) {
        std::array<char, 16384> buffer{};
        const auto n = ::recv(flow.from, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (n > 0 && !connection.dying) flow.waiting.append(buffer.data(), static_cast<std::size_t>(n));
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            flow.ended = true;
            if (n < 0) flow.waiting.clear();
        }
        settle(connection);
    }

    void pass(Connection& connection, Way way) {
        Flow& flow = connection.flow(way);
        const auto n = ::send(flow.to, flow.waiting.data(), connection.room(way), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            flow.passed += static_cast<std::uint64_t>(n);
            flow.waiting.erase(0, static_cast<std::size_t>(n));
            if (connection.passage.kind == Kind::trickle && connection.passage.way == way) {
                connection.struck = true;
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
        } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
            flow.waiting.clear();  // nobody there to hear it
            flow.ended = true;
        }
        settle(connection);
    }

    void work() {
        for (;;) {
            std::vector<pollfd> set{{wake, POLLIN, 0}, {listener, POLLIN, 0}};
            std::vector<std::pair<Connection*, Way>> of{{}, {}};
            for (auto& connection : connections)
                for (const Way way : {Way::up, Way::down}) {
                    Flow& flow = connection.flow(way);
                    if (flow.from >= 0 && !flow.ended && flow.waiting.size() < (1U << 20)) {
                        set.push_back({flow.from, POLLIN, 0});
                        of.emplace_back(&connection, way);
                    }
                    if (flow.to >= 0 && !connection.dying && connection.room(way) > 0) {
                        set.push_back({flow.to, POLLOUT, 0});
                        of.emplace_back(&connection, way);
                    }
                }
            if (::poll(set.data(), set.size(), -1) < 0) continue;
            if (set[0].revents != 0 && !attend()) return;
            for (std::size_t i = 2; i < set.size(); ++i) {
                auto [connection, way] = of[i];
                if (set[i].revents == 0 || connection->over) continue;
                if (set[i].events == POLLIN)
                    receive(*connection, connection->flow(way));
                else if (!connection->dying && connection->room(way) > 0)
                    pass(*connection, way);
            }
            if (set[1].revents != 0) accept_one();
            connections.remove_if([](const Connection& connection) { return connection.over; });
        }
    }

    /// Whether to go on.
    bool attend() {
        std::uint64_t count = 0;
        static_cast<void>(!::read(wake, &count, sizeof count));
        const std::lock_guard lock(mutex);
        if (std::exchange(releasing, false))
            for (auto& connection : connections)
                if (connection.passage.kind == Kind::stall) connection.released = true;
        return !ending;
    }
};

FaultProxy::FaultProxy(int server_port) : impl_(std::make_unique<Impl>()) {
    impl_->server_port = server_port;
    impl_->wake = must(::eventfd(0, EFD_CLOEXEC));
    impl_->listener = must(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    auto address = loopback(0);
    socklen_t size = sizeof address;
    must(::bind(impl_->listener, reinterpret_cast<const sockaddr*>(&address), size));
    must(::listen(impl_->listener, 64));
    must(::getsockname(impl_->listener, reinterpret_cast<sockaddr*>(&address), &size));
    impl_->port = ntohs(address.sin_port);
    impl_->thread = std::thread([this] { impl_->work(); });
}

FaultProxy::~FaultProxy() {
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->ending = true;
    }
    impl_->poke();
    impl_->thread.join();
    for (auto& connection : impl_->connections) impl_->end(connection);
    ::close(impl_->listener);
    ::close(impl_->wake);
}

int FaultProxy::port() const {
    return impl_->port;
}

std::string FaultProxy::url() const {
    return "http://127.0.0.1:" + std::to_string(impl_->port);
}

void FaultProxy::plan(Passage every) {
    const std::lock_guard lock(impl_->mutex);
    impl_->every = std::move(every);
    impl_->next.clear();
}

void FaultProxy::plan_next(Passage next) {
    const std::lock_guard lock(impl_->mutex);
    impl_->next.push_back(std::move(next));
}

void FaultProxy::release() {
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->releasing = true;
    }
    impl_->poke();
}

std::vector<Traffic> FaultProxy::connections() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->traffic;
}

bool FaultProxy::await(const std::function<bool(const std::vector<Traffic>&)>& enough) const {
    std::unique_lock lock(impl_->mutex);
    return impl_->changed.wait_for(lock, std::chrono::seconds(30), [&] { return enough(impl_->traffic); });
}

}  // namespace lockstep::fakes
