// SPDX-License-Identifier: MIT
// Which hosts somebody means: an expression over names, tags and what earlier runs know.
//
//     web1            a host            @web            every host with this tag
//     web-*           a glob of names   @eu-*           a glob of tags
//     a & b, a | b    both, either      a, b            the same as |
//     !a              all but these     (a | b) & c     groups
//     *               every host        -               names from standard input
//     changed, needs-reboot, failed(last), unreachable(last)
//
// `!` binds tightest, then `&`, then `|` and `,`. A word such as `changed` is the host of that name when there is one;
// with empty parentheses, `changed()`, it never is.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/fleet.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep {

/// `changed`, `needs-reboot`, `failed(last)`, `unreachable(last)`.
[[nodiscard]] const std::vector<std::string>& selector_predicates();

struct SelectorWorld {
    const Fleet& fleet;
    /// The hosts for which a predicate holds, by its name as in selector_predicates(); asked at most once for each.
    /// Errors are handed on. Names that the fleet does not have do not matter.
    std::function<Result<std::set<std::string>>(std::string_view predicate)> predicate;
    /// What `-` stands for: names, separated by white space; text behind `#` does not count.
    std::string standard_input;
};

/// The hosts that one of the expressions selects, sorted by name. Errors (usage): an expression that cannot be read; a
/// name, tag or glob that nothing has (with near ones); nothing selected; one that means all hosts but some (`!a`, or
/// `!a | b`) beside others, since they add up. What is longer than 4 KiB or nests deeper
/// than 64 levels is refused; nothing recurses.
[[nodiscard]] Result<std::vector<std::string>> select_hosts(const std::vector<std::string>& expressions,
                                                            const SelectorWorld& world);

/// Whether one of the expressions reads standard input. One whose words cannot be told apart does not.
[[nodiscard]] bool reads_standard_input(const std::vector<std::string>& expressions);

}  // namespace lockstep
