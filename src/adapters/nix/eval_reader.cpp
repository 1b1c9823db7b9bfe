// SPDX-License-Identifier: MIT
// The stderr of an evaluation: our BEGIN and END lines between whatever Nix, git and the flake's own traces write.
#include <algorithm>
#include <charconv>

#include "lockstep/adapters/nix.hpp"

namespace lockstep::nix {

namespace {

constexpr std::size_t k_max_line = 64u << 10;

/// "begin 3" or "end 3 /nix/store/….drv".
std::optional<EvalEvent> read_mark(std::string_view text, std::size_t slice_size) {
    EvalEvent event;
    if (text.starts_with("begin ")) {
        text.remove_prefix(6);
    } else if (text.starts_with("end ")) {
        event.kind = EvalEvent::Kind::end;
        text.remove_prefix(4);
    } else {
        return std::nullopt;
    }
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), event.index);
    if (error != std::errc{} || event.index >= slice_size) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    if (event.kind == EvalEvent::Kind::begin) return text.empty() ? std::optional(event) : std::nullopt;
    if (!text.starts_with(" /") || !text.ends_with(".drv")) return std::nullopt;
    event.drv = text.substr(1);
    return event;
}

}  // namespace

EvalReader::EvalReader(std::string nonce, std::size_t slice_size)
    : mark_("lockstep-" + std::move(nonce) + " "), slice_size_(slice_size) {}

void EvalReader::feed(std::string_view chunk, const std::function<void(const EvalEvent&)>& on_event,
                      const std::function<void(std::string_view)>& on_text) {
    while (!chunk.empty()) {
        const auto end = chunk.find_first_of("\n\r");
        const auto part = chunk.substr(0, end);
        pending_.append(part.substr(0, k_max_line - std::min(k_max_line, pending_.size())));
        if (end == std::string_view::npos) return;
        chunk.remove_prefix(end + 1);
        finish(on_event, on_text);
    }
}

void EvalReader::finish(const std::function<void(const EvalEvent&)>& on_event,
                        const std::function<void(std::string_view)>& on_text) {
    line(pending_, on_event, on_text);
    pending_.clear();
}

void EvalReader::line(std::string_view text, const std::function<void(const EvalEvent&)>& on_event,
                      const std::function<void(std::string_view)>& on_text) {
    // Not only at the start of a line: git may have left an unfinished one there.
    const auto at = text.find(mark_);
    if (at != std::string_view::npos) {
        if (const auto event = read_mark(text.substr(at + mark_.size()), slice_size_)) {
            auto before = text.substr(0, at);
            if (before.ends_with("trace: ")) before.remove_suffix(7);
            if (!before.empty()) on_text(before);
            on_event(*event);
            return;
        }
    }
    if (!text.empty()) on_text(text);
}

}  // namespace lockstep::nix
