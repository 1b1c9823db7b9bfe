// SPDX-License-Identifier: MIT
// The one file that knows libnats (3.0 or newer; 3.4.1 is Debian 12's).
#include "edges/nats_publish.hpp"

#include <fmt/format.h>
#include <nats/nats.h>

#include <algorithm>
#include <memory>

#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

using Clock = std::chrono::steady_clock;
using Options = std::unique_ptr<natsOptions, decltype(&natsOptions_Destroy)>;
using Connection = std::unique_ptr<natsConnection, decltype(&natsConnection_Destroy)>;
using Message = std::unique_ptr<natsMsg, decltype(&natsMsg_Destroy)>;

/// libnats writes such errors to standard error when nobody takes them.
void ignore(natsConnection*, natsSubscription*, natsStatus, void*) {}

bool is_refusal(natsStatus status) {
    return status == NATS_CONNECTION_AUTH_FAILED || status == NATS_NOT_PERMITTED;
}

Error failed(const Publication& message, natsStatus status, std::string_view words, std::chrono::milliseconds limit) {
    const auto what = "the event was not taken by " + clean_line(message.url, 200);
    if (status == NATS_TIMEOUT)
        return {ErrorKind::infrastructure, what, "it took longer than " + format_duration(limit), ""};
    auto why = clean_line(words.empty() ? natsStatus_GetText(status) : words, 300);
    if (is_refusal(status))
        return {ErrorKind::credentials, what, std::move(why), "let this machine publish to " + message.subject};
    return {ErrorKind::infrastructure, what, std::move(why), ""};
}

natsStatus configure(natsOptions* options, const Publication& message, std::int64_t limit) {
    auto status = natsOptions_SetURL(options, message.url.c_str());
    if (status == NATS_OK) status = natsOptions_SetName(options, "lockstep");
    if (status == NATS_OK) status = natsOptions_SetTimeout(options, limit);
    if (status == NATS_OK) status = natsOptions_SetWriteDeadline(options, limit);
    if (status == NATS_OK) status = natsOptions_SetAllowReconnect(options, false);
    if (status == NATS_OK) status = natsOptions_SetErrorHandler(options, &ignore, nullptr);
    if (status == NATS_OK && message.url.rfind("tls://", 0) == 0) status = natsOptions_SetSecure(options, true);
    return status;
}

/// With the id as a header where the server knows headers: JetStream drops what it has seen.
natsStatus send(natsConnection* connection, const Publication& message) {
    natsMsg* raw = nullptr;
    const auto made = natsMsg_Create(&raw, message.subject.c_str(), nullptr, message.body.data(),
                                     static_cast<int>(message.body.size()));
    if (made != NATS_OK) return made;
    const Message owned(raw, &natsMsg_Destroy);
    if (natsConnection_HasHeaderSupport(connection) == NATS_OK)
        if (const auto status = natsMsgHeader_Set(raw, "Nats-Msg-Id", message.id.c_str()); status != NATS_OK)
            return status;
    return natsConnection_PublishMsg(connection, raw);
}

}  // namespace

Result<void> publish(const Publication& message, std::chrono::milliseconds limit) {
    const auto end = Clock::now() + limit;
    natsOptions* raw_options = nullptr;
    if (const auto status = natsOptions_Create(&raw_options); status != NATS_OK)
        return failed(message, status, "", limit);
    const Options options(raw_options, &natsOptions_Destroy);
    if (const auto status = configure(raw_options, message, std::max<std::int64_t>(1, limit.count()));
        status != NATS_OK)
        return failed(message, status, "", limit);
    natsConnection* raw = nullptr;
    if (const auto status = natsConnection_Connect(&raw, raw_options); status != NATS_OK) {
        const char* words = nats_GetLastError(nullptr);
        return failed(message, status, words == nullptr ? "" : words, limit);
    }
    const Connection connection(raw, &natsConnection_Destroy);
    auto status = send(raw, message);
    // The server answers the ping of a flush after what came before it, and so after refusing that.
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    if (status == NATS_OK) status = natsConnection_FlushTimeout(raw, std::max<std::int64_t>(1, left));
    const char* words = nullptr;
    if (status == NATS_OK) status = natsConnection_GetLastError(raw, &words);
    if (status != NATS_OK) return failed(message, status, words == nullptr ? "" : words, limit);
    return {};
}

}  // namespace lockstep
