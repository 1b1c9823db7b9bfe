// SPDX-License-Identifier: MIT
// A TCP proxy on a loopback port that breaks connections as told: between any client and any server, at any byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lockstep::fakes {

enum class Way { up, down };  ///< from the client to the server, and back

/// What becomes of one connection.
struct Passage {
    enum class Kind {
        pass,
        cut_at,      ///< ends at the moment when `bytes` have passed on `way`
        cut_beyond,  ///< ends when a byte more than `bytes` wants to pass on `way`
        stall,    ///< after `bytes` on `way` nothing passes on it any more, until release() or until the client leaves
        trickle,  ///< one byte at a time on `way`, with a pause of a millisecond
        refuse,   ///< reset before anything passed
        reply,    ///< `text` as the answer to the first bytes of the client, without any server
    } kind = Kind::pass;
    Way way = Way::up;
    std::uint64_t bytes = 0;
    bool reset = false;  ///< cuts: the connection is reset on both sides instead of closed
    std::string text{};

    [[nodiscard]] static Passage cut_at(Way way, std::uint64_t bytes, bool reset = false) {
        return {.kind = Kind::cut_at, .way = way, .bytes = bytes, .reset = reset};
    }
    [[nodiscard]] static Passage cut_beyond(Way way, std::uint64_t bytes, bool reset = false) {
        return {.kind = Kind::cut_beyond, .way = way, .bytes = bytes, .reset = reset};
    }
    [[nodiscard]] static Passage stall(Way way, std::uint64_t bytes) {
        return {.kind = Kind::stall, .way = way, .bytes = bytes};
    }
    [[nodiscard]] static Passage trickle(Way way) { return {.kind = Kind::trickle, .way = way}; }
    [[nodiscard]] static Passage refuse() { return {.kind = Kind::refuse}; }
    [[nodiscard]] static Passage reply(std::string text) { return {.kind = Kind::reply, .text = std::move(text)}; }
};

/// What passed on one connection.
struct Traffic {
    std::uint64_t up = 0, down = 0;
    bool struck = false;  ///< its passage did what it is for
    bool over = false;
};

/// Thread-safe. One thread serves every connection.
class FaultProxy {
public:
    explicit FaultProxy(int server_port);
    /// Closes every connection.
    ~FaultProxy();
    FaultProxy(const FaultProxy&) = delete;
    FaultProxy& operator=(const FaultProxy&) = delete;

    [[nodiscard]] int port() const;
    [[nodiscard]] std::string url() const;  ///< "http://127.0.0.1:PORT"

    /// Of every connection that begins from now on, until told otherwise. At first: pass.
    void plan(Passage every);
    /// Of the next connection alone; after it what plan() said.
    void plan_next(Passage next);
    void release();  ///< stalled connections go on, and pass

    /// In the order in which they began.
    [[nodiscard]] std::vector<Traffic> connections() const;
    /// Waits until `enough` holds; false after half a minute without it.
    [[nodiscard]] bool await(const std::function<bool(const std::vector<Traffic>&)>& enough) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace lockstep::fakes
