// SPDX-License-Identifier: MIT
// Prometheus' pushgateway. PUT replaces the whole group, so every push carries the whole set.
#include <algorithm>

#include <fmt/format.h>

#include "adapters/notify/sinks.hpp"
#include "lockstep/core/base64.hpp"

namespace lockstep::notify {

namespace {

/// A label of the group's path. A slash would end it, so then the value goes as base64, which the gateway takes back
/// apart.
std::string path_label(std::string_view name, const std::string& value) {
    const bool plain = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
               (c == '.');
    });
    if (plain && value != "." && value != "..") return fmt::format("/{}/{}", name, value);
    auto coded = base64(value);
    std::replace(coded.begin(), coded.end(), '+', '-');
    std::replace(coded.begin(), coded.end(), '/', '_');
    return fmt::format("/{}@base64/{}", name, coded);
}

Result<Delivery> compose(const Places& places, const News& news) {
    std::string_view root = places.wish.pushgateway;
    if (scheme_of(root) != "http" && scheme_of(root) != "https")
        return Error{ErrorKind::config, "notify.pushgateway is not a web address", "",
                     "write it as http://pushgateway.example.org:9091"};
    while (root.ends_with('/')) root.remove_suffix(1);
    HttpRequest request;
    request.method = "PUT";
    request.url = std::string(root) + "/metrics" + path_label("job", news.test ? "lockstep-test" : "lockstep") +
                  path_label("instance", news.repository);
    request.headers = {{"Content-Type", "text/plain; version=0.0.4"}};
    request.body = metrics_text(news);
    request.max_body = 64U << 10U;
    return Delivery(std::move(request));
}

}  // namespace

const SinkRow k_pushgateway{"pushgateway", SinkKind::state,
                            [](const Places& places) { return !places.wish.pushgateway.empty(); }, &compose};

}  // namespace lockstep::notify
