// SPDX-License-Identifier: MIT
// Folding lessons into answers.
#include "lockstep/core/memory.hpp"

#include <algorithm>

#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

/// The lower one of two in the middle.
std::optional<Millis> median(std::vector<Millis> values) {
    if (values.empty()) return std::nullopt;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

template <class T>
void push(std::deque<T>& samples, T sample) {
    samples.push_back(std::move(sample));
    if (samples.size() > Recollection::k_samples) samples.pop_front();
}

/// The value that stands `back` places before the end when both ends are aligned, or T{}.
template <class T>
T from_end(const std::deque<T>& samples, std::size_t back) {
    return back < samples.size() ? samples[samples.size() - 1 - back] : T{};
}

/// Whether the same derivation would fail again whoever builds it.
bool is_own_fault(CauseClass cls) {
    return cls == CauseClass::builder_failed || cls == CauseClass::hash_mismatch || cls == CauseClass::output_missing ||
           cls == CauseClass::not_deterministic;
}

/// "128.0.3.tar.xz" → "tar.xz", "26.11.20261121.abcdef0" → "": versions end in numbers and hashes, files in short
/// words.
std::string_view file_type(std::string_view version) {
    const auto is_type = [](std::string_view part) {
        return part.size() >= 2 && part.size() <= 5 &&
               std::all_of(part.begin(), part.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    };
    const auto dot = version.rfind('.');
    if (dot == std::string_view::npos || !is_type(version.substr(dot + 1))) return {};
    const auto tar = version.rfind(".tar.");
    return version.substr((tar == std::string_view::npos ? dot : tar) + 1);
}

}  // namespace

std::string versionless_name(std::string_view derivation_name) {
    std::vector<std::string> kept;
    for (const auto& part : split(derivation_name, '-')) {
        const bool version = !kept.empty() && !part.empty() && part.front() >= '0' && part.front() <= '9';
        if (!version)
            kept.push_back(part);
        else if (const auto type = file_type(part); !type.empty())
            kept.emplace_back(type);
    }
    return join(kept, "-");
}

void Recollection::take(const Lesson& lesson) {
    std::visit([this](const auto& one) { take_one(one); }, lesson);
}

void Recollection::take_one(const HostEvaluated& lesson) {
    if (lesson.host.empty() || (lesson.duration.count() <= 0 && lesson.peak_bytes == 0)) return;
    auto& host = hosts_.touch(lesson.host);
    if (lesson.duration.count() > 0) push(host.durations, lesson.duration);
    if (lesson.peak_bytes != 0) push(host.peaks, lesson.peak_bytes);
}

void Recollection::take_one(const DerivationBuilt& lesson) {
    if (lesson.name.empty() || lesson.duration.count() < 0) return;
    push(builds_.touch(versionless_name(lesson.name)), Build{lesson.name, lesson.duration});
}

void Recollection::take_one(const DerivationProved& lesson) {
    if (lesson.drv.empty()) return;
    failed_.forget(lesson.drv);
    proved_.touch(lesson.drv) = lesson;
}

void Recollection::take_one(const DerivationFailed& lesson) {
    if (lesson.drv.empty() || !is_own_fault(lesson.cls)) return;
    auto& kept = failed_.touch(lesson.drv) = lesson;
    const auto lines = std::min(kept.tail.size(), k_tail_lines);
    kept.tail.erase(kept.tail.begin(), kept.tail.end() - static_cast<std::ptrdiff_t>(lines));
    for (auto& line : kept.tail) line.resize(cut_utf8(line, k_line_bytes).size());
    kept.first_error.resize(cut_utf8(kept.first_error, k_line_bytes).size());
}

void Recollection::take_one(const CommitEvaluated& lesson) {
    if (lesson.commit.empty()) return;
    commits_.touch({lesson.context, lesson.commit}) = lesson.drvs;
}

std::optional<Millis> Recollection::evaluation_time(const std::string& host) const {
    const auto* known = hosts_.find(host);
    if (known == nullptr) return std::nullopt;
    return median({known->durations.begin(), known->durations.end()});
}

std::uint64_t Recollection::evaluation_memory(const std::string& host) const {
    const auto* known = hosts_.find(host);
    if (known == nullptr || known->peaks.empty()) return 0;
    return *std::max_element(known->peaks.begin(), known->peaks.end());
}

std::optional<Millis> Recollection::build_time(const std::string& derivation_name) const {
    const auto* known = builds_.find(versionless_name(derivation_name));
    if (known == nullptr) return std::nullopt;
    std::vector<Millis> same, all;
    for (const auto& build : *known) {
        all.push_back(build.duration);
        if (build.name == derivation_name) same.push_back(build.duration);
    }
    return median(same.empty() ? std::move(all) : std::move(same));
}

const DerivationProved* Recollection::proved(const std::string& drv) const {
    return proved_.find(drv);
}

const DerivationFailed* Recollection::failed(const std::string& drv, std::chrono::system_clock::time_point now,
                                             std::chrono::milliseconds keep) const {
    const auto* known = failed_.find(drv);
    if (known == nullptr) return nullptr;
    // A clock that was set back must not keep a failure for ever: ahead counts like behind.
    const auto apart = std::chrono::abs(std::chrono::floor<std::chrono::milliseconds>(now - known->at));
    return apart <= keep ? known : nullptr;
}

const std::map<std::string, std::string>* Recollection::evaluated(const std::string& context,
                                                                  const std::string& commit) const {
    return commits_.find({context, commit});
}

std::vector<Lesson> Recollection::lessons() const {
    std::vector<Lesson> all;
    hosts_.visit([&](const std::string& name, const Host& host) {
        for (auto back = std::max(host.durations.size(), host.peaks.size()); back-- > 0;)
            all.push_back(HostEvaluated{name, from_end(host.durations, back), from_end(host.peaks, back)});
    });
    builds_.visit([&](const std::string&, const std::deque<Build>& builds) {
        for (const auto& build : builds) all.push_back(DerivationBuilt{build.name, build.duration});
    });
    // Proofs before failures: a failure that is still known came after its proof, if there is one.
    proved_.visit([&](const std::string&, const DerivationProved& proof) { all.push_back(proof); });
    failed_.visit([&](const std::string&, const DerivationFailed& failure) { all.push_back(failure); });
    commits_.visit([&](const std::pair<std::string, std::string>& key, const std::map<std::string, std::string>& drvs) {
        all.push_back(CommitEvaluated{key.first, key.second, drvs});
    });
    return all;
}

}  // namespace lockstep
