// SPDX-License-Identifier: MIT
// Requests to a forge with authentication, pace, retries within a budget, and errors in words.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "lockstep/adapters/forge_dialect.hpp"
#include "lockstep/ports/clock.hpp"
#include "lockstep/ports/http.hpp"

namespace lockstep {

/// What came of one try.
struct ForgeAttempt {
    HttpResponse response;  ///< status 0: no answer
    forge::Meaning meaning = forge::Meaning::retry_later;
    std::optional<Error> lost;  ///< why no answer came

    /// The forge may have done the work although it did not say so.
    [[nodiscard]] bool unclear() const { return lost || response.status == 408 || response.status >= 500; }
    [[nodiscard]] bool passing() const;  ///< another try may help
};

class ForgeExchange {
public:
    struct Options {
        std::chrono::milliseconds timeout{30'000};  ///< of one request
        std::chrono::milliseconds budget{120'000};  ///< of one step: no try starts later than this after its beginning
        std::uint64_t seed = 0;                     ///< of the jitter, mixed with the time of construction
    };

    ForgeExchange(const forge::Dialect& dialect, HttpClient& http, Clock& clock, std::string token, Options options);

    /// Starts the budget of a step; `step` completes "cannot …" in errors.
    void begin(std::string step);

    [[nodiscard]] ForgeAttempt attempt(HttpRequest request);
    /// Sleeps before try number `tries` + 1, or the Error that ends the step: not worth another try, out of budget,
    /// or interrupted.
    [[nodiscard]] Result<void> wait(const HttpRequest& request, const ForgeAttempt& attempt, int tries);
    /// For requests that may be sent twice: tries until the answer is final, whatever it means.
    [[nodiscard]] Result<ForgeAttempt> settle(const HttpRequest& request);
    /// settle, and an Error unless the meaning is ok.
    [[nodiscard]] Result<HttpResponse> expect(const HttpRequest& request);

    /// The error for an answer that ends the step.
    [[nodiscard]] Error failure(const HttpRequest& request, const ForgeAttempt& attempt) const;
    /// The step's own words in front of a parser's error.
    [[nodiscard]] Error during_step(Error error) const;

private:
    void keep_pace(const HttpRequest& request);
    [[nodiscard]] std::string redact(std::string text) const;
    [[nodiscard]] std::string words_of(const ForgeAttempt& attempt) const;

    const forge::Dialect& dialect_;
    HttpClient& http_;
    Clock& clock_;
    const std::string token_;
    const Options options_;
    std::mt19937_64 random_;
    std::string step_;
    std::chrono::steady_clock::time_point begun_;
    std::optional<std::chrono::steady_clock::time_point> last_write_;
};

}  // namespace lockstep
