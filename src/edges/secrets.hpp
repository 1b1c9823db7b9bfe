// SPDX-License-Identifier: MIT
// Every secret that this process has read, in one place: whoever reads one adds it here before using it, and every way
// out of the process (logs, journal, reports, console, forge) asks here what must not pass.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/redact.hpp"

namespace lockstep {

/// Thread-safe. A stream that began before a secret was added does not look for it.
class Secrets {
public:
    Secrets();
    /// Known ones and those too short to be looked for are no news.
    void add(std::string_view secret);
    /// For values that may as well be a plain word (a variable called X_TOKEN, the user of an address): added only when
    /// it looks random, because a plain word taken out of every text would make them unreadable.
    void add_if_random(std::string_view value);
    [[nodiscard]] std::shared_ptr<const RedactionPatterns> patterns() const;
    [[nodiscard]] std::string redacted(std::string_view text) const;

private:
    mutable std::mutex mutex_;
    std::vector<std::string> secrets_;
    std::shared_ptr<const RedactionPatterns> patterns_;
};

}  // namespace lockstep
