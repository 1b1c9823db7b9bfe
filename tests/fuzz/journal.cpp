// SPDX-License-Identifier: MIT
// Journals as a crash, a full disk or another hand may leave them: what is believed is a whole beginning, and what it
// adds up to can be told. Lines are fed as they come, and once more with checksums that are right, which no fuzzer
// guesses.
#include "lockstep/core/journal.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "fuzz/support/fuzz_input.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/crc32.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"
#include "support/utf8.hpp"

using namespace lockstep;

namespace {

constexpr std::chrono::system_clock::time_point k_now{std::chrono::seconds(1'795'226'400)};

/// Every line ends with the checksum of what stands before it.
std::string with_checksums(std::string_view text) {
    std::string result;
    for (std::string line : split(text, '\n')) {
        if (const auto crc = line.rfind(",\"crc\":\""); crc != std::string::npos) line.resize(crc);
        if (line.ends_with('}')) line.pop_back();
        result += line + fmt::format(",\"crc\":\"{:08x}\"}}\n", crc32(line));
    }
    return result;
}

void check_history(const std::vector<JournalRecord>& records) {
    const auto run = fold_journal(records);
    if (!run.ok()) {
        LOCKSTEP_CHECK(run.error().kind == ErrorKind::config && !run.error().what.empty());
        return;
    }
    (void)is_resumable(*run);
    for (const bool alive : {false, true}) {
        const auto why = why_sentence(*run, alive, k_now);
        LOCKSTEP_CHECK(!why.empty() && why.find('\n') == std::string::npos);
        fuzz::check_clean_line(why);
    }
}

void check(const std::string& text) {
    const auto whole = read_journal(text);
    std::string again;
    for (std::size_t i = 0; i < whole.records.size(); ++i) {
        const auto& record = whole.records[i];
        LOCKSTEP_CHECK(record.seq == i);
        LOCKSTEP_CHECK(test::is_valid_utf8(record.data_json));
        again += journal_line(record.seq, format_utc(record.time), record.kind, record.step, record.data_json) + "\n";
    }
    const auto rewritten = read_journal(again);
    LOCKSTEP_CHECK(rewritten.records == whole.records && !rewritten.torn && rewritten.damaged_line == 0);
    check_history(whole.records);

    // Cut anywhere, as by a crash: the beginning is believed as before; its last record may have been repeated later.
    auto random = fuzz::random_of(text);
    const auto cut = read_journal(text.substr(0, fuzz::below(random, text.size() + 1)));
    LOCKSTEP_CHECK(cut.records.size() <= whole.records.size());
    const auto sure = cut.records.size() - std::min<std::size_t>(cut.records.size(), 1);
    LOCKSTEP_CHECK(std::equal(cut.records.begin(), cut.records.begin() + static_cast<std::ptrdiff_t>(sure),
                              whole.records.begin()));
    check_history(cut.records);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::input_text(data, size);
    check(std::string(text));
    check(with_checksums(text));
    return 0;
}
