// SPDX-License-Identifier: MIT
// Keys of the repository and of the run as a whole.
#include "core/config_keys_rows.hpp"

namespace lockstep::keys {

namespace {

ConfigKey version_key() {
    ConfigKey key{.path = "config_version", .type = KeyType::integer, .least = 1, .most = 1};
    key.doc =
        "Which meaning of the keys the file was written for. Every file that is not empty needs `config_version: 1`.";
    key.set = [](Config&, const RawValue& raw) -> Complaint {
        if (raw.shape == RawValue::Shape::scalar && raw.scalar == "1" && !raw.quoted) return std::nullopt;
        return "expects 1, the only version that this program knows";
    };
    key.show = [](const Config&) { return std::string("1"); };
    return key;
}

ConfigKey flake_key() {
    ConfigKey key{.path = "flake", .type = KeyType::text};
    key.doc = "Directory of the flake inside the repository; empty is the root.";
    key.pattern = R"(^(?!/)(?!(.*/)?\.\.(/|$)).*$)";
    key.set = [](Config& config, const RawValue& raw) { return read_sub_directory(raw, config.flake); };
    key.show = [](const Config& config) { return show(config.flake); };
    return key;
}

}  // namespace

void add_repository(std::vector<ConfigKey>& table) {
    constexpr auto k_toggle = choices<Toggle>(std::pair{"auto", Toggle::automatic}, std::pair{"on", Toggle::on},
                                              std::pair{"off", Toggle::off});
    table.push_back(version_key());
    table.push_back(text("remote", LOCKSTEP_FIELD(remote), remote_name, "Git remote that holds the base branch."));
    table.push_back(text("base", LOCKSTEP_FIELD(base), ref_name_or_empty,
                         "Branch that is kept building; empty is the remote's default branch."));
    table.push_back(flake_key());
    table.push_back(
        text("branch", LOCKSTEP_FIELD(branch), branch_template,
             "Name of the update branch, with `strftime` date parts. `-2` and so on is added when somebody else "
             "already has the name."));
    table.push_back(with_pattern(text("time_zone", LOCKSTEP_FIELD(time_zone), time_zone_name,
                                      "Time zone of the date in the branch name and in `update.subject`."),
                                 "^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$"));
    table.push_back(choice("submodules", LOCKSTEP_FIELD(submodules), k_toggle,
                           "Whether Nix sees the git submodules. `auto`: when the base commit has a `.gitmodules`."));
}

void add_run(std::vector<ConfigKey>& table) {
    table.push_back(duration_or_zero("run.deadline", LOCKSTEP_FIELD(run.deadline),
                                     "Longest time for a whole run; `0s` is none. Hosts that are not proved in time "
                                     "say nothing: the update does not "
                                     "land, but when a host is known to be broken the pull request says so."));
    table.push_back(duration("run.publish_reserve", LOCKSTEP_FIELD(run.publish_reserve),
                             "How long before the deadline evaluating and building end, so that there is time to push "
                             "and to write the pull request; at most half of the deadline."));
}

}  // namespace lockstep::keys
