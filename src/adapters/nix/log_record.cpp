// SPDX-License-Identifier: MIT
// `--log-format internal-json`: one line, one record. Lines of build output dominate by far, so their one known shape
// has a scanner of its own (build_line.cpp); anything that deviates from it goes through the JSON library.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "adapters/nix/lines.hpp"
#include "lockstep/adapters/nix.hpp"

namespace lockstep::nix {

namespace {

using nlohmann::json;
using Kind = LogRecord::Kind;

constexpr std::string_view k_prefix = "@nix ";
constexpr int k_activity_build = 105;
constexpr int k_activity_build_waiting = 111;
constexpr int k_result_build_line = 101;
constexpr int k_result_phase = 104;
constexpr int k_result_progress = 105;
constexpr int k_result_post_build_line = 107;

std::uint64_t number(const json& value) {
    if (value.is_number_unsigned()) return value.get<std::uint64_t>();
    if (value.is_number_integer())
        return value.get<std::int64_t>() < 0 ? 0 : static_cast<std::uint64_t>(value.get<std::int64_t>());
    return 0;
}

std::uint64_t member_number(const json& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() ? 0 : number(*found);
}

int member_int(const json& object, const char* name) {
    const auto value = member_number(object, name);
    return value > 1'000'000 ? 1'000'000 : static_cast<int>(value);
}

std::string member_text(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// fields[index], or null.
const json& field(const json& record, std::size_t index) {
    static const json k_null;
    const auto fields = record.find("fields");
    return fields != record.end() && fields->is_array() && index < fields->size() ? (*fields)[index] : k_null;
}

std::string field_text(const json& record, std::size_t index) {
    const auto& value = field(record, index);
    return value.is_string() ? value.get<std::string>() : std::string();
}

void read_start(const json& in, LogRecord& out) {
    out.activity = member_int(in, "type");
    out.text = member_text(in, "text");
    if (out.activity == k_activity_build_waiting) out.kind = Kind::waiting;
    if (out.activity != k_activity_build || !field(in, 0).is_string()) return;
    out.kind = Kind::build_start;
    out.drv = field_text(in, 0);
    out.machine = field_text(in, 1);
}

void read_result(const json& in, LogRecord& out) {
    const auto type = member_int(in, "type");
    if (type == k_result_progress && field(in, 3).is_number()) {
        out.kind = Kind::progress;
        out.done = number(field(in, 0));
        out.expected = number(field(in, 1));
        out.running = number(field(in, 2));
        out.failed = number(field(in, 3));
        return;
    }
    if (!field(in, 0).is_string()) return;
    if (type == k_result_build_line || type == k_result_post_build_line) out.kind = Kind::build_line;
    if (type == k_result_phase) out.kind = Kind::build_phase;
    if (out.kind != Kind::other) out.text = field_text(in, 0);
}

std::optional<LogRecord> read_record(std::string_view text) {
    const auto in = json::parse(text, nullptr, false);
    if (!in.is_object()) return std::nullopt;
    LogRecord out;
    out.id = member_number(in, "id");
    out.level = member_int(in, "level");
    const auto action = member_text(in, "action");
    if (action == "start") read_start(in, out);
    if (action == "stop") out.kind = Kind::stop;
    if (action == "result") read_result(in, out);
    if (action == "msg") {
        out.kind = Kind::message;
        out.text = member_text(in, "msg");
    }
    return out;
}

/// Takes away what a cut may have left of a JSON escape or of a UTF-8 character at the end.
std::string_view without_torn_end(std::string_view text) {
    constexpr std::size_t k_longest_escape = 6;
    text = text.substr(0, text.find('\\', text.size() - std::min(text.size(), k_longest_escape)));
    const auto before_backslashes = text.find_last_not_of('\\');
    if (before_backslashes != std::string_view::npos && (text.size() - before_backslashes) % 2 == 0)
        text.remove_suffix(1);
    const auto is = [&](unsigned mask, unsigned bits) {
        return !text.empty() && (static_cast<unsigned char>(text.back()) & mask) == bits;
    };
    while (is(0xc0, 0x80)) text.remove_suffix(1);
    if (is(0xc0, 0xc0)) text.remove_suffix(1);
    return text;
}

/// A record of build output whose middle was dropped by the splitter: its text up to the cut, its id from the end.
std::string mend_cut_line(std::string_view line) {
    constexpr std::string_view k_record_end = R"("],"id":)";
    const auto cut = line.rfind(k_line_cut);
    const auto end = line.rfind(k_record_end);
    if (cut == std::string_view::npos || end == std::string_view::npos || end < cut) return {};
    std::string mended(without_torn_end(line.substr(0, cut)));
    mended.append(k_line_cut).append(line.substr(end));
    return mended;
}

}  // namespace

LogRecord parse_log_line_by_library(std::string_view line) {
    LogRecord plain;
    plain.kind = Kind::plain;
    if (line.starts_with(k_prefix)) {
        if (auto record = read_record(line.substr(k_prefix.size()))) return *std::move(record);
        if (const auto mended = mend_cut_line(line); !mended.empty())
            if (auto record = read_record(std::string_view(mended).substr(k_prefix.size()))) return *std::move(record);
    }
    plain.text.assign(line);
    return plain;
}

LogRecord parse_log_line(std::string_view line) {
    LogRecord record;
    if (const auto found = scan_build_line(line); found && append_text(record.text, *found)) {
        record.kind = Kind::build_line;
        record.id = found->id;
        return record;
    }
    return parse_log_line_by_library(line);
}

}  // namespace lockstep::nix
