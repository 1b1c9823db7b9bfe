// SPDX-License-Identifier: MIT
// report.json back into a RunReport. Unknown keys are ignored, so that a report of a later 1.x can be read, and so is
// the lack of what an earlier one had not got yet; any other missing key or a value of the wrong kind is an error that
// names its place.
#include <chrono>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/report_fields.hpp"
#include "lockstep/core/json_depth.hpp"

namespace lockstep {

namespace {

using Json = nlohmann::json;

constexpr std::size_t k_max_bytes = 256U << 20U;
constexpr std::size_t k_max_depth = 32;

bool read_digits(std::string_view text, std::size_t at, std::size_t count, int& value) {
    value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        if (i >= text.size() || text[i] < '0' || text[i] > '9') return false;
        value = value * 10 + (text[i] - '0');
    }
    return true;
}

/// "2026-11-21T02:00:00Z" or with ".123" before the Z; what report_json writes and nothing else.
bool read_time(std::string_view text, TimePoint& time) {
    namespace chrono = std::chrono;
    int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0, ms = 0;
    const bool shape = (text.size() == 20 || text.size() == 24) && text[4] == '-' && text[7] == '-' &&
                       text[10] == 'T' && text[13] == ':' && text[16] == ':' && text.back() == 'Z';
    if (!shape || !read_digits(text, 0, 4, y) || !read_digits(text, 5, 2, mo) || !read_digits(text, 8, 2, d) ||
        !read_digits(text, 11, 2, h) || !read_digits(text, 14, 2, mi) || !read_digits(text, 17, 2, s))
        return false;
    if (text.size() == 24 && (text[19] != '.' || !read_digits(text, 20, 3, ms))) return false;
    const chrono::year_month_day day(chrono::year(y), chrono::month(static_cast<unsigned>(mo)),
                                     chrono::day(static_cast<unsigned>(d)));
    if (!day.ok() || h > 23 || mi > 59 || s > 59) return false;
    // system_clock counts nanoseconds in 64 bits: years outside of this range would overflow.
    if (y < 1678 || y > 2261) return false;
    time =
        chrono::sys_days(day) + chrono::hours(h) + chrono::minutes(mi) + chrono::seconds(s) + chrono::milliseconds(ms);
    return true;
}

class Reader {
public:
    Reader(const Json& in, std::string path, int minor, std::string& problem)
        : in_(in), path_(std::move(path)), minor_(minor), problem_(problem) {
        if (!in_.is_object()) fail(path_, "is not an object");
    }

    [[nodiscard]] bool since(int minor) const { return minor_ >= minor; }

