// SPDX-License-Identifier: MIT
// The same work for many hosts: threads that wait for children, which the supervisor runs.
#pragma once

#include <cstddef>
#include <functional>

namespace lockstep {

/// Runs `work(n)` for each number below `count`, at most `limit` at the same time; returns when all are done.
void in_parallel(std::size_t count, std::size_t limit, const std::function<void(std::size_t)>& work);

}  // namespace lockstep
