// SPDX-License-Identifier: MIT
// One thread per sink: a sink that stalls costs the others nothing.
#include "lockstep/app/notify.hpp"

#include <exception>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace lockstep {

namespace {

Result<void> attempt(const notify::SinkRow& row, const notify::Places& places, const notify::News& news,
                     Courier& courier, std::chrono::milliseconds limit) noexcept try {
    LOCKSTEP_TRY(const auto delivery, row.compose(places, news));
    return courier.deliver(delivery, limit);
} catch (const std::exception& trouble) {
    return Error{ErrorKind::internal, "the message could not be made", trouble.what(), ""};
}

}  // namespace

void send_waiting(notify::Outbox& outbox, const notify::Places& places, const notify::News& news, Courier& courier,
                  std::chrono::milliseconds limit) {
    std::vector<std::thread> threads;
    std::vector<std::optional<Result<void>>> results(outbox.entries.size());
    for (std::size_t at = 0; at < outbox.entries.size(); ++at) {
        const auto& entry = outbox.entries[at];
        const auto* row = notify::find_sink(entry.sink);
        if (entry.state != NotificationState::waiting || row == nullptr) continue;
        const auto try_it = [&, row, at] { results[at] = attempt(*row, places, news, courier, limit); };
        try {
            threads.emplace_back(try_it);
        } catch (const std::system_error&) {  // no more threads: one after the other then
            try_it();
        }
    }
    for (auto& thread : threads) thread.join();
    for (std::size_t at = 0; at < results.size(); ++at)
        if (results[at]) notify::settle(outbox.entries[at], *results[at]);
}

}  // namespace lockstep
