// SPDX-License-Identifier: MIT
// FLEET_NODES, hives and nodes of deploy-rs: any bytes give records that are safe to use, or a mistake that can be
// shown.
#include <algorithm>

#include "fuzz/support/fuzz_input.hpp"
#include "lockstep/adapters/fleet_sources.hpp"
#include "lockstep/core/check.hpp"

using namespace lockstep;

namespace {

void check_record(const FleetRecord& record) {
    for_each_fleet_field([&](const char* field, auto member) {
        if (record.*member) LOCKSTEP_CHECK(!fleet::check_field(field, *(record.*member)));
    });
    // All of these come from whoever may push.
    LOCKSTEP_CHECK(!record.identity_file);
    if (record.ssh_options)
        for (const auto& option : *record.ssh_options) LOCKSTEP_CHECK(fleet::is_harmless_ssh_option(option));
}

void check_fleet(const FleetSource& source) {
    FleetInput input;
    input.sources = {source};
    for (const auto& [name, record] : source.hosts) input.configurations.push_back({.name = name});
    const auto merged = merge_fleet(input);
    if (!merged.ok()) {
        LOCKSTEP_CHECK(merged.error().kind == ErrorKind::config);
        fuzz::check_clean(merged.error().why);
        return;
    }
    const auto names = merged->names();
    fuzz::check_clean(fleet_info_text(merged.value(), names));
    fuzz::check_clean(fleet_info_text(merged.value(), names, 0));
    LOCKSTEP_CHECK(!fleet_info_json(merged.value(), names).empty());
    for (const auto& name : names) LOCKSTEP_CHECK(!name.empty() && name.front() != '-');
    const auto order = resolve_dependencies(merged.value(), names);
    if (!order.ok()) return fuzz::check_clean(order.error().why);
    LOCKSTEP_CHECK(order->size() == names.size());
    for (const auto& [name, before] : order.value())
        LOCKSTEP_CHECK(std::find(before.begin(), before.end(), name) == before.end());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::input_text(data, size);
    for (const auto parse : {deploy::parse_fleet_nodes, deploy::parse_colmena_nodes, deploy::parse_deploy_rs_nodes}) {
        const auto source = parse(text);
        if (!source.ok()) {
            LOCKSTEP_CHECK(source.error().kind == ErrorKind::config);
            fuzz::check_clean_line(source.error().what);
            fuzz::check_clean_line(source.error().why);
            continue;
        }
        for (const auto& notice : source->notices) fuzz::check_clean_line(notice);
        for (const auto& [name, record] : source->hosts) check_record(record);
        check_fleet(source.value());
    }
    return 0;
}
