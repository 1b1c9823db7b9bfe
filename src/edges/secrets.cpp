// SPDX-License-Identifier: MIT
// Secrets are few and are read once: compiling anew for each is cheap.
#include "edges/secrets.hpp"

#include <algorithm>

#include "lockstep/core/text.hpp"

namespace lockstep {

Secrets::Secrets() : patterns_(std::make_shared<const RedactionPatterns>(std::vector<std::string>{})) {}

void Secrets::add(std::string_view secret) {
    const std::string text(trim(secret));
    if (text.size() < RedactionPatterns::k_shortest) return;
    const std::lock_guard lock(mutex_);
    if (std::find(secrets_.begin(), secrets_.end(), text) != secrets_.end()) return;
    secrets_.push_back(text);
    patterns_ = std::make_shared<const RedactionPatterns>(secrets_);
}

void Secrets::add_if_random(std::string_view value) {
    const auto text = trim(value);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const bool address = text.find("://") != std::string_view::npos || text.starts_with('/');
    if (text.size() >= 16 && !address && std::count_if(text.begin(), text.end(), is_digit) >= 2) add(text);
}

std::shared_ptr<const RedactionPatterns> Secrets::patterns() const {
    const std::lock_guard lock(mutex_);
    return patterns_;
}

std::string Secrets::redacted(std::string_view text) const {
    return lockstep::redacted(text, patterns());
}

}  // namespace lockstep
