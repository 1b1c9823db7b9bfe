// SPDX-License-Identifier: MIT
// Hosts out of records: field by field, first source first. Whatever is decided here says why.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <type_traits>

#include "core/fleet_parts.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/target.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_most_hosts = 10'000;

/// What is known about one host so far.
struct Draft {
    FleetRecord record;                ///< with an origin for every field that is set
    std::vector<std::string> sources;  ///< that know the host
};

class Merge {
public:
    explicit Merge(const FleetInput& input) : input_(input) {}

    Result<Fleet> fleet() {
        take_sources();
        take_tags();
        take_configurations();
        for (auto& [name, draft] : drafts_) take_defaults(name, draft.record);
        for (const auto& [name, draft] : drafts_) add_host(name, draft);
        fleet_.tags = input_.tags;
        check_after();
        if (drafts_.size() > k_most_hosts) mistakes_.push_back(fmt::format("more than {} hosts", k_most_hosts));
        if (mistakes_.empty()) return std::move(fleet_);
        return error();
    }

private:
    void take_sources() {
        for (const auto& source : input_.sources) {
            if (!source.hosts.empty()) fleet_.sources.push_back(source.name);
            for (const auto& notice : source.notices) fleet_.notices.push_back(source.name + ": " + notice);
            for (const auto& [name, record] : source.hosts) take_record(source.name, name, record);
        }
    }

    void take_record(const std::string& source, const std::string& name, const FleetRecord& record) {
        if (const auto complaint = fleet::check_name(name)) {
            mistakes_.push_back(fmt::format("{}: the name of a host {}", source, *complaint));
            return;
        }
        auto& draft = drafts_[name];
        draft.sources.push_back(source);
        for_each_fleet_field([&](const char* field, auto member) {
            if (!(record.*member)) return;
            const auto said = record.origin.find(field);
            const auto& origin = said == record.origin.end() ? source : said->second;
            if (const auto complaint = fleet::check_field(field, *(record.*member))) {
                mistakes_.push_back(fmt::format("{}: `{}` of {} {}", origin, field, name, *complaint));
            } else {
                take_field(name, draft.record, field, member, *(record.*member), origin);
            }
        });
    }

