// SPDX-License-Identifier: MIT
// Routing and paging for all dialects.
#include "fakes/forge_api.hpp"

#include <algorithm>

namespace lockstep::fakes {

std::int64_t Exchange::number(const std::string& name) const {
    const auto it = path.find(name);
    if (it == path.end() || it->second.empty() || it->second.find_first_not_of("0123456789") != std::string::npos)
        return -1;
    return std::stoll(it->second.substr(0, 18));
}

std::string Exchange::text(const std::string& member) const {
    if (!body.is_object()) return "";
    const auto it = body.find(member);
    return it != body.end() && it->is_string() ? it->get<std::string>() : "";
}

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Reply json_reply(int status, const json& body) {
    return {status, {{"Content-Type", "application/json; charset=utf-8"}}, dump(body), {}};
}

std::optional<std::map<std::string, std::string>> match_route(const std::string& pattern, const std::string& path) {
    const auto wanted = path_segments(pattern);
    const auto given = path_segments(path);
    std::map<std::string, std::string> result;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (i >= given.size()) return std::nullopt;
        const auto& segment = wanted[i];
        if (segment.front() != '{') {
            if (segment != given[i]) return std::nullopt;
            continue;
        }
        if (segment.size() > 5 && segment.substr(segment.size() - 4) == "...}") {
            std::string rest;
            for (std::size_t j = i; j < given.size(); ++j) rest += (j == i ? "" : "/") + percent_decode(given[j]);
            result[segment.substr(1, segment.size() - 5)] = rest;
            return result;
        }
        result[segment.substr(1, segment.size() - 2)] = percent_decode(given[i]);
    }
    if (given.size() != wanted.size()) return std::nullopt;
    return result;
}

std::string api_token(const Call& call) {
    const auto header = call.header("authorization");
    if (const auto basic = basic_credentials(header)) return basic->second;
    const auto blank = header.find(' ');
    const auto scheme = lower_case(header.substr(0, blank));
    return blank != std::string::npos && (scheme == "token" || scheme == "bearer") ? header.substr(blank + 1) : "";
}

Reply ForgeApi::serve(const Call& call, const std::string& path, ForgeState& state, const test::GitRepo& git,
                      const Addresses& at) {
    Exchange exchange{call, state, git, at, state.token(api_token(call)), {}, {}};
    const auto answer = [&]() -> Reply {
        for (const auto& route : routes_) {
            if (route.method != call.method) continue;
            auto parameters = match_route(route.pattern, path);
            if (!parameters) continue;
            exchange.path = std::move(*parameters);
            if (auto refusal = refuse(exchange, route)) return *refusal;
            if (!call.body.empty()) {
                exchange.body = json::parse(call.body, nullptr, false);
                if (exchange.body.is_discarded()) return bad_body(exchange, "not JSON");
            }
            return route.answer(exchange);
        }
        return not_found(exchange);
    };
    auto reply = answer();
    finish(exchange, reply);
    return reply;
}

PageOf page_of(const std::vector<json>& items, const Exchange& exchange, const std::string& size_name,
               const std::string& list_url) {
    const auto& settings = exchange.state.settings;
    const auto number = [&](const std::string& name, std::size_t otherwise) {
        const auto value = exchange.call.parameter(name).value_or("");
        const auto parsed = std::strtoull(value.c_str(), nullptr, 10);
        return parsed == 0 ? otherwise : static_cast<std::size_t>(parsed);
    };
    const auto size = std::min(number(size_name, settings.page_default), settings.page_cap);
    const auto page = number("page", 1);
    const auto last = std::max<std::size_t>(1, (items.size() + size - 1) / size);

    PageOf result;
    result.total = items.size();
    for (auto i = (page - 1) * size; i < std::min(items.size(), page * size); ++i) result.items.push_back(items[i]);
    const auto add = [&](std::size_t target, const std::string& relation) {
        std::string url = list_url + "?";
        for (const auto& [name, value] : exchange.call.query)
            if (name != "page") url += percent_encode(name) + "=" + percent_encode(value) + "&";
        result.link += (result.link.empty() ? "<" : ", <") + url + "page=" + std::to_string(target) + ">; rel=\"" +
                       relation + "\"";
    };
    if (page < last) {
        add(page + 1, "next");
        add(last, "last");
    }
    if (page > 1) {
        add(1, "first");
        add(page - 1, "prev");
    }
    return result;
}

}  // namespace lockstep::fakes
