// SPDX-License-Identifier: MIT
// An HTTP client that plays a script: each request must be the expected one, and gets the answer beside it. Requests
// beyond the script fail the test; so does a script that is not used up.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "lockstep/ports/http.hpp"

namespace lockstep::fakes {

class ScriptedHttp final : public HttpClient {
public:
    ~ScriptedHttp() override {
        for (const auto& step : steps_) ADD_FAILURE() << "never asked: " << step.expected;
    }

    /// `expected`: method, a blank, and the end of the address.
    void on(std::string expected, HttpResponse response) {
        steps_.push_back({std::move(expected), std::move(response)});
    }
    void on(std::string expected, int status, std::string body = "{}", Headers headers = {}) {
        on(std::move(expected), HttpResponse{status, std::move(headers), std::move(body)});
    }
    void on_error(std::string expected, Error error) { steps_.push_back({std::move(expected), std::move(error)}); }
    /// The connection breaks; nobody knows what the server did.
    void on_cut(std::string expected) {
        on_error(std::move(expected), Error{ErrorKind::infrastructure, "no answer from forge", "connection reset", ""});
    }

    Result<HttpResponse> send(const HttpRequest& request) override {
        sent.push_back(request);
        const auto asked = request.method + " " + request.url;
        if (steps_.empty()) {
            ADD_FAILURE() << "not in the script: " << asked;
            return Error{ErrorKind::internal, "end of script", asked, ""};
        }
        auto step = std::move(steps_.front());
        steps_.pop_front();
        const auto blank = step.expected.find(' ');
        const auto method = step.expected.substr(0, blank);
        const auto end = step.expected.substr(blank + 1);
        const bool fits = request.method == method && request.url.size() >= end.size() &&
                          request.url.compare(request.url.size() - end.size(), end.size(), end) == 0;
        EXPECT_TRUE(fits) << "expected " << step.expected << ", got " << asked;
        return std::move(step.answer);
    }

    std::vector<HttpRequest> sent;

private:
    struct Step {
        std::string expected;
        Result<HttpResponse> answer;
    };
    std::deque<Step> steps_;
};

}  // namespace lockstep::fakes
