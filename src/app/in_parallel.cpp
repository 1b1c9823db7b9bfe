// SPDX-License-Identifier: MIT
#include "app/in_parallel.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace lockstep {

void in_parallel(std::size_t count, std::size_t limit, const std::function<void(std::size_t)>& work) {
    std::atomic<std::size_t> next{0};
    std::vector<std::thread> workers;
    for (std::size_t n = 0; n < std::min(count, std::max<std::size_t>(1, limit)); ++n)
        workers.emplace_back([&] {
            for (auto at = next++; at < count; at = next++) work(at);
        });
    for (auto& worker : workers) worker.join();
}

}  // namespace lockstep
