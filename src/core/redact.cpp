// SPDX-License-Identifier: MIT
// The stream: text between candidates is passed on in one piece; what begins at a candidate is covered, even where
// several secrets overlap.
#include "lockstep/core/redact.hpp"

#include <algorithm>

#include "core/redact_patterns.hpp"

namespace lockstep {

void Redactor::feed(std::string_view bytes, std::string& out) {
    if (held_.empty()) {
        held_ = bytes.substr(scan(bytes, false, out));
        return;
    }
    held_.append(bytes);
    held_.erase(0, scan(held_, false, out));
}

void Redactor::finish(std::string& out) {
    scan(held_, true, out);
    held_.clear();
    covered_ = ahead_ = ahead_length_ = 0;
    swallow_ = Tail::nothing;
}

/// Passes on bytes of which it is known that nothing begins in them.
void Redactor::pass(std::string_view text, std::string& out) {
    const auto hidden = std::min(covered_, text.size());
    covered_ -= hidden;
    if (ahead_length_ != 0) ahead_ -= text.size();
    out.append(text.substr(hidden));
}

void Redactor::cover(std::size_t length, std::string& out) {
    if (covered_ == 0) out.append(k_redacted);
    covered_ = std::max(covered_, length);
}

/// Returns how many bytes are decided.
std::size_t Redactor::scan(std::string_view text, bool final, std::string& out) {
    const auto& table = *patterns_->table_;
    std::size_t done = 0, at = 0;
    const auto pass_until = [&](std::size_t to) {
        pass(text.substr(done, to - done), out);
        done = to;
    };
    while (at < text.size()) {
        if (ahead_length_ != 0 && at == done + ahead_) {
            pass_until(at);
            cover(ahead_length_, out);
            ahead_length_ = 0;
            swallow_ = ahead_swallow_;
        }
        if (swallow_ != Tail::nothing) {
            pass_until(at);
            if (continues(swallow_, text[at]))
                covered_ = std::max<std::size_t>(covered_, 1);
            else
                swallow_ = Tail::nothing;
        } else {
            auto next = table.candidate(text, at);
            if (ahead_length_ != 0) next = std::min(next, done + ahead_);
            at = next;
            if (at == text.size() || (ahead_length_ != 0 && at == done + ahead_)) {
                if (at == text.size()) break;
                continue;
            }
        }
        RedactionPatterns::Table::Match literal, other;
        table.match(text, at, final, literal, other);
        if (literal.unknown || other.unknown) break;
        if (literal.length != 0) {
            pass_until(at);
            cover(literal.length, out);
        }
        if (other.length != 0) {
            pass_until(at);
            if (other.ahead == 0) {
                cover(other.length, out);
                swallow_ = other.tail;
            } else {
                ahead_ = other.ahead;
                ahead_length_ = other.length;
                ahead_swallow_ = other.tail;
            }
        }
        ++at;
    }
    pass_until(at);
    return at;
}

std::string redacted(std::string_view text, const std::shared_ptr<const RedactionPatterns>& patterns) {
    std::string out;
    out.reserve(text.size());
    Redactor redactor(patterns);
    redactor.feed(text, out);
    redactor.finish(out);
    return out;
}

}  // namespace lockstep
