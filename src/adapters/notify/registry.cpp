// SPDX-License-Identifier: MIT
// The only list of sinks. A new one is one file, its recorded cases (tests/golden/notify) and one row here.
#include <algorithm>

#include "adapters/notify/sinks.hpp"

namespace lockstep::notify {

const std::vector<SinkRow>& registry() {
    static const std::vector<SinkRow> rows = {k_pushgateway, k_textfile, k_slack, k_mail, k_nats};
    return rows;
}

const SinkRow* find_sink(std::string_view name) {
    const auto& rows = registry();
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const SinkRow& each) { return each.name == name; });
    return row == rows.end() ? nullptr : &*row;
}

}  // namespace lockstep::notify
