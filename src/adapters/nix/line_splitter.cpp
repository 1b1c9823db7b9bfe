// SPDX-License-Identifier: MIT
// Lines out of chunks, in memory bounded by the longest line that is wanted.
#include <algorithm>

#include "adapters/nix/lines.hpp"
#include "lockstep/adapters/nix.hpp"

namespace lockstep::nix {

void LineSplitter::feed(std::string_view chunk, const std::function<void(std::string_view)>& on_line) {
    while (!chunk.empty()) {
        const auto newline = chunk.find('\n');
        const bool whole = newline != std::string_view::npos;
        const auto part = chunk.substr(0, newline);
        chunk.remove_prefix(whole ? newline + 1 : chunk.size());
        if (whole && pending_.empty() && part.size() <= max_line_) {
            on_line(part);  // nothing to put together: no copy
            continue;
        }
        take(part);
        if (whole) finish(on_line);
    }
}

void LineSplitter::take(std::string_view part) {
    const auto room = max_line_ - std::min(max_line_, pending_.size());
    pending_.append(part.substr(0, room));
    if (part.size() <= room) return;
    cut_ = true;
    part.remove_prefix(room);
    if (part.size() > k_line_end_kept) part.remove_prefix(part.size() - k_line_end_kept);
    end_.append(part);
    if (end_.size() > 2 * k_line_end_kept) end_.erase(0, end_.size() - k_line_end_kept);
}

void LineSplitter::finish(const std::function<void(std::string_view)>& on_line) {
    if (cut_) {
        pending_ += k_line_cut;
        if (end_.size() > k_line_end_kept) end_.erase(0, end_.size() - k_line_end_kept);
        pending_ += end_;
    }
    if (!pending_.empty()) on_line(pending_);
    pending_.clear();
    end_.clear();
    cut_ = false;
}

}  // namespace lockstep::nix
