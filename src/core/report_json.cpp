// SPDX-License-Identifier: MIT
// report.json, the record of a run. Times are kept to the millisecond; a time that was never set is null.
#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/lockfile_url.hpp"
#include "core/report_fields.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

using Json = nlohmann::ordered_json;

Json time_value(TimePoint time) {
    if (time == TimePoint{}) return nullptr;
    const auto whole = std::chrono::floor<std::chrono::seconds>(time);
    const auto ms = std::chrono::floor<std::chrono::milliseconds>(time - whole).count();
    auto text = format_utc(time);
    if (ms != 0 && text.ends_with('Z')) text.replace(text.size() - 1, 1, fmt::format(".{:03}Z", ms));
    return text;
}

class Writer {
public:
    explicit Writer(Json& out) : out_(out) {}

    void text(const char* key, const std::string& value) { out_[key] = clean_text(value); }
    void filled(const char* key, const std::string& value) {
        if (auto clean = clean_text(value); !clean.empty()) out_[key] = std::move(clean);
    }
    void filled_number(const char* key, std::int64_t value) {
        if (value != 0) number(key, value);
    }
    void address(const char* key, const std::string& value) { filled(key, without_secrets(value)); }
    void maybe_text(const char* key, const std::optional<std::string>& value) {
        out_[key] = value ? Json(clean_text(*value)) : Json(nullptr);
    }
    void texts(const char* key, const std::vector<std::string>& values) {
        auto& list = out_[key] = Json::array();
        for (const auto& value : values) list.push_back(clean_text(value));
    }
    void flag(const char* key, bool value) { out_[key] = value; }
    template <class N>
    void count(const char* key, N value) {
        out_[key] = static_cast<std::uint64_t>(std::max(value, N{0}));
    }
    void number(const char* key, std::int64_t value) { out_[key] = value; }
    void time(const char* key, TimePoint value) { out_[key] = time_value(value); }
    void seconds(const char* key, Millis value) { out_[key] = static_cast<double>(value.count()) / 1000.0; }
    template <class E>
    void word(const char* key, E value, std::string_view (*name)(E), E /*last*/) {
        out_[key] = std::string(name(value));
    }
    void exit_code(const char* key, const char* word_key, ExitCode code) {
        out_[key] = static_cast<int>(code);
        out_[word_key] = std::string(exit_code_word(code));
    }
    [[nodiscard]] static bool since(int /*minor*/) { return true; }
    template <class F>
    void group(const char* key, const F& fill) {
        Writer inner(out_[key] = Json::object());
        fill(inner);
    }
    template <class T, class F>
    void list(const char* key, const std::vector<T>& items, const F& fill) {
        auto& list = out_[key] = Json::array();
        for (const auto& item : items) {
            Json object = Json::object();
            Writer inner(object);
            fill(inner, item);
            list.push_back(std::move(object));
        }
    }
    template <class T, class F>
    void maybe(const char* key, const std::optional<T>& item, const F& fill) {
        auto& value = out_[key] = nullptr;
        if (!item) return;
        value = Json::object();
        Writer inner(value);
        fill(inner, *item);
    }

private:
    Json& out_;
};

}  // namespace

std::string report_json(const RunReport& report) {
    RunReport sorted = report;
    std::stable_sort(sorted.hosts.begin(), sorted.hosts.end(),
                     [](const HostResult& a, const HostResult& b) { return clean_text(a.name) < clean_text(b.name); });
    Json root = Json::object();
    root["schema"] = "lockstep-report/1.4";
    Writer writer(root);
    const RunReport& source = sorted;
    report_fields::everything(writer, source);
    return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lockstep
