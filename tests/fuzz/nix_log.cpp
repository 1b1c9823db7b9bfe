// SPDX-License-Identifier: MIT
// What Nix writes while it builds, in pieces cut anywhere: records, plain errors, dry runs.
#include <algorithm>

#include "adapters/nix/error_text.hpp"
#include "adapters/nix/lines.hpp"
#include "fuzz/support/fuzz_input.hpp"
#include "lockstep/adapters/nix.hpp"
#include "lockstep/core/check.hpp"

using namespace lockstep;
using Kind = nix::LogRecord::Kind;

namespace {

std::vector<std::string> lines_in(const std::vector<std::string_view>& pieces, std::size_t max_line) {
    nix::LineSplitter splitter(max_line);
    std::vector<std::string> lines;
    const auto keep = [&](std::string_view line) {
        LOCKSTEP_CHECK(line.size() <= max_line + nix::k_line_cut.size() + nix::k_line_end_kept);
        LOCKSTEP_CHECK(line.find('\n') == std::string_view::npos);
        lines.emplace_back(line);
    };
    for (const auto piece : pieces) splitter.feed(piece, keep);
    splitter.finish(keep);
    return lines;
}

void check_line(std::string_view line) {
    const auto record = nix::parse_log_line(line), slow = nix::parse_log_line_by_library(line);
    LOCKSTEP_CHECK(record.kind == slow.kind && record.id == slow.id && record.text == slow.text);
    LOCKSTEP_CHECK(record.drv == slow.drv && record.machine == slow.machine && record.level == slow.level);
    if (record.kind == Kind::plain) LOCKSTEP_CHECK(record.text == line);
    if (const auto scanned = nix::scan_build_line(line)) {
        std::string text = "before";
        const bool valid = nix::append_text(text, *scanned);
        LOCKSTEP_CHECK(text == (valid ? "before" + record.text : "before"));
        if (valid) LOCKSTEP_CHECK(record.kind == Kind::build_line && record.id == scanned->id);
    }
}

void check_judgement(std::string_view text, std::vector<std::string> errors) {
    nix::BuildFacts build{.drv = "/nix/store/0c1i4h3fjzplm8cwsrs9ddbmyvbqc8wv-x.drv", .machine = "", .started = true};
    const DrvNode node{.path = build.drv, .system = "x86_64-linux"};
    nix::Capabilities can;
    can.system = "x86_64-linux";
    can.systems = {"x86_64-linux"};
    nix::RealiseFacts realise;
    realise.status.kind = ExitStatus::Kind::exited;
    realise.status.code = 1;
    realise.errors = std::move(errors);
    fuzz::check_clean_line(nix::judge_failure(build, node, realise, can).first_error);
    (void)nix::classify_update_failure(text);
    (void)nix::classify_evaluation_failure(realise.status, text);
    (void)nix::fetch_trouble(nix::read_error(text).evidence());
    (void)nix::parse_dry_run(text);
    (void)nix::parse_invalid_paths(text);
    (void)nix::parse_version(text);
    fuzz::check_clean_line(nix::first_error_line(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::input_text(data, size);
    std::vector<std::string> errors;
    for (const std::size_t max_line : {48U, 64U << 10U}) {
        const auto lines = lines_in({text}, max_line);
        for (const std::size_t longest : {1U, 7U, 200U})
            LOCKSTEP_CHECK(lines_in(fuzz::pieces_of(text, longest), max_line) == lines);
        for (const auto& line : lines) check_line(line);
        if (errors.empty()) errors = lines;
    }
    for (auto& line : errors) line = nix::parse_log_line(line).text;
    check_judgement(text, std::move(errors));
    return 0;
}
