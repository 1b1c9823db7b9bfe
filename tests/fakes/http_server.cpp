// SPDX-License-Identifier: MIT
// cpp-httplib parses and routes; sockets and threads are ours, because the library offers no way to cut or stall an
// answer before its first byte, and keeps idle connections past the end of the server.
#include "fakes/http_server.hpp"

#include <httplib.h>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigaction
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <list>
#include <thread>

namespace lockstep::fakes {

namespace {

constexpr int k_idle_ms = 30'000;

/// One connection. Reads and writes end at once when the server stops.
class Connection final : public httplib::Stream {
public:
    Connection(int fd, int stop) : fd_(fd), stop_(stop) {}

    /// What happens to the bytes of the next answer.
    void deliver(const Delivery& delivery) {
        delivery_ = delivery;
        sent_ = 0;
    }
    [[nodiscard]] bool gone() const { return gone_; }
    [[nodiscard]] bool wait_for_request() const { return begin_ < end_ || wait(POLLIN, k_idle_ms); }

    [[nodiscard]] bool is_readable() const override { return wait_for_request(); }
    [[nodiscard]] bool is_writable() const override { return !gone_; }
    [[nodiscard]] socket_t socket() const override { return fd_; }
    void get_remote_ip_and_port(std::string& ip, int& port) const override {
        ip = "127.0.0.1";
        port = 1;
    }
    void get_local_ip_and_port(std::string& ip, int& port) const override { get_remote_ip_and_port(ip, port); }

    ssize_t read(char* data, std::size_t size) override {
        if (begin_ == end_) {
            if (!wait(POLLIN, k_idle_ms)) return -1;
            const auto n = ::recv(fd_, buffer_.data(), buffer_.size(), 0);
            if (n <= 0) return n;
            begin_ = 0;
            end_ = static_cast<std::size_t>(n);
        }
        const auto n = std::min(size, end_ - begin_);
        std::copy_n(buffer_.data() + begin_, n, data);
        begin_ += n;
        return static_cast<ssize_t>(n);
    }

    ssize_t write(const char* data, std::size_t size) override {
        if (gone_) return -1;
        std::size_t allowed = size;
        if (delivery_.cut_after) allowed = std::min(allowed, *delivery_.cut_after - sent_);
        if (delivery_.hang_after) allowed = std::min(allowed, *delivery_.hang_after - sent_);
        if (!send_all(data, allowed) || allowed < size) {
            if (!gone_ && delivery_.hang_after && sent_ == *delivery_.hang_after) wait_until_client_leaves();
            gone_ = true;
            return -1;
        }
        return static_cast<ssize_t>(size);
    }

private:
    bool send_all(const char* data, std::size_t size) {
        while (size > 0) {
            const auto piece = delivery_.bytes_per_tick == 0 ? size : std::min(size, delivery_.bytes_per_tick);
            if (delivery_.bytes_per_tick != 0 && stopped_within(static_cast<int>(delivery_.tick.count()))) return false;
            if (!wait(POLLOUT, k_idle_ms)) return false;
            const auto n = ::send(fd_, data, piece, MSG_NOSIGNAL);
            if (n <= 0) return false;
            data += n;
            size -= static_cast<std::size_t>(n);
            sent_ += static_cast<std::size_t>(n);
        }
        return true;
    }

    [[nodiscard]] bool wait(short events, int limit_ms) const {
        std::array<pollfd, 2> fds{{{fd_, events, 0}, {stop_, POLLIN, 0}}};
        return ::poll(fds.data(), fds.size(), limit_ms) > 0 && fds[1].revents == 0 && fds[0].revents != 0;
    }
    [[nodiscard]] bool stopped_within(int limit_ms) const {
        pollfd stop{stop_, POLLIN, 0};
        return ::poll(&stop, 1, limit_ms) > 0;
    }
    void wait_until_client_leaves() const {
        std::array<pollfd, 2> fds{{{fd_, POLLRDHUP, 0}, {stop_, POLLIN, 0}}};
        ::poll(fds.data(), fds.size(), -1);
    }

    int fd_, stop_;
    bool gone_ = false;
    Delivery delivery_;
    std::size_t sent_ = 0;
    std::array<char, 65536> buffer_{};
    std::size_t begin_ = 0, end_ = 0;
};

/// The connection that this thread serves; handlers have no other way to reach it.
thread_local Connection* t_connection = nullptr;

class ThreadPerConnection final : public httplib::TaskQueue {
public:
    void enqueue(std::function<void()> serve) override {
        for (auto it = workers_.begin(); it != workers_.end();) {
            if (!it->done->load()) {
                ++it;
                continue;
            }
            it->thread.join();
            it = workers_.erase(it);
        }
        auto done = std::make_shared<std::atomic<bool>>(false);
        workers_.push_back({std::thread([serve = std::move(serve), done] {
                                serve();
                                done->store(true);
                            }),
                            done});
    }
    void shutdown() override {
        for (auto& worker : workers_) worker.thread.join();
        workers_.clear();
    }

private:
    struct Worker {
        std::thread thread;
        std::shared_ptr<std::atomic<bool>> done;
    };
    std::list<Worker> workers_;  // only touched by the accepting thread
};

/// process_and_close_socket is private in the base and virtual: this replaces how connections are served.
class Server final : public httplib::Server {
public:
    explicit Server(int stop) : stop_(stop) {}

private:
    bool process_and_close_socket(socket_t fd) override {
        Connection connection(fd, stop_);
        t_connection = &connection;
        for (bool closed = false; !closed && !connection.gone() && connection.wait_for_request();)
            if (!process_request(connection, false, closed, nullptr)) break;
        t_connection = nullptr;
        ::shutdown(fd, SHUT_RDWR);
        ::close(fd);
        return true;
    }

