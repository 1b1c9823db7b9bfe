// SPDX-License-Identifier: MIT
// Plan files and approvals: any bytes give a plan that is written the same again, or a mistake that can be shown.
#include "fuzz/support/fuzz_input.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/deploy_approval.hpp"
#include "lockstep/core/text.hpp"

using namespace lockstep;

namespace {

void check_error(const Error& error) {
    LOCKSTEP_CHECK(error.kind == ErrorKind::config);
    fuzz::check_clean_line(error.what);
    fuzz::check_clean_line(error.why);
}

void check_plan(std::string_view text) {
    const auto read = read_plan_file(text);
    if (!read.ok()) return check_error(read.error());
    const auto written = plan_file_json(read.value());
    const auto again = read_plan_file(written);
    LOCKSTEP_CHECK(again.ok());
    LOCKSTEP_CHECK(again.value() == read.value());
    LOCKSTEP_CHECK(plan_file_json(again.value()) == written);
    LOCKSTEP_CHECK(plan_differences(read.value(), again.value()).empty());
    for (const auto& line : impact_lines(read.value())) fuzz::check_clean_line(line);
    (void)impact_markdown(read.value());
    const auto approval = approval_of(read.value(), "alice", {}, std::chrono::hours(1));
    LOCKSTEP_CHECK(!approval_trouble(approval, read.value(), {}, std::chrono::milliseconds(0)));
}

void check_approval(std::string_view text) {
    const auto read = read_approval_file(text);
    if (!read.ok()) return check_error(read.error());
    LOCKSTEP_CHECK(is_principal(read->approval.signer));
    const auto again = read_approval_file(approval_file_json(read.value()));
    LOCKSTEP_CHECK(again.ok());
    LOCKSTEP_CHECK(again.value() == read.value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::input_text(data, size);
    check_plan(text);
    check_approval(text);
    return 0;
}