    void text(const char* key, std::string& value) { string(at(key), place(key), value); }
    void filled(const char* key, std::string& value) {
        if (has(key)) text(key, value);
    }
    void filled_number(const char* key, std::int64_t& value) {
        if (has(key)) number(key, value);
    }
    void address(const char* key, std::string& value) { filled(key, value); }
    void maybe_text(const char* key, std::optional<std::string>& value) {
        const auto* found = at(key);
        if (found == nullptr || found->is_null()) return;
        string(found, place(key), value.emplace());
    }
    void texts(const char* key, std::vector<std::string>& values) {
        const auto* found = array(key);
        if (found == nullptr) return;
        for (std::size_t i = 0; i < found->size(); ++i)
            string(&(*found)[i], fmt::format("{}[{}]", place(key), i), values.emplace_back());
    }
    void flag(const char* key, bool& value) {
        const auto* found = at(key);
        if (found == nullptr) return;
        if (!found->is_boolean()) return fail(place(key), "is not true or false");
        value = found->get<bool>();
    }
    template <class N>
    void count(const char* key, N& value) {
        const auto* found = at(key);
        if (found == nullptr) return;
        if (!found->is_number_unsigned()) return fail(place(key), "is not a count");
        const auto number = found->get<std::uint64_t>();
        if (number > static_cast<std::uint64_t>(std::numeric_limits<N>::max())) return fail(place(key), "is too large");
        value = static_cast<N>(number);
    }
    void number(const char* key, std::int64_t& value) {
        const auto* found = at(key);
        if (found == nullptr) return;
        const bool fits = found->is_number_integer() &&
                          (!found->is_number_unsigned() || found->get<std::uint64_t>() <= k_max_integer);
        if (!fits) return fail(place(key), "is not a whole number");
        value = found->get<std::int64_t>();
    }
    void time(const char* key, TimePoint& value) {
        const auto* found = at(key);
        if (found == nullptr || found->is_null()) return;
        if (!found->is_string() || !read_time(found->get_ref<const std::string&>(), value))
            fail(place(key), "is not a time like 2026-11-21T02:00:00Z");
    }
    void seconds(const char* key, Millis& value) {
        const auto* found = at(key);
        if (found == nullptr) return;
        if (!found->is_number() || std::abs(found->get<double>()) > 1e12)
            return fail(place(key), "is not a number of seconds");
        value = Millis(std::llround(found->get<double>() * 1000.0));
    }
    template <class E>
    void word(const char* key, E& value, std::string_view (*name)(E), E last) {
        std::string text;
        string(at(key), place(key), text);
        for (int i = 0; i <= static_cast<int>(last); ++i) {
            if (name(static_cast<E>(i)) != text) continue;
            value = static_cast<E>(i);
            return;
        }
        fail(place(key), "is not a word that this version knows");
    }
    void exit_code(const char* key, const char* /*word_key*/, ExitCode& code) {
        std::int64_t value = -1;
        number(key, value);
        for (const auto known : k_exit_codes) {
            if (static_cast<std::int64_t>(known) != value) continue;
            code = known;
            return;
        }
        fail(place(key), "is not a known exit code");
    }
    template <class F>
    void group(const char* key, const F& fill) {
        const auto* found = at(key);
        if (found == nullptr) return;
        Reader inner(*found, place(key), minor_, problem_);
        fill(inner);
    }
    template <class T, class F>
    void list(const char* key, std::vector<T>& items, const F& fill) {
        const auto* found = array(key);
        if (found == nullptr) return;
        for (std::size_t i = 0; i < found->size() && problem_.empty(); ++i) {
            Reader inner((*found)[i], fmt::format("{}[{}]", place(key), i), minor_, problem_);
            fill(inner, items.emplace_back());
        }
    }
    template <class T, class F>
    void maybe(const char* key, std::optional<T>& item, const F& fill) {
        const auto* found = at(key);
        if (found == nullptr || found->is_null()) return;
        Reader inner(*found, place(key), minor_, problem_);
        fill(inner, item.emplace(T{}));
    }

private:
    static constexpr auto k_max_integer = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    static constexpr ExitCode k_exit_codes[] = {
        ExitCode::ok,
        ExitCode::nothing_to_do,
        ExitCode::hosts_failed,
        ExitCode::hosts_failed_no_pr,
        ExitCode::base_moved,
        ExitCode::base_refused,
        ExitCode::infrastructure,
        ExitCode::credentials,
        ExitCode::alarm,
        ExitCode::deploy_unknown,
        ExitCode::deploy_rolled_back,
        ExitCode::approval_missing,
        ExitCode::usage,
        ExitCode::internal,
        ExitCode::locked,
        ExitCode::config,
        ExitCode::interrupted,
        ExitCode::terminated,
    };

    [[nodiscard]] std::string place(const char* key) const { return path_.empty() ? key : path_ + "." + key; }

    [[nodiscard]] bool has(const char* key) const { return in_.is_object() && in_.contains(key); }

    const Json* at(const char* key) {
        if (!in_.is_object()) return nullptr;
        const auto found = in_.find(key);
        if (found != in_.end()) return &*found;
        fail(place(key), "is missing");
        return nullptr;
    }
    const Json* array(const char* key) {
        const auto* found = at(key);
        if (found == nullptr || found->is_array()) return found;
        fail(place(key), "is not a list");
        return nullptr;
    }
    void string(const Json* found, const std::string& where, std::string& value) {
        if (found == nullptr) return;
        if (!found->is_string()) return fail(where, "is not a text");
        value = found->get_ref<const std::string&>();
    }
    void fail(const std::string& where, std::string_view what) {
        if (problem_.empty()) problem_ = fmt::format("{} {}", where.empty() ? "the document" : where, what);
    }

    const Json& in_;
    std::string path_;
    int minor_;
    std::string& problem_;
};

/// 7 of "lockstep-report/1.7".
std::optional<int> minor_version(const Json& root) {
    constexpr std::string_view k_prefix = "lockstep-report/1.";
    const auto schema = root.find("schema");
    if (schema == root.end() || !schema->is_string()) return std::nullopt;
    std::string_view text = schema->get_ref<const std::string&>();
    if (!text.starts_with(k_prefix)) return std::nullopt;
    text.remove_prefix(k_prefix.size());
    int minor = 0;
    if (text.empty() || text.size() > 6 || !read_digits(text, 0, text.size(), minor)) return std::nullopt;
    return minor;
}

Error unusable(std::string why) {
    return Error{ErrorKind::config, "the report cannot be read", std::move(why),
                 "it must be the report.json of a run, written by lockstep 1.x of its format"};
}

}  // namespace

Result<RunReport> report_from_json(std::string_view text) {
    if (text.size() > k_max_bytes) return unusable("it is larger than 256 MiB");
    if (json_depth(text) > k_max_depth) return unusable("it is nested too deeply");
    const auto root = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!root.is_object()) return unusable("it is not a JSON object");
    const auto minor = minor_version(root);
    if (!minor) return unusable("its \"schema\" is not \"lockstep-report/1.x\"");
    std::string problem;
    RunReport report;
    Reader reader(root, "", *minor, problem);
    report_fields::everything(reader, report);
    if (!problem.empty()) return unusable(problem);
    return report;
}

}  // namespace lockstep