    /// The first one to name a field wins. Lists of tags and `after` are added up: nobody can know them all.
    template <class Value>
    void take_field(const std::string& name, FleetRecord& into, const std::string& field,
                    std::optional<Value> FleetRecord::*member, const Value& value, const std::string& origin) {
        auto& held = into.*member;
        if (!held) {
            held = value;
            into.origin[field] = origin;
            return;
        }
        if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
            if (field == "tags" || field == "after") return add_up(*held, into.origin[field], value, origin);
        }
        if (*held == value) return;
        fleet_.notices.push_back(fmt::format("{}: `{}` is {} by {}, and {} by {}: the first one holds", name, field,
                                             shown(*held), into.origin[field], shown(value), origin));
    }

    static void add_up(std::vector<std::string>& held, std::string& held_origin, const std::vector<std::string>& more,
                       const std::string& origin) {
        bool added = false;
        for (const auto& entry : more) {
            if (std::find(held.begin(), held.end(), entry) != held.end()) continue;
            held.push_back(entry);
            added = true;
        }
        if (added && held_origin != origin) held_origin += ", " + origin;
    }

    void take_tags() {
        for (const auto& [tag, says] : input_.tags) {
            for (const auto& name : says.hosts) {
                const auto draft = drafts_.find(name);
                if (draft == drafts_.end() && !is_configured(name)) {
                    mistakes_.push_back(fmt::format("{}: the tag `{}` has a host `{}`, which nobody knows{}",
                                                    says.origin, tag, clean_line(name, 80), near(name, known_names())));
                } else {
                    take_field(name, drafts_[name].record, "tags", &FleetRecord::tags, {tag}, says.origin);
                }
            }
        }
    }

    void take_defaults(const std::string& name, FleetRecord& record) const {
        for_each_fleet_field([&](const char* field, auto member) {
            const auto& value = input_.defaults.*member;
            if (!value || (record.*member)) return;
            if constexpr (std::is_same_v<decltype(member), std::optional<std::string> FleetRecord::*>) {
                // The jump host itself is not reached through itself.
                if (std::string_view(field) == "jump" && is_hop(name, record, *value)) return;
            }
            const auto said = input_.defaults.origin.find(field);
            record.*member = value;
            record.origin[field] =
                (said == input_.defaults.origin.end() ? std::string("the configuration") : said->second) +
                " (defaults)";
        });
    }

    static bool is_hop(const std::string& name, const FleetRecord& record, const std::string& jump) {
        for (const auto& hop : fleet::jump_hosts(jump))
            if (hop == name || (record.addresses && std::find(record.addresses->begin(), record.addresses->end(),
                                                              hop) != record.addresses->end()))
                return true;
        return false;
    }

    /// Hosts that only the flake knows, those that a tag names among them.
    void take_configurations() {
        std::set<std::string> targets;
        for (const auto& [name, draft] : drafts_)
            if (!draft.sources.empty()) targets.insert(draft.record.target.value_or(name));
        std::vector<std::string> untouched, strange;
        for (const auto& configuration : input_.configurations) {
            const auto& name = configuration.name;
            const bool tagged = drafts_.count(name) > 0;
            if (configuration.type == ProfileType::home_manager || (!configuration.proved && !tagged)) continue;
            if (!targets.insert(name).second) continue;
            if (fleet::check_name(name)) {
                strange.push_back("`" + clean_line(name, 80) + "`");
                continue;
            }
            settle_flake_host(drafts_[name].record, configuration);
            if (!input_.implicit) untouched.push_back(name);
        }
        if (!untouched.empty())
            fleet_.notices.push_back(
                fmt::format("{}: only the flake knows {}, so {} built and not touched (fleet.implicit, fleet.hosts)",
                            join(untouched, ", "), untouched.size() == 1 ? "it" : "them",
                            untouched.size() == 1 ? "it is" : "they are"));
        if (!strange.empty())
            fleet_.notices.push_back(fmt::format("{}: no host of the fleet, because of the name", join(strange, ", ")));
    }

    void settle_flake_host(FleetRecord& record, const FleetConfiguration& configuration) const {
        record.role = input_.implicit ? "deploy" : "build_only";
        record.origin["role"] = input_.implicit ? "fleet.implicit" : "only the flake knows it";
        record.type = word(configuration.type);
        record.origin["type"] = fleet::set_of(configuration.type);
    }

    void add_host(const std::string& name, const Draft& draft) {
        FleetHost host{.name = name};
        fill(host, draft.record);
        settle_target(host, draft.record);
        const bool untouched = host.role == HostRole::build_only || host.role == HostRole::ignore;
        if (!draft.record.addresses && !fleet::check_address(name)) {
            host.addresses = {name};
            host.origin["addresses"] = "default: its name";
        } else if (!draft.record.addresses && !untouched) {
            mistakes_.push_back(
                fmt::format("{} has no address, and its name cannot be one; set fleet.hosts.{}.addresses", name, name));
        }
        const bool deployed = host.role == HostRole::deploy || host.role == HostRole::manual;
        if (deployed && !host.configured && host.type != ProfileType::custom) tell_missing(host, draft.sources);
        fleet_.hosts.emplace(name, std::move(host));
    }

    static void fill(FleetHost& host, const FleetRecord& record) {
        for_each_fleet_field([&](const char* field, auto) { host.origin[field] = "default"; });
        for (const auto& [field, origin] : record.origin) host.origin[field] = origin;
        host.addresses = record.addresses.value_or(host.addresses);
        host.port = record.port;
        host.user = record.user.value_or("");
        host.identity_file = record.identity_file.value_or("");
        host.jump = record.jump.value_or("");
        host.ssh_options = record.ssh_options.value_or(host.ssh_options);
        host.tags = record.tags.value_or(host.tags);
        host.after = record.after.value_or(host.after);
        if (record.role) host.role = role_of(*record.role);
        if (record.type) host.type = profile_of(*record.type);
        host.ignore_reason = record.ignore_reason.value_or("");
        host.optional = record.optional.value_or(false);
        host.offline_ok = record.offline_ok.value_or(false);
        host.build_on_target = record.build_on_target.value_or(false);
        host.reboot = record.reboot.value_or(host.reboot);
        host.action = record.action.value_or(host.action);
        host.risk = record.risk.value_or(host.risk);
        host.approval = record.approval.value_or("");
        host.backend = record.backend.value_or("");
    }

    /// Which configuration of the flake is its own; the type follows from where it is found.
    void settle_target(FleetHost& host, const FleetRecord& record) {
        host.target = record.target.value_or(host.name);
        if (!record.target) host.origin["target"] = "default: its name";
        for (const auto& configuration : input_.configurations) {
            if (configuration.name != host.target || (record.type && configuration.type != host.type)) continue;
            host.configured = true;
            if (!record.type) {
                host.type = configuration.type;
                host.origin["type"] = fleet::set_of(configuration.type);
            }
            const bool deployed = host.role == HostRole::deploy || host.role == HostRole::manual;
            if (deployed && !configuration.proved)
                fleet_.notices.push_back(fmt::format(
                    "{}: is to be deployed, but takes no part in the proof (targets.include, targets.exclude)",
                    host.name));
            return;
        }
    }

    void tell_missing(const FleetHost& host, const std::vector<std::string>& sources) {
        missing_ = true;
        std::vector<std::string> known;
        for (const auto& configuration : input_.configurations)
            if (configuration.type == host.type) known.push_back(configuration.name);
        mistakes_.push_back(fmt::format("{} is known to {}, but the flake has no {}.{}{}", host.name,
                                        sources.size() == 1 ? sources.front() + " only" : join(sources, ", "),
                                        fleet::set_of(host.type), clean_line(host.target, 80),
                                        near(host.target, known)));
    }

    void check_after() {
        const auto members = fleet_.members();
        const auto check = [&](const std::string& origin, const std::string& who, const std::string& entry) {
            const bool tag = entry.starts_with('@');
            const auto name = tag ? entry.substr(1) : entry;
            if (tag ? members.count(name) > 0 || input_.tags.count(name) > 0 : fleet_.hosts.count(name) > 0) return;
            std::vector<std::string> known;
            if (tag) {
                for (const auto& [each, hosts] : members) known.push_back(each);
            } else {
                known = fleet_.names();
            }
            mistakes_.push_back(fmt::format("{}: {} comes after `{}`, which nobody knows{}", origin, who,
                                            clean_line(entry, 80), near(name, known, tag ? "@" : "")));
        };
        for (const auto& [name, host] : fleet_.hosts)
            for (const auto& entry : host.after) check(host.origin.at("after"), name, entry);
        for (const auto& [tag, says] : input_.tags)
            for (const auto& entry : says.after) check(says.origin, "@" + tag, entry);
    }

    [[nodiscard]] bool is_configured(const std::string& name) const {
        return std::any_of(input_.configurations.begin(), input_.configurations.end(), [&](const auto& configuration) {
            return configuration.name == name && configuration.type != ProfileType::home_manager &&
                   !fleet::check_name(name);
        });
    }
    [[nodiscard]] std::vector<std::string> known_names() const {
        std::vector<std::string> known;
        for (const auto& [name, draft] : drafts_) known.push_back(name);
        for (const auto& configuration : input_.configurations) known.push_back(configuration.name);
        return known;
    }

    static std::string near(const std::string& word, const std::vector<std::string>& known,
                            const std::string& prefix = "") {
        const auto found = nearest(word, known);
        return found.empty() ? "" : fmt::format(" (did you mean {}{}?)", prefix, clean_line(found, 80));
    }

    static std::string shown(const std::string& value) { return "`" + clean_line(value, 80) + "`"; }
    static std::string shown(bool value) { return value ? "true" : "false"; }
    static std::string shown(int value) { return std::to_string(value); }
    static std::string shown(const std::vector<std::string>& value) {
        return "[" + clean_line(join(value, ", "), 120) + "]";
    }

    Error error() {
        constexpr std::size_t k_most_told = 50;
        const auto count = mistakes_.size();
        if (count > k_most_told) {
            mistakes_.resize(k_most_told);
            mistakes_.push_back(fmt::format("and {} more", count - k_most_told));
        }
        return Error{ErrorKind::config,
                     count == 1 ? "the fleet has a mistake" : "the fleet has " + plural(count, "mistake"),
                     join(mistakes_, "\n"),
                     missing_ ? "a host that nothing is deployed to has the role build_only, monitor_only or ignore "
                                "(docs/DEPLOY.md, \"The fleet\")"
                              : "docs/DEPLOY.md, \"The fleet\""};
    }

    const FleetInput& input_;
    std::map<std::string, Draft> drafts_;
    Fleet fleet_;
    std::vector<std::string> mistakes_;
    bool missing_ = false;  ///< a host has no configuration
};

}  // namespace

std::string fleet::set_of(ProfileType type) {
    switch (type) {
        case ProfileType::darwin:
            return "darwinConfigurations";
        case ProfileType::home_manager:
            return "homeConfigurations";
        case ProfileType::nixos:
        case ProfileType::custom:
            break;
    }
    return "nixosConfigurations";
}

std::vector<std::string> Fleet::names() const {
    std::vector<std::string> all;
    for (const auto& [name, host] : hosts) all.push_back(name);
    return all;
}

std::map<std::string, std::vector<std::string>> Fleet::members() const {
    std::map<std::string, std::vector<std::string>> all;
    for (const auto& [name, host] : hosts)
        for (const auto& tag : host.tags)
            if (auto& of_tag = all[tag]; of_tag.empty() || of_tag.back() != name) of_tag.push_back(name);
    return all;
}

Result<Fleet> merge_fleet(const FleetInput& input) {
    return Merge(input).fleet();
}

}  // namespace lockstep
