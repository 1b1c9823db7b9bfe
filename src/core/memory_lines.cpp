// SPDX-License-Identifier: MIT
// Lessons as lines of JSON. A reader takes what it fully understands and leaves the rest: keys that it does not know
// are ignored, anything missing or of another type makes the line none of its lessons.
#include <nlohmann/json.hpp>

#include "lockstep/core/memory.hpp"

namespace lockstep {

namespace {

using Json = nlohmann::json;  // the ordered kind takes quadratic time for a commit of many hosts
using Moment = std::chrono::system_clock::time_point;

constexpr std::size_t k_longest = 16U << 20U;
constexpr std::int64_t k_last_ms = 9'000'000'000'000;  // the year 2255: what a system_clock of nanoseconds holds

std::int64_t ms_of(Moment time) {
    return std::chrono::floor<Millis>(time.time_since_epoch()).count();
}

Json object_of(const HostEvaluated& lesson) {
    return {{"lesson", "evaluated"},
            {"host", lesson.host},
            {"ms", lesson.duration.count()},
            {"peak_bytes", lesson.peak_bytes}};
}

Json object_of(const DerivationBuilt& lesson) {
    return {{"lesson", "built"}, {"name", lesson.name}, {"ms", lesson.duration.count()}};
}

Json object_of(const DerivationProved& lesson) {
    return {{"lesson", "proved"},
            {"drv", lesson.drv},
            {"outputs", lesson.outputs},
            {"run", lesson.run},
            {"at_ms", ms_of(lesson.at)}};
}

Json object_of(const DerivationFailed& lesson) {
    return {{"lesson", "failed"},
            {"drv", lesson.drv},
            {"name", lesson.name},
            {"class", cause_word(lesson.cls)},
            {"first_error", lesson.first_error},
            {"tail", lesson.tail},
            {"run", lesson.run},
            {"log", lesson.log},
            {"ms", lesson.duration.count()},
            {"at_ms", ms_of(lesson.at)}};
}

Json object_of(const CommitEvaluated& lesson) {
    return {{"lesson", "commit"}, {"context", lesson.context}, {"commit", lesson.commit}, {"drvs", lesson.drvs}};
}

/// Reads members; one that does not fit makes all of it unfit.
class Members {
public:
    explicit Members(const Json& object) : object_(object) {}

    void text(const char* key, std::string& value) {
        const auto* member = find(key);
        if (member == nullptr || !member->is_string()) return spoil();
        value = member->get<std::string>();
    }
    void texts(const char* key, std::vector<std::string>& values) {
        const auto* member = find(key);
        if (member == nullptr || !member->is_array()) return spoil();
        for (const auto& item : *member) {
            if (!item.is_string()) return spoil();
            values.push_back(item.get<std::string>());
        }
    }
    void map(const char* key, std::map<std::string, std::string>& values) {
        const auto* member = find(key);
        if (member == nullptr || !member->is_object()) return spoil();
        for (const auto& [name, item] : member->items()) {
            if (!item.is_string()) return spoil();
            values[name] = item.get<std::string>();
        }
    }
    void bytes(const char* key, std::uint64_t& value) {
        const auto* member = find(key);
        if (member == nullptr || !member->is_number_unsigned()) return spoil();
        value = member->get<std::uint64_t>();
    }
    void duration(const char* key, Millis& value) { value = Millis(milliseconds(key)); }
    void moment(const char* key, Moment& value) { value = Moment(Millis(milliseconds(key))); }
    void cause(const char* key, CauseClass& value) {
        std::string word;
        text(key, word);
        for (int i = 0; i <= static_cast<int>(CauseClass::unknown); ++i)
            if (cause_word(static_cast<CauseClass>(i)) == word) {
                value = static_cast<CauseClass>(i);
                return;
            }
        spoil();
    }
    [[nodiscard]] bool fit() const { return fit_; }

private:
    [[nodiscard]] const Json* find(const char* key) const {
        const auto found = object_.find(key);
        return found == object_.end() ? nullptr : &*found;
    }
    std::int64_t milliseconds(const char* key) {
        std::uint64_t value = 0;
        bytes(key, value);
        if (value > static_cast<std::uint64_t>(k_last_ms)) spoil();
        return fit_ ? static_cast<std::int64_t>(value) : 0;
    }
    void spoil() { fit_ = false; }

    const Json& object_;
    bool fit_ = true;
};

void read(Members& from, HostEvaluated& lesson) {
    from.text("host", lesson.host);
    from.duration("ms", lesson.duration);
    from.bytes("peak_bytes", lesson.peak_bytes);
}

void read(Members& from, DerivationBuilt& lesson) {
    from.text("name", lesson.name);
    from.duration("ms", lesson.duration);
}

void read(Members& from, DerivationProved& lesson) {
    from.text("drv", lesson.drv);
    from.texts("outputs", lesson.outputs);
    from.text("run", lesson.run);
    from.moment("at_ms", lesson.at);
}

void read(Members& from, DerivationFailed& lesson) {
    from.text("drv", lesson.drv);
    from.text("name", lesson.name);
    from.cause("class", lesson.cls);
    from.text("first_error", lesson.first_error);
    from.texts("tail", lesson.tail);
    from.text("run", lesson.run);
    from.text("log", lesson.log);
    from.duration("ms", lesson.duration);
    from.moment("at_ms", lesson.at);
}

void read(Members& from, CommitEvaluated& lesson) {
    from.text("context", lesson.context);
    from.text("commit", lesson.commit);
    from.map("drvs", lesson.drvs);
}

template <class T>
std::optional<Lesson> read_as(const Json& object) {
    Members members(object);
    T lesson;
    read(members, lesson);
    if (!members.fit()) return std::nullopt;
    return lesson;
}

}  // namespace

std::string lesson_line(const Lesson& lesson) {
    return std::visit(
        [](const auto& one) { return object_of(one).dump(-1, ' ', false, Json::error_handler_t::replace); }, lesson);
}

std::optional<Lesson> parse_lesson(std::string_view line) {
    if (line.size() > k_longest) return std::nullopt;
    const auto object = Json::parse(line, nullptr, false);
    if (!object.is_object()) return std::nullopt;
    const auto word = object.find("lesson");
    if (word == object.end() || !word->is_string()) return std::nullopt;
    const auto& kind = word->get_ref<const std::string&>();
    if (kind == "evaluated") return read_as<HostEvaluated>(object);
    if (kind == "built") return read_as<DerivationBuilt>(object);
    if (kind == "proved") return read_as<DerivationProved>(object);
    if (kind == "failed") return read_as<DerivationFailed>(object);
    if (kind == "commit") return read_as<CommitEvaluated>(object);
    return std::nullopt;
}

}  // namespace lockstep
