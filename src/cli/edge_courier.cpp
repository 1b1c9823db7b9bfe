// SPDX-License-Identifier: MIT
// Every message on a connection of its own: several are under way at once.
#include "cli/edge_courier.hpp"

#include "edges/curl_http.hpp"
#include "edges/curl_smtp.hpp"
#include "edges/nats_publish.hpp"
#include "edges/public_file.hpp"
#include "lockstep/adapters/notify.hpp"

namespace lockstep::cli {

namespace {

Result<void> send(HttpRequest request, std::chrono::milliseconds limit) {
    request.timeout = limit;
    CurlHttp::Options options;
    options.address_key = "the address of the sink (notify)";
    options.connect_timeout = limit;
    CurlHttp http(options);
    LOCKSTEP_TRY(const auto answer, http.send(request));
    return notify::accepted(answer);
}

}  // namespace

Result<void> EdgeCourier::deliver(const Delivery& delivery, std::chrono::milliseconds limit) {
    if (const auto* request = std::get_if<HttpRequest>(&delivery)) return send(*request, limit);
    if (const auto* mail = std::get_if<Mail>(&delivery)) return send_mail(*mail, limit);
    if (const auto* message = std::get_if<Publication>(&delivery)) return publish(*message, limit);
    const auto& file = std::get<PublicFile>(delivery);
    return replace_public_file(file.path, file.text);
}

}  // namespace lockstep::cli
