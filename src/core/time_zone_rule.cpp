// SPDX-License-Identifier: MIT
// Rules for clocks as POSIX writes them in TZ: read, and applied to a moment.
#include <charconv>
#include <utility>

#include "lockstep/core/time_zone.hpp"

namespace lockstep {

namespace {

using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

/// Reads from the front; what does not fit leaves `bad`.
class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    [[nodiscard]] bool done() const { return text_.empty(); }
    [[nodiscard]] bool bad() const { return bad_; }
    [[nodiscard]] bool next_is(char c) const { return !text_.empty() && text_.front() == c; }
    [[nodiscard]] bool next_is_digit() const { return !text_.empty() && text_.front() >= '0' && text_.front() <= '9'; }
    bool take(char c) {
        if (!next_is(c)) return false;
        text_.remove_prefix(1);
        return true;
    }
    void expect(char c) { bad_ = !take(c) || bad_; }

    int number(int least, int most) {
        int value = 0;
        const auto* end = text_.data() + text_.size();
        const auto [stop, problem] = std::from_chars(text_.data(), end, value);
        if (!next_is_digit() || problem != std::errc{} || value < least || value > most) {
            bad_ = true;
            return least;
        }
        text_.remove_prefix(static_cast<std::size_t>(stop - text_.data()));
        return value;
    }

    /// "CET", "<+0330>".
    void name() {
        if (take('<')) {
            const auto end = text_.find('>');
            bad_ = bad_ || end == std::string_view::npos;
            text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
            return;
        }
        std::size_t length = 0;
        while (length < text_.size() && ((text_[length] | 0x20) >= 'a' && (text_[length] | 0x20) <= 'z')) ++length;
        bad_ = bad_ || length < 3;
        text_.remove_prefix(length);
    }

    /// "-1", "3:30", "-167:59:59".
    seconds time() {
        const bool minus = take('-');
        if (!minus) take('+');
        seconds value = std::chrono::hours(number(0, 167));
        if (take(':')) value += std::chrono::minutes(number(0, 59));
        if (take(':')) value += seconds(number(0, 59));
        return minus ? -value : value;
    }

private:
    std::string_view text_;
    bool bad_ = false;
};

ClockChange change(Reader& reader) {
    ClockChange change;
    if (reader.take('M')) {
        change.month = reader.number(1, 12);
        reader.expect('.');
        change.week = reader.number(1, 5);
        reader.expect('.');
        change.weekday = reader.number(0, 6);
    } else if (reader.take('J')) {
        change.kind = ClockChange::Kind::julian;
        change.day = reader.number(1, 365);
    } else {
        change.kind = ClockChange::Kind::day_of_year;
        change.day = reader.number(0, 365);
    }
    if (reader.take('/')) change.time = reader.time();
    return change;
}

sys_days day_of(const ClockChange& change, std::chrono::year year) {
    const sys_days first{year / std::chrono::January / 1};
    switch (change.kind) {
        case ClockChange::Kind::nth_weekday: {
            const std::chrono::month month(static_cast<unsigned>(change.month));
            const std::chrono::weekday weekday(static_cast<unsigned>(change.weekday));
            if (change.week == 5) return sys_days{year / month / weekday[std::chrono::last]};
            return sys_days{year / month / weekday[static_cast<unsigned>(change.week)]};
        }
        case ClockChange::Kind::julian:
            return first + days(change.day - 1 + (year.is_leap() && change.day > 59 ? 1 : 0));
        case ClockChange::Kind::day_of_year:
            break;
    }
    return first + days(change.day);
}

}  // namespace

seconds ClockRule::offset_at(sys_seconds time) const {
    if (!summer) return standard;
    const std::chrono::year_month_day date(std::chrono::floor<days>(time + standard));
    // The times on those days are by the clock that is about to be changed.
    const sys_seconds begin = day_of(summer->begin, date.year()) + summer->begin.time - standard;
    const sys_seconds end = day_of(summer->end, date.year()) + summer->end.time - summer->offset;
    const bool is_summer = begin <= end ? time >= begin && time < end : time >= begin || time < end;
    return is_summer ? summer->offset : standard;
}

std::optional<ClockRule> parse_clock_rule(std::string_view text) {
    Reader reader(text);
    ClockRule rule;
    reader.name();
    rule.standard = -reader.time();
    if (!reader.done()) {
        auto& summer = rule.summer.emplace();
        reader.name();
        summer.offset = reader.next_is(',') ? rule.standard + std::chrono::hours(1) : -reader.time();
        reader.expect(',');
        summer.begin = change(reader);
        reader.expect(',');
        summer.end = change(reader);
    }
    if (reader.bad() || !reader.done()) return std::nullopt;
    return rule;
}

}  // namespace lockstep
