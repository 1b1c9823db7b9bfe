// SPDX-License-Identifier: MIT
// The scripts of the deploy simulator: which stages there are, and how each of them can end.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "lockstep/core/deploy_simulate.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/target.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

struct StageRow {
    FaultStage stage;
    std::string_view word;
    std::vector<HostOutcome> outcomes;  ///< the first one is meant when none is said
};

const std::array<StageRow, 8>& stages() {
    using Out = HostOutcome;
    static const std::array<StageRow, 8> rows = {{
        {FaultStage::probe, "probe", {Out::unreachable, Out::drifted, Out::refused, Out::deferred, Out::unchanged}},
        {FaultStage::copy, "copy", {Out::failed, Out::unreachable}},
        {FaultStage::check, "check", {Out::refused, Out::deferred}},
        {FaultStage::activate,
         "activate",
         {Out::rolled_back, Out::degraded, Out::boot_pending, Out::failed, Out::unknown}},
        {FaultStage::health, "health", {Out::rolled_back, Out::inconclusive, Out::unknown}},
        {FaultStage::confirm, "confirm", {Out::rolled_back, Out::unknown}},
        {FaultStage::soak, "soak", {Out::rolled_back, Out::inconclusive}},
        {FaultStage::rollback, "rollback", {Out::rollback_failed, Out::unknown}},
    }};
    return rows;
}

std::vector<std::string> words_of(const std::vector<HostOutcome>& outcomes) {
    std::vector<std::string> result;
    for (const auto outcome : outcomes) result.emplace_back(word(outcome));
    return result;
}

std::vector<std::string> stage_words() {
    std::vector<std::string> result;
    for (const auto& row : stages()) result.emplace_back(row.word);
    return result;
}

Error bad_fault(std::string what, std::string why) {
    return {ErrorKind::usage, std::move(what), std::move(why), "write HOST@STAGE, for example web3@health"};
}

std::string listed(std::string_view what, const std::string& said, const std::vector<std::string>& known) {
    const auto near = nearest(said, known);
    return fmt::format("{}: {}{}", what, join(known, ", "), near.empty() ? "" : "; did you mean " + near + "?");
}

}  // namespace

std::string_view word(FaultStage stage) {
    return stages()[static_cast<std::size_t>(stage)].word;
}

Result<DeployFault> parse_deploy_fault(std::string_view text) {
    const auto shown = clean_line(text, 80);
    const auto at = text.rfind('@');
    if (at == std::string_view::npos || at == 0)
        return bad_fault(fmt::format("\"{}\" does not say which host fails where", shown), "");
    const auto equals = text.find('=', at);
    const std::string stage(text.substr(at + 1, equals == std::string_view::npos ? equals : equals - at - 1));
    const auto row = std::find_if(stages().begin(), stages().end(), [&](const auto& r) { return r.word == stage; });
    if (row == stages().end())
        return bad_fault(fmt::format("\"{}\" names no stage of a deploy", shown),
                         listed("the stages are", stage, stage_words()));
    const std::string ending(equals == std::string_view::npos ? word(row->outcomes.front()) : text.substr(equals + 1));
    const auto outcome = host_outcome_from(ending);
    if (!outcome || std::find(row->outcomes.begin(), row->outcomes.end(), *outcome) == row->outcomes.end())
        return bad_fault(fmt::format("\"{}\" is not how the stage {} ends", shown, row->word),
                         listed("it can end as", ending, words_of(row->outcomes)));
    return DeployFault{std::string(text.substr(0, at)), row->stage, *outcome};
}

std::vector<std::string> deploy_fault_help() {
    std::vector<std::string> lines;
    for (const auto& row : stages())
        lines.push_back(fmt::format("HOST@{}: ends as {}", row.word, join(words_of(row.outcomes), ", or =")));
    return lines;
}

}  // namespace lockstep
