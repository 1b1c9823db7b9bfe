// SPDX-License-Identifier: MIT
// The run's own bare repository: made beside the run's other files, borrowing objects where that is safe.
#pragma once

#include <filesystem>

#include "edges/git_checkout.hpp"

namespace lockstep {

enum class Borrow {
    when_safe,  ///< not from a shallow or partial checkout: what it lacks would be missing here too
    always,     ///< the checkout's objects are all there is; a shallow checkout stays one
};

/// Makes the repository, or takes over the one that an earlier start of the same run left. Errors: infrastructure.
[[nodiscard]] Result<void> make_private_repository(const GitCli& git, const std::filesystem::path& dir,
                                                   const CheckoutStore& store, const GitConfig& config, Borrow borrow);

}  // namespace lockstep
