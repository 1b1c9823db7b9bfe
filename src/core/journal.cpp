// SPDX-License-Identifier: MIT
// Lines of a journal, there and back.
#include "lockstep/core/journal.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "lockstep/core/check.hpp"
#include "lockstep/core/crc32.hpp"
#include "lockstep/core/json_depth.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t k_longest_line = 1U << 20U;
constexpr std::size_t k_deepest = 32;
constexpr std::string_view k_crc_key = R"(,"crc":")";
constexpr std::size_t k_crc_size = 8 + 8 + 2;  // key, digits, quote and brace

std::string one_line(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<JournalRecord> read_line(std::string_view line) {
    if (line.size() < k_crc_size || line.size() > k_longest_line || json_depth(line) > k_deepest) return std::nullopt;
    const auto body = line.substr(0, line.size() - k_crc_size);
    if (line.substr(body.size()) != fmt::format("{}{:08x}\"}}", k_crc_key, crc32(body))) return std::nullopt;
    const auto json = Json::parse(line, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    const auto text = [&](const char* key) -> const std::string* {
        const auto found = json.find(key);
        return found != json.end() && found->is_string() ? &found->get_ref<const std::string&>() : nullptr;
    };
    const auto seq = json.find("seq"), data = json.find("data");
    const auto *time = text("time"), *kind = text("kind"), *step = text("step");
    if (seq == json.end() || !seq->is_number_unsigned() || data == json.end() || !data->is_object() ||
        time == nullptr || kind == nullptr || step == nullptr)
        return std::nullopt;
    const auto when = parse_utc(*time);
    if (!when.ok() || (*kind != "intent" && *kind != "outcome" && *kind != "fact")) return std::nullopt;
    return JournalRecord{seq->get<std::uint64_t>(), when.value(), *kind, *step, one_line(*data)};
}

}  // namespace

std::string journal_data(const JournalData& data) {
    Json object = Json::object();
    for (const auto& [key, value] : data)
        std::visit([&, name = std::string(key)](const auto& held) { object[name] = held; }, value);
    return one_line(object);
}

std::string journal_line(std::uint64_t seq, std::string_view time, std::string_view kind, std::string_view step,
                         std::string_view data_json) {
    auto data = Json::parse(data_json, nullptr, false);
    // Foreign bytes in a text of it are no reason to end a run.
    if (data.is_discarded()) data = Json::parse(clean_text(data_json), nullptr, false);
    LOCKSTEP_CHECK(data.is_object());
    std::string line =
        one_line(Json{{"seq", seq}, {"time", time}, {"kind", kind}, {"step", step}, {"data", std::move(data)}});
    line.pop_back();  // the closing brace: crc comes before it
    return line + fmt::format("{}{:08x}\"}}", k_crc_key, crc32(line));
}

JournalReading read_journal(std::string_view text) {
    JournalReading reading;
    std::uint64_t number = 0;
    std::optional<std::uint64_t> unreadable;  // tolerated when a later line takes its place
    while (!text.empty()) {
        ++number;
        const auto end = text.find('\n');
        const bool ended = end != std::string_view::npos;
        const auto line = text.substr(0, end);
        text.remove_prefix(ended ? end + 1 : text.size());
        auto record = ended ? read_line(line) : std::nullopt;  // a record counts when its line feed is there too
        auto& records = reading.records;
        if (!record) {
            if (!unreadable) unreadable = number;
        } else if (record->seq == records.size()) {
            unreadable.reset();
            records.push_back(*std::move(record));
        } else if (record->seq + 1 == records.size()) {
            // The disk refused to sync the first one, so that its writer did not go on with it.
            unreadable.reset();
            records.back() = *std::move(record);
        } else {
            reading.damaged_line = unreadable.value_or(number);
            return reading;
        }
    }
    reading.torn = unreadable.has_value();
    return reading;
}

}  // namespace lockstep
