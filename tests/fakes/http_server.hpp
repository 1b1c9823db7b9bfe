// SPDX-License-Identifier: MIT
// An HTTP/1.1 server on a loopback port that can also answer badly. The only place that knows cpp-httplib.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "fakes/http_message.hpp"

namespace lockstep::fakes {

class HttpServer {
public:
    /// Called on one thread per connection, so several at a time.
    using Handler = std::function<Reply(const Call&)>;

    /// Listens when the constructor returns.
    explicit HttpServer(Handler handler);
    /// Ends hanging answers, closes every connection and joins every thread.
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    [[nodiscard]] int port() const;
    [[nodiscard]] std::string url() const;  ///< "http://127.0.0.1:PORT"

    struct Impl;

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace lockstep::fakes
