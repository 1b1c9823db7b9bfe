// SPDX-License-Identifier: MIT
// Selectors: any bytes select hosts or say why not, and the algebra of sets holds.
#include "lockstep/core/selector.hpp"

#include <algorithm>

#include "fuzz/support/fuzz_input.hpp"
#include "lockstep/core/check.hpp"

using namespace lockstep;

namespace {

Fleet small_fleet() {
    Fleet fleet;
    const std::pair<const char*, std::vector<std::string>> hosts[] = {
        {"web1", {"web", "eu-1"}}, {"web2", {"web"}}, {"db1", {"db", "eu-1"}}, {"changed", {}}, {"a.b_c+d", {"x:y"}}};
    for (const auto& [name, tags] : hosts) {
        auto& host = fleet.hosts[name];
        host.name = name;
        host.tags = tags;
    }
    return fleet;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Fleet fleet = small_fleet();
    auto text = fuzz::input_text(data, size);
    const std::string expression(fuzz::take_part(text));
    const std::string input(text);
    int asked = 0;
    const auto select = [&](const std::string& selector) {
        return select_hosts({selector}, {fleet,
                                         [&](std::string_view predicate) -> Result<std::set<std::string>> {
                                             ++asked;
                                             return std::set<std::string>{predicate == "changed" ? "web1" : "db1"};
                                         },
                                         input});
    };
    const auto chosen = select(expression);
    LOCKSTEP_CHECK(asked <= 4);
    (void)reads_standard_input({expression});
    if (!chosen.ok()) {
        LOCKSTEP_CHECK(chosen.error().kind == ErrorKind::usage && !chosen.error().what.empty());
        fuzz::check_clean_line(chosen.error().what);
        fuzz::check_clean_line(chosen.error().why);
        fuzz::check_clean_line(chosen.error().hint);
        return 0;
    }
    LOCKSTEP_CHECK(!chosen->empty() && std::is_sorted(chosen->begin(), chosen->end()));
    for (const auto& name : chosen.value()) LOCKSTEP_CHECK(fleet.hosts.count(name) == 1);
    if (expression.size() > 4000) return 0;
    // Length and depth have bounds, so a longer text may be refused; when it is read, it means what it says.
    if (const auto rest = select("!(" + expression + ")"); rest.ok())
        LOCKSTEP_CHECK(rest->size() + chosen->size() == fleet.hosts.size());
    if (const auto all = select("(" + expression + ") | !(" + expression + ")"); all.ok())
        LOCKSTEP_CHECK(all->size() == fleet.hosts.size());
    LOCKSTEP_CHECK(!select("(" + expression + ") & !(" + expression + ")").ok());
    if (const auto twice = select("(" + expression + "),(" + expression + ")"); twice.ok())
        LOCKSTEP_CHECK(twice.value() == chosen.value());
    return 0;
}
