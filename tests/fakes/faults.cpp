// SPDX-License-Identifier: MIT
// The menu of faults and the script that says when each one strikes.
#include "fakes/faults.hpp"

#include <nlohmann/json.hpp>

namespace lockstep::fakes {

namespace {

std::string page(const std::string& title) {
    return "<html>\n<head><title>" + title + "</title></head>\n<body><center><h1>" + title +
           "</h1></center></body>\n</html>\n";
}

void replace(Reply& reply, int status, const std::string& type, std::string body) {
    reply = Reply{status, {{"Content-Type", type}}, std::move(body), {}};
}

}  // namespace

namespace fault {

Fault answer(int status, std::string body, Pairs headers) {
    return {.work = false, .change = [status, body = std::move(body), headers = std::move(headers)](Reply& reply) {
                reply = Reply{status, headers, body, {}};
                const bool json = !body.empty() && (body.front() == '{' || body.front() == '[');
                bool typed = false;
                for (const auto& [name, value] : headers) typed = typed || lower_case(name) == "content-type";
                if (!typed) reply.set_header("Content-Type", json ? "application/json; charset=utf-8" : "text/plain");
            }};
}

Fault bad_gateway_before(int status) {
    return {.work = false, .change = [status](Reply& reply) {
                replace(reply, status, "text/html", page(std::to_string(status) + " Bad Gateway"));
            }};
}

Fault bad_gateway_after(int status) {
    auto result = bad_gateway_before(status);
    result.work = true;
    return result;
}

Fault cut_before() {
    return {.work = false, .change = [](Reply& reply) { reply.delivery.cut_after = 0; }};
}

Fault cut_after_work(std::size_t bytes) {
    return {.change = [bytes](Reply& reply) { reply.delivery.cut_after = bytes; }};
}

Fault hang(std::size_t bytes) {
    return {.change = [bytes](Reply& reply) { reply.delivery.hang_after = bytes; }};
}

Fault trickle(std::size_t bytes_per_tick, std::chrono::milliseconds tick) {
    return {.change = [=](Reply& reply) {
        reply.delivery.bytes_per_tick = bytes_per_tick;
        reply.delivery.tick = tick;
    }};
}

Fault wrong_type(std::string type) {
    return {.change = [type = std::move(type)](Reply& reply) { reply.set_header("Content-Type", type); }};
}

Fault html_page(int status) {
    return {.work = false, .change = [status](Reply& reply) { replace(reply, status, "text/html", page("Sign in")); }};
}

Fault invalid_json() {
    return {.change = [](Reply& reply) { reply.body.resize(reply.body.size() / 2); }};
}

Fault huge_list(std::size_t items) {
    return {.change = [items](Reply& reply) {
        const auto list = nlohmann::json::parse(reply.body, nullptr, false);
        if (!list.is_array() || list.empty()) return;
        auto huge = nlohmann::json::array();
        while (huge.size() < items) huge.push_back(list[huge.size() % list.size()]);
        reply.body = huge.dump();
    }};
}

Fault endless_body() {
    return {.change = [](Reply& reply) {
        reply.body = std::string(65536, ' ');
        reply.delivery.endless = true;
    }};
}

Fault rate_limited(int status, std::optional<int> retry_after, std::optional<std::int64_t> reset) {
    return {.work = false, .change = [=](Reply& reply) {
                replace(reply, status, "application/json; charset=utf-8",
                        R"({"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you )"
                        R"(try again.","documentation_url":"https://docs.github.com/rest"})");
                if (retry_after) reply.set_header("Retry-After", std::to_string(*retry_after));
                if (reset) {
                    reply.set_header("X-RateLimit-Limit", "5000");
                    reply.set_header("X-RateLimit-Remaining", "0");
                    reply.set_header("X-RateLimit-Reset", std::to_string(*reset));
                }
            }};
}

Fault redirect(int status, std::string location) {
    return {.work = false, .change = [status, location = std::move(location)](Reply& reply) {
                replace(reply, status, "application/json; charset=utf-8",
                        nlohmann::json{{"message", "Moved Permanently"}, {"url", location}}.dump());
                reply.set_header("Location", location);
            }};
}

Fault second_writer(std::function<void()> act) {
    return {.change = {}, .before = std::move(act)};
}

}  // namespace fault

void Faults::on(const std::string& method, const std::string& path, Fault fault, Occurrence occurrence) {
    const std::lock_guard lock(mutex_);
    rules_.push_back({method, std::regex(path), std::move(fault), occurrence});
}

void Faults::clear() {
    const std::lock_guard lock(mutex_);
    rules_.clear();
}

int Faults::applied() const {
    const std::lock_guard lock(mutex_);
    return applied_;
}

std::optional<Fault> Faults::due(const Call& call) {
    const std::lock_guard lock(mutex_);
    std::optional<Fault> result;
    const auto path = percent_decode(call.path);
    for (auto& rule : rules_) {
        if (!rule.method.empty() && rule.method != call.method) continue;
        if (!std::regex_search(path, rule.path)) continue;
        ++rule.seen;
        const auto [nth, times] = rule.occurrence;
        if (!result && rule.seen >= nth && (times == 0 || rule.seen < nth + times)) result = rule.fault;
    }
    if (result) ++applied_;
    return result;
}

Reply Faults::serve(const Call& call, const std::function<Reply(const Call&)>& work) {
    const auto fault = due(call);
    if (fault && fault->before) fault->before();
    auto reply = !fault || fault->work ? work(call) : Reply{};
    if (fault && fault->change) fault->change(reply);
    return reply;
}

}  // namespace lockstep::fakes
