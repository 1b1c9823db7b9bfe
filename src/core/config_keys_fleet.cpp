// SPDX-License-Identifier: MIT
// Keys of the fleet: a few that every source can set, and those of hosts and tags, whose names people choose. The
// checks are those of fleet_record.hpp, so that foreign sources and files are judged alike.
#include <fmt/format.h>

#include <array>
#include <memory>

#include "core/config_keys_rows.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep::keys {

namespace {

constexpr std::string_view k_name_pattern = R"~(^(?![-.@])[^\s"'`$&|;<>(){}\[\]*?!#\\,/~^=%]+$)~";

std::string_view doc_of(std::string_view field) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 20> k_docs{{
        {"role",
         "What lockstep does with the host. `deploy`: it gets what was proved; `build_only`: it is proved and never "
         "touched; `monitor_only`: it is looked at, never changed; `manual`: it is deployed to when somebody names it; "
         "`ignore`: it takes no part."},
        {"type", "Which kind of configuration it is; by default the one that the flake has for it."},
        {"target", "Attribute of `nixosConfigurations` (or of what belongs to `type`); by default the host's name."},
        {"addresses", "Where it is reached, in the order to try; by default its name."},
        {"port", "Port of its ssh server; by default 22."},
        {"user", "User to log in as; by default the one that runs lockstep."},
        {"identity_file", "Key file to log in with."},
        {"jump", "Hosts to go through, as `[user@]host[:port]`, several with commas."},
        {"ssh_options",
         "Options of ssh_config as `Name=value`. The repository's own file may only set some that run no program, open "
         "no file and move no trust, such as `ConnectTimeout=5`."},
        {"tags", "Tags, for selectors such as `@web`."},
        {"after", "Hosts and `@tags` that it comes after in a deploy."},
        {"action", "What a deploy does with the new system."},
        {"reboot", "Whether a deploy may reboot it."},
        {"backend", "Who activates there; by default what `deploy.backend` says."},
        {"risk",
         "What the strategy `smart` makes of it: `by-change` looks at what changes, `leaf` is harmless whatever "
         "changes, `critical` goes behind a canary."},
        {"approval", "Why somebody has to agree before its wave."},
        {"optional", "The fleet can do without it: that it is unreachable is no failure."},
        {"offline_ok", "It is often off, and updated when it is back: that it is unreachable is no failure."},
        {"build_on_target", "Its system is built on the host itself."},
        {"ignore_reason", "Why it is ignored, for people."},
    }};
    for (const auto& [name, doc] : k_docs)
        if (name == field) return doc;
    LOCKSTEP_CHECK(false);
}

Complaint read_member(const RawValue& raw, std::string& into) {
    return read(raw, into);
}
Complaint read_member(const RawValue& raw, bool& into) {
    return read(raw, into);
}
Complaint read_member(const RawValue& raw, int& into) {
    return read(raw, 1, 65535, into);
}
Complaint read_member(const RawValue& raw, std::vector<std::string>& into) {
    if (raw.shape == RawValue::Shape::map) return "expects one text or a list of them, not a mapping";
    into = raw.shape == RawValue::Shape::scalar ? std::vector{raw.scalar} : raw.list;
    return std::nullopt;
}

FleetRecord& record_of(Config& config, const MemberPlace& place) {
    return place.name.empty() ? config.fleet.defaults : config.fleet.hosts[place.name];
}

void describe(ConfigKey& key, std::string_view field, std::optional<std::string> FleetRecord::* /*member*/) {
    key.type = KeyType::text;
    if (field == "role") key.choices = role_words();
    if (field == "type") key.choices = profile_words();
    if (field == "reboot") key.choices = reboot_words();
    if (field == "action") key.choices = action_words();
    if (field == "risk") key.choices = risk_words();
    if (field == "backend") key.choices = backend_words();
    if (!key.choices.empty()) key.type = KeyType::choice;
}
void describe(ConfigKey& key, std::string_view /*field*/, std::optional<bool> FleetRecord::* /*member*/) {
    key.type = KeyType::boolean;
}
void describe(ConfigKey& key, std::string_view /*field*/, std::optional<int> FleetRecord::* /*member*/) {
    key.type = KeyType::integer;
    key.least = 1;
    key.most = 65535;
}
void describe(ConfigKey& key, std::string_view /*field*/,
              std::optional<std::vector<std::string>> FleetRecord::* /*member*/) {
    key.type = KeyType::text_list;
}

template <class Value>
ConfigKey record_key(std::string_view path, std::string_view field, std::optional<Value> FleetRecord::*member) {
    ConfigKey key{.path = path, .doc = doc_of(field), .machine_only = field == "identity_file"};
    describe(key, field, member);
    key.set_member = [field, member](Config& config, const MemberPlace& place, const RawValue& raw) -> Complaint {
        Value value{};
        if (auto complaint = read_member(raw, value)) return complaint;
        if (auto complaint = fleet::check_field(field, value)) return complaint;
        auto& record = record_of(config, place);
        record.*member = value;
        record.origin[std::string(field)] = place.origin;
        return std::nullopt;
    };
    return key;
}