    int stop_;
};

bool added_by_library(const std::string& lower_name) {
    return lower_name == "remote_addr" || lower_name == "remote_port" || lower_name == "local_addr" ||
           lower_name == "local_port" || lower_name == "content-encoding";  // bodies arrive decoded
}

Call to_call(const httplib::Request& request) {
    Call call;
    call.method = request.method;
    const auto mark = request.target.find('?');
    call.path = request.target.substr(0, mark);
    if (mark != std::string::npos) call.raw_query = request.target.substr(mark + 1);
    call.query = parse_query(call.raw_query);
    for (const auto& [name, value] : request.headers)
        if (auto lower = lower_case(name); !added_by_library(lower)) call.headers.emplace_back(lower, value);
    return call;
}

void read_body(const httplib::Request& request, const httplib::ContentReader& reader, Call& call) {
    if (!request.has_header("Content-Length") && !request.has_header("Transfer-Encoding")) return;
    if (!request.is_multipart_form_data()) {
        reader([&](const char* data, std::size_t size) {
            call.body.append(data, size);
            return true;
        });
        return;
    }
    reader(
        [&](const httplib::MultipartFormData& part) {
            call.parts.push_back({part.name, part.filename, part.content_type, {}});
            return true;
        },
        [&](const char* data, std::size_t size) {
            call.parts.back().content.append(data, size);
            return true;
        });
}

void apply(const Reply& reply, httplib::Response& response) {
    t_connection->deliver(reply.delivery);
    response.status = reply.status;
    for (const auto& [name, value] : reply.headers) response.headers.emplace(name, value);
    if (!reply.delivery.endless) {
        response.body = reply.body;
        return;
    }
    const auto type = response.get_header_value("Content-Type");
    response.headers.erase("Content-Type");
    response.set_chunked_content_provider(type, [body = reply.body](std::size_t, httplib::DataSink& sink) {
        return sink.write(body.data(), body.size());
    });
}

}  // namespace

struct HttpServer::Impl {
    explicit Impl(Handler handler_) : handler(std::move(handler_)) {}

    void answer(const httplib::Request& request, httplib::Response& response, const httplib::ContentReader* reader) {
        auto call = to_call(request);
        if (reader != nullptr) read_body(request, *reader, call);
        apply(handler(call), response);
    }

    Handler handler;
    int stop = -1, port = 0;
    std::unique_ptr<Server> server;
    std::thread accepting;
};

HttpServer::HttpServer(Handler handler) : impl_(std::make_unique<Impl>(std::move(handler))) {
    impl_->stop = ::eventfd(0, EFD_CLOEXEC);
    // The library's constructor ignores SIGPIPE for the whole program, which children of the tests would inherit.
    struct sigaction before {};
    ::sigaction(SIGPIPE, nullptr, &before);
    impl_->server = std::make_unique<Server>(impl_->stop);
    ::sigaction(SIGPIPE, &before, nullptr);

    auto& server = *impl_->server;
    server.new_task_queue = [] { return new ThreadPerConnection; };
    const std::string all = R"([\s\S]*)";
    server.Get(all, [impl = impl_.get()](const httplib::Request& request, httplib::Response& response) {
        impl->answer(request, response, nullptr);
    });
    const auto with_body = [impl = impl_.get()](const httplib::Request& request, httplib::Response& response,
                                                const httplib::ContentReader& reader) {
        impl->answer(request, response, &reader);
    };
    server.Post(all, with_body).Put(all, with_body).Patch(all, with_body).Delete(all, with_body);
    impl_->port = server.bind_to_any_port("127.0.0.1");
    if (impl_->port <= 0) std::abort();
    impl_->accepting = std::thread([&server] { server.listen_after_bind(); });
    while (!server.is_running()) std::this_thread::yield();  // stop() before this point would be lost
}

HttpServer::~HttpServer() {
    const std::uint64_t one = 1;
    if (::write(impl_->stop, &one, sizeof one) != sizeof one) std::abort();
    impl_->server->stop();
    impl_->accepting.join();
    ::close(impl_->stop);
}

int HttpServer::port() const {
    return impl_->port;
}

std::string HttpServer::url() const {
    return "http://127.0.0.1:" + std::to_string(impl_->port);
}

}  // namespace lockstep::fakes
