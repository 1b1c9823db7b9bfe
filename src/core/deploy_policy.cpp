// SPDX-License-Identifier: MIT
// Reading and writing what a deploy policy consists of, and the two ways to round.
#include "lockstep/core/deploy_policy.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

template <class Enum>
struct Named {
    std::string_view word;
    Enum value;
};

constexpr std::array<Named<DeployStrategy>, 5> k_strategies = {{{"parallel", DeployStrategy::parallel},
                                                                {"rolling", DeployStrategy::rolling},
                                                                {"canary", DeployStrategy::canary},
                                                                {"blue-green", DeployStrategy::blue_green},
                                                                {"smart", DeployStrategy::smart}}};
constexpr std::array<Named<OnStop>, 3> k_on_stop = {
    {{"keep", OnStop::keep}, {"rollback_wave", OnStop::rollback_wave}, {"rollback_run", OnStop::rollback_run}}};

template <class Table, class Enum>
std::string_view word_in(const Table& table, Enum value) {
    return std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.value == value; })->word;
}

template <class Enum, std::size_t N>
Result<Enum> parse_word(const std::array<Named<Enum>, N>& table, std::string_view text, std::string_view what) {
    std::vector<std::string> known;
    for (const auto& row : table) {
        if (row.word == text) return row.value;
        known.emplace_back(row.word);
    }
    return Error{ErrorKind::config, fmt::format("\"{}\" is no {}", text, what), "",
                 fmt::format("use one of: {}", join(known, ", "))};
}

Error bad_policy(std::string what, std::string hint) {
    return {ErrorKind::config, std::move(what), "", std::move(hint)};
}

bool too_much(const DeployShare& share) {
    return share.percent && share.amount > 100;
}

}  // namespace

std::string_view word(DeployStrategy strategy) {
    return word_in(k_strategies, strategy);
}

Result<DeployStrategy> parse_deploy_strategy(std::string_view text) {
    return parse_word(k_strategies, text == "blue_green" ? "blue-green" : text, "deploy strategy");
}

std::string_view word(OnStop on_stop) {
    return word_in(k_on_stop, on_stop);
}

Result<OnStop> parse_on_stop(std::string_view text) {
    return parse_word(k_on_stop, text, "answer to on_stop");
}

Result<DeployShare> parse_deploy_share(std::string_view text) {
    DeployShare share;
    auto digits = text;
    if (digits.ends_with('%')) {
        share.percent = true;
        digits.remove_suffix(1);
    }
    const auto* end = digits.data() + digits.size();
    const auto [stop, problem] = std::from_chars(digits.data(), end, share.amount);
    if (problem != std::errc{} || stop != end || digits.empty() || too_much(share))
        return bad_policy(fmt::format("\"{}\" is neither a number of hosts nor a part of them", text),
                          "write a whole number (3) or a percentage up to 100 (25%)");
    return share;
}

std::string to_string(DeployShare share) {
    return fmt::format("{}{}", share.amount, share.percent ? "%" : "");
}

std::size_t share_up(DeployShare share, std::size_t hosts) {
    return std::max<std::size_t>(1, share.percent ? (share.amount * hosts + 99) / 100 : share.amount);
}

std::size_t share_down(DeployShare share, std::size_t hosts) {
    return share.percent ? share.amount * hosts / 100 : share.amount;
}

Result<void> check_deploy_policy(const DeployPolicy& policy) {
    for (const auto& batch : policy.batches)
        if (batch.amount == 0 || too_much(batch))
            return bad_policy(fmt::format("a batch of {} cannot be", to_string(batch)),
                              "batches are numbers from 1 or percentages from 1% to 100%");
    if (policy.canary_size && (policy.canary_size->amount == 0 || too_much(*policy.canary_size)))
        return bad_policy(fmt::format("a canary of {} cannot be", to_string(*policy.canary_size)),
                          "use a number from 1, a percentage, or the strategy \"rolling\" to have no canary");
    if (too_much(policy.tolerate) || (policy.tolerate_total && too_much(*policy.tolerate_total)))
        return bad_policy("more than 100% of the hosts cannot fail", "lower tolerate or tolerate_total");
    if (policy.soak.duration < Millis{0}) return bad_policy("a soak cannot be shorter than nothing", "");
    Millis before{0};
    for (const auto& window : policy.windows.value_or(std::vector<DeployWindow>{})) {
        if (window.from >= window.until || window.from < before)
            return bad_policy("the windows of the deploy overlap or end before they start", "");
        before = window.until;
    }
    return {};
}

}  // namespace lockstep
