// SPDX-License-Identifier: MIT
// What can go wrong between a client and a forge, scripted per request: which one, and how.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "fakes/http_message.hpp"

namespace lockstep::fakes {

/// One way to go wrong. `work` says whether the server does what it was asked before it goes wrong.
struct Fault {
    bool work = true;
    std::function<void(Reply&)> change;  ///< on the true answer, or on an empty one without work; may be empty
    std::function<void()> before;        ///< runs first, e.g. a second writer; may use the fake's whole interface
};

namespace fault {
/// An answer instead of the work.
[[nodiscard]] Fault answer(int status, std::string body = "", Pairs headers = {});
/// A proxy's HTML page instead of the work, and instead of the answer after the work was done.
[[nodiscard]] Fault bad_gateway_before(int status = 502);
[[nodiscard]] Fault bad_gateway_after(int status = 502);
/// Connection cut after that many bytes of the answer (0: before its first), the work not done or done.
[[nodiscard]] Fault cut_before();
[[nodiscard]] Fault cut_after_work(std::size_t bytes = 0);
/// Work done, then silence after that many bytes until the client leaves.
[[nodiscard]] Fault hang(std::size_t bytes = 0);
/// A true answer, that many bytes per tick.
[[nodiscard]] Fault trickle(std::size_t bytes_per_tick, std::chrono::milliseconds tick = std::chrono::milliseconds(10));
/// The true answer, labelled as something else / replaced by a sign-in page with status 200 / cut in half but whole as
/// HTTP.
[[nodiscard]] Fault wrong_type(std::string type = "text/plain");
[[nodiscard]] Fault html_page(int status = 200);
[[nodiscard]] Fault invalid_json();
/// The true list, its items repeated until there are `items` of them; a body without end.
[[nodiscard]] Fault huge_list(std::size_t items);
[[nodiscard]] Fault endless_body();
/// 429 or 403, with whatever headers: GitHub's secondary limit, or a proxy's bare 429.
[[nodiscard]] Fault rate_limited(int status = 429, std::optional<int> retry_after = std::nullopt,
                                 std::optional<std::int64_t> reset = std::nullopt);
[[nodiscard]] Fault redirect(int status, std::string location);
/// Somebody else does something first; the request itself then goes well.
[[nodiscard]] Fault second_writer(std::function<void()> act);
}  // namespace fault

/// Which of the matching requests: from the nth on, `times` of them (0: all).
struct Occurrence {
    int nth = 1, times = 1;
};

/// The script. Thread-safe.
class Faults {
public:
    /// `path`: searched (ECMAScript) in the decoded path, query excluded. `method` "" is any.
    void on(const std::string& method, const std::string& path, Fault fault, Occurrence occurrence = {});
    void clear();

    /// Answers `call`: by `work` alone, or with the first fault that is due. Every rule counts every match.
    [[nodiscard]] Reply serve(const Call& call, const std::function<Reply(const Call&)>& work);
    /// How many faults were applied.
    [[nodiscard]] int applied() const;

private:
    struct Rule {
        std::string method;
        std::regex path;
        Fault fault;
        Occurrence occurrence;
        int seen = 0;
    };
    std::optional<Fault> due(const Call& call);

    mutable std::mutex mutex_;
    std::vector<Rule> rules_;
    int applied_ = 0;
};

}  // namespace lockstep::fakes
