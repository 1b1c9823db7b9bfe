// SPDX-License-Identifier: MIT
// The courier that this program has: one edge for each kind of message.
#pragma once

#include "lockstep/ports/courier.hpp"

namespace lockstep::cli {

class EdgeCourier final : public Courier {
public:
    [[nodiscard]] Result<void> deliver(const Delivery& delivery, std::chrono::milliseconds limit) override;
};

}  // namespace lockstep::cli