/// Which fields make sense for all hosts at once.
bool is_shared(std::string_view field) {
    return field != "target" && field != "addresses" && field != "after" && field != "ignore_reason";
}

/// "fleet.hosts.*.port": kept for ever, because rows hold views.
std::string_view lasting(std::string_view group, std::string_view field) {
    static std::vector<std::unique_ptr<const std::string>> all;
    all.push_back(std::make_unique<const std::string>(fmt::format("{}.{}", group, field)));
    return *all.back();
}

ConfigKey tag_key(std::string_view path, std::vector<std::string> FleetTag::*member, std::string_view doc,
                  Complaint (*check)(std::string_view)) {
    ConfigKey key{.path = path, .type = KeyType::text_list, .doc = doc};
    key.set_member = [member, check](Config& config, const MemberPlace& place, const RawValue& raw) -> Complaint {
        std::vector<std::string> value;
        if (auto complaint = read_member(raw, value)) return complaint;
        for (const auto& entry : value)
            if (auto complaint = check(entry)) return complaint;
        config.fleet.tags[place.name].*member = value;
        return std::nullopt;
    };
    return key;
}

}  // namespace

void add_fleet(std::vector<ConfigKey>& table) {
    constexpr auto k_toggle = choices<Toggle>(std::pair{"auto", Toggle::automatic}, std::pair{"on", Toggle::on},
                                              std::pair{"off", Toggle::off});
    table.push_back(boolean("fleet.implicit", LOCKSTEP_FIELD(fleet.implicit),
                            "Hosts that only the flake knows are deployed to, at their name. Without it they are "
                            "built and never touched."));
    table.push_back(choice("fleet.colmena", LOCKSTEP_FIELD(fleet.colmena), k_toggle,
                           "Whether hosts are read from the Colmena hive. `auto`: when the flake has `colmenaHive` "
                           "(or `colmena`) and the program is on `PATH`."));
    table.push_back(choice("fleet.deploy_rs", LOCKSTEP_FIELD(fleet.deploy_rs), k_toggle,
                           "Whether hosts are read from the flake's `deploy` for deploy-rs. `auto`: when it has one."));
}

Complaint refused_member(const ConfigKey& key, const RawValue& value) {
    constexpr std::string_view k_belongs = "belongs to the machine: set it in the file given by --config";
    if (key.machine_only) return fmt::format("`{}` {}", key.path.substr(key.path.rfind('.') + 1), k_belongs);
    if (!key.path.ends_with(".ssh_options")) return std::nullopt;
    const auto options = value.shape == RawValue::Shape::scalar ? std::vector{value.scalar} : value.list;
    for (const auto& option : options)
        if (!fleet::check_ssh_option(option) && !fleet::is_harmless_ssh_option(option))
            return fmt::format("the ssh option `{}` {}", clean_line(option, 80), k_belongs);
    return std::nullopt;
}

}  // namespace lockstep::keys

namespace lockstep {

const std::vector<NamedGroup>& named_groups() {
    static const std::vector<NamedGroup> groups{
        {"fleet.hosts", "Hosts by name. A name alone (`web1:`) says that the host is there.", keys::k_name_pattern,
         [](Config& config, const MemberPlace& place) -> std::optional<std::string> {
             if (auto complaint = fleet::check_name(place.name)) return complaint;
             config.fleet.hosts[place.name];
             return std::nullopt;
         }},
        {"fleet.tags", "Tags by name: who carries them beside those that say so themselves, and their order.",
         keys::k_name_pattern,
         [](Config& config, const MemberPlace& place) -> std::optional<std::string> {
             if (auto complaint = fleet::check_tag(place.name)) return complaint;
             config.fleet.tags[place.name].origin = place.origin;
             return std::nullopt;
         }},
    };
    return groups;
}

const std::vector<ConfigKey>& member_keys() {
    static const std::vector<ConfigKey> table = [] {
        std::vector<ConfigKey> rows;
        for (const std::string_view group : {"fleet.defaults", "fleet.hosts.*"})
            for_each_fleet_field([&](std::string_view field, auto member) {
                if (group == "fleet.hosts.*" || keys::is_shared(field))
                    rows.push_back(keys::record_key(keys::lasting(group, field), field, member));
            });
        rows.push_back(
            keys::tag_key("fleet.tags.*.hosts", &FleetTag::hosts, "Hosts that carry the tag.", fleet::check_name));
        rows.push_back(keys::tag_key("fleet.tags.*.after", &FleetTag::after,
                                     "Hosts and `@tags` that its hosts come after in a deploy.", fleet::check_after));
        return rows;
    }();
    return table;
}

}  // namespace lockstep
