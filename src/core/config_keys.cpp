// SPDX-License-Identifier: MIT
// The table of configuration keys: one row per key, everything else about configuration is made from it.
#include "lockstep/core/config_keys.hpp"

#include <array>
#include <type_traits>

#include "core/config_keys_types.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/units.hpp"

// A field as a function that works on Config and const Config alike.
#define LOCKSTEP_FIELD(member)  \
    [](auto& config) -> auto& { \
        return config.member;   \
    }

namespace lockstep {

namespace {

using keys::Complaint;

template <class Field>
ConfigKey text(std::string_view path, Field field, keys::TextCheck check, std::string_view doc) {
    ConfigKey key{.path = path, .type = KeyType::text, .doc = doc};
    key.set = [field, check](Config& config, const RawValue& raw) -> Complaint {
        std::string value;
        if (auto complaint = keys::read(raw, value)) return complaint;
        if (auto complaint = check(value)) return complaint;
        field(config) = value;
        return std::nullopt;
    };
    key.show = [field](const Config& config) { return keys::show(field(config)); };
    return key;
}

template <class Field>
ConfigKey boolean(std::string_view path, Field field, std::string_view doc) {
    ConfigKey key{.path = path, .type = KeyType::boolean, .doc = doc};
    key.set = [field](Config& config, const RawValue& raw) { return keys::read(raw, field(config)); };
    key.show = [field](const Config& config) { return std::string(field(config) ? "true" : "false"); };
    return key;
}

template <class Field>
ConfigKey integer(std::string_view path, Field field, std::int64_t least, std::int64_t most, std::string_view doc) {
    ConfigKey key{.path = path, .type = KeyType::integer, .doc = doc, .least = least, .most = most};
    key.set = [field, least, most](Config& config, const RawValue& raw) {
        return keys::read(raw, least, most, field(config));
    };
    key.show = [field](const Config& config) { return std::to_string(field(config)); };
    return key;
}

template <class Field>
ConfigKey duration(std::string_view path, Field field, std::string_view doc) {
    ConfigKey key{.path = path, .type = KeyType::duration, .doc = doc};
    key.set = [field](Config& config, const RawValue& raw) { return keys::read(raw, field(config)); };
    key.show = [field](const Config& config) { return format_duration(field(config)); };
    return key;
}

/// A duration of which zero means "none", or "at once".
template <class Field>
ConfigKey duration_or_zero(std::string_view path, Field field, std::string_view doc) {
    auto key = duration(path, field, doc);
    key.set = [field](Config& config, const RawValue& raw) -> Complaint {
        const auto value = raw.shape == RawValue::Shape::scalar ? parse_duration(raw.scalar) : Error{};
        if (!value.ok() || value->count() != 0) return keys::read(raw, field(config));
        field(config) = *value;
        return std::nullopt;
    };
    return key;
}

template <class Field>
ConfigKey size(std::string_view path, Field field, std::uint64_t least, std::uint64_t most, std::string_view doc) {
    ConfigKey key{.path = path, .type = KeyType::size, .doc = doc};
    key.set = [field, least, most](Config& config, const RawValue& raw) {
        return keys::read(raw, least, most, field(config));
    };
    key.show = [field](const Config& config) { return format_size(field(config)); };
    return key;
}

template <class Field>
ConfigKey list(std::string_view path, Field field, keys::ListCheck check, std::string_view doc) {
    ConfigKey key{.path = path, .type = KeyType::text_list, .doc = doc};
    key.set = [field, check](Config& config, const RawValue& raw) -> Complaint {
        std::vector<std::string> value;
        if (auto complaint = keys::read(raw, value)) return complaint;
        if (auto complaint = check(value)) return complaint;
        field(config) = value;
        return std::nullopt;
    };
    key.show = [field](const Config& config) { return keys::show(field(config)); };
    return key;
}

/// Words of a choice, the first enum value first.
template <class Field, class Enum, std::size_t N>
ConfigKey choice(std::string_view path, Field field, const std::array<std::pair<std::string_view, Enum>, N>& words,
                 std::string_view doc) {
    ConfigKey key{.path = path, .type = KeyType::choice, .doc = doc};
    std::string expected = "expects ";
    for (const auto& [word, value] : words) {
        if (!key.choices.empty()) expected += key.choices.size() + 1 == N ? " or " : ", ";
        expected += word;
        key.choices.emplace_back(word);
    }
    key.set = [field, words, expected](Config& config, const RawValue& raw) -> Complaint {
        std::string given;
        if (auto complaint = keys::read(raw, given)) return complaint;
        if constexpr (std::is_same_v<Enum, Toggle>)  // YAML readers and writers turn on and off into booleans
            if (given == "true" || given == "false") given = given == "true" ? "on" : "off";
        for (const auto& [word, value] : words) {
            if (given != word) continue;
            field(config) = value;
            return std::nullopt;
        }
        return expected;
    };
    key.show = [field, words](const Config& config) -> std::string {
        for (const auto& [word, value] : words)
            if (field(config) == value) return std::string(word);
        LOCKSTEP_CHECK(false);
    };
    return key;
}

template <class Enum, class... Words>
constexpr auto choices(Words... words) {
    return std::array<std::pair<std::string_view, Enum>, sizeof...(Words)>{words...};
}

ConfigKey machine_only(ConfigKey key) {
    key.machine_only = true;
    return key;
}

ConfigKey with_pattern(ConfigKey key, std::string_view pattern) {
    key.pattern = pattern;
    return key;
}

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
    key.set = [](Config& config, const RawValue& raw) { return keys::read_sub_directory(raw, config.flake); };
    key.show = [](const Config& config) { return keys::show(config.flake); };
    return key;
}

ConfigKey nix_options_key() {
    ConfigKey key{.path = "nix.options", .type = KeyType::text_map};
    key.doc =
        "Options of nix.conf, given to every Nix command as `--option NAME VALUE`. Entries of a later source are added "
        "to those "
        "of an earlier one. The repository's own file may not set options that run programs, carry secrets or move "
        "trust.";
    key.set = [](Config& config, const RawValue& raw) -> Complaint {
        std::vector<std::pair<std::string, std::string>> entries;
        if (auto complaint = keys::read(raw, entries)) return complaint;
        if (auto complaint = keys::nix_options(entries)) return complaint;
        for (auto& [name, value] : entries) config.nix.options[name] = value;
        return std::nullopt;
    };
    key.show = [](const Config& config) { return keys::show(config.nix.options); };
    return key;
}

void add_repository(std::vector<ConfigKey>& table) {
    constexpr auto k_toggle = choices<Toggle>(std::pair{"auto", Toggle::automatic}, std::pair{"on", Toggle::on},
                                              std::pair{"off", Toggle::off});
    table.push_back(version_key());
    table.push_back(
        text("remote", LOCKSTEP_FIELD(remote), keys::remote_name, "Git remote that holds the base branch."));
    table.push_back(text("base", LOCKSTEP_FIELD(base), keys::ref_name_or_empty,
                         "Branch that is kept building; empty is the remote's default branch."));
    table.push_back(flake_key());
    table.push_back(
        text("branch", LOCKSTEP_FIELD(branch), keys::branch_template,
             "Name of the update branch, with `strftime` date parts. `-2` and so on is added when somebody else "
             "already has the name."));
    table.push_back(with_pattern(text("time_zone", LOCKSTEP_FIELD(time_zone), keys::time_zone_name,
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

void add_update(std::vector<ConfigKey>& table) {
    table.push_back(list("update.inputs", LOCKSTEP_FIELD(update.inputs), keys::input_names,
                         "Only these direct inputs are updated; empty is all of them."));
    table.push_back(
        list("update.exclude", LOCKSTEP_FIELD(update.exclude), keys::globs, "Direct inputs to leave alone. Globs."));
    table.push_back(
        text("update.subject", LOCKSTEP_FIELD(update.subject), keys::subject_template,
             "First line of the commit message. `{inputs}`, `{count}`, `{date}` and `{flake}` are replaced."));
    table.push_back(
        duration("update.timeout", LOCKSTEP_FIELD(update.timeout), "Longest time for one `nix flake update`."));
    table.push_back(
        integer("update.attempts", LOCKSTEP_FIELD(update.attempts), 1, 10, "Tries when fetching an input fails."));
    table.push_back(
        list("alarms.stop", LOCKSTEP_FIELD(alarms.stop), keys::alarm_globs,
             "Alarms on the lock change that keep an update from landing: it is proved and becomes a pull request. "
             "Others only warn. Codes or globs."));
    table.push_back(list("alarms.ignore", LOCKSTEP_FIELD(alarms.ignore), keys::alarm_globs,
                         "Alarms that are not raised at all. Codes or globs."));
    table.push_back(
        text("commit.name", LOCKSTEP_FIELD(commit.name), keys::person_name,
             "Author and committer of the update commit, together with `commit.email`; empty is git's own identity."));
    table.push_back(text("commit.email", LOCKSTEP_FIELD(commit.email), keys::mail_address,
                         "Mail address of the author and committer; goes with `commit.name`."));
    table.push_back(
        choice("commit.sign", LOCKSTEP_FIELD(commit.sign),
               choices<SignPolicy>(std::pair{"auto", SignPolicy::automatic}, std::pair{"always", SignPolicy::always},
                                   std::pair{"never", SignPolicy::never}),
               "Whether the update commit is signed. `auto`: as git's `commit.gpgSign` says."));
}

void add_targets(std::vector<ConfigKey>& table) {
    table.push_back(with_pattern(
        list("targets.attributes", LOCKSTEP_FIELD(targets.attributes), keys::target_sets,
             "Attribute sets of the flake whose members must build: `nixosConfigurations`, `darwinConfigurations`, "
             "`homeConfigurations`, `packages.<system>`, `checks.<system>`, `devShells.<system>`."),
        R"(^((nixos|darwin|home)Configurations|(packages|checks|devShells)\.[A-Za-z0-9_]+-[A-Za-z0-9_]+)$)"));
    table.push_back(list("targets.include", LOCKSTEP_FIELD(targets.include), keys::globs,
                         "Only these targets take part; empty is all of them. Globs over names."));
    table.push_back(list("targets.exclude", LOCKSTEP_FIELD(targets.exclude), keys::globs,
                         "Targets that take no part, such as installer images. Globs over names."));
    table.push_back(
        list("targets.optional", LOCKSTEP_FIELD(targets.optional), keys::globs,
             "Targets that are built and reported, but never keep an update from landing. Globs over names."));
    table.push_back(
        choice("targets.foreign", LOCKSTEP_FIELD(targets.foreign),
               choices<ForeignPolicy>(std::pair{"require", ForeignPolicy::require},
                                      std::pair{"evaluate", ForeignPolicy::evaluate},
                                      std::pair{"ignore", ForeignPolicy::ignore}),
               "What happens to targets for a system that this machine cannot build. `require`: they must build, so "
               "the update does not land; `evaluate`: evaluating them is enough; `ignore`: they take no part."));
}

void add_prove(std::vector<ConfigKey>& table) {
    table.push_back(integer("prove.slots", LOCKSTEP_FIELD(prove.slots), 0, 1024,
                            "Builds at once; 0 is as many as there are cores."));
    table.push_back(integer("prove.evaluators", LOCKSTEP_FIELD(prove.evaluators), 0, 256,
                            "Evaluation processes at once; 0 is what cores and memory allow."));
    table.push_back(
        duration("prove.build_timeout", LOCKSTEP_FIELD(prove.build_timeout), "Longest time for one derivation."));
    table.push_back(duration("prove.silent_timeout", LOCKSTEP_FIELD(prove.silent_timeout),
                             "Longest time that one derivation may build without writing to its log."));
    table.push_back(
        duration("prove.eval_timeout", LOCKSTEP_FIELD(prove.eval_timeout), "Longest time to evaluate one target."));
    table.push_back(
        size("prove.log_limit", LOCKSTEP_FIELD(prove.log_limit), 4ULL << 10, 16ULL << 30,
             "Bytes kept of one derivation's log, from its head and its tail. A longer log fails nothing."));
    table.push_back(size(
        "prove.evaluation_memory", LOCKSTEP_FIELD(prove.evaluation_memory), 0, 1ULL << 50,
        "Memory for all evaluation processes together; 0 is three quarters of what is free. A host that outgrows it "
        "is tried once more, alone."));
    table.push_back(
        duration_or_zero("prove.failure_memory", LOCKSTEP_FIELD(prove.failure_memory),
                         "How long a derivation whose builder failed is not built again; `0s` tries again at once."));
    table.push_back(list("prove.flaky", LOCKSTEP_FIELD(prove.flaky), keys::globs,
                         "Derivations that deserve a second try when their builder fails. Globs over names without "
                         "the hash."));
    table.push_back(integer("prove.retries", LOCKSTEP_FIELD(prove.retries), 0, 10,
                            "Further tries after trouble of the network, a cache, memory, disk or the Nix daemon."));
    table.push_back(duration("prove.retry_pause", LOCKSTEP_FIELD(prove.retry_pause),
                             "Wait before the first of these tries; doubled each time."));
    table.push_back(integer("prove.tail_lines", LOCKSTEP_FIELD(prove.tail_lines), 0, 1000,
                            "Last lines of the log that are shown for each cause of failure."));
    table.push_back(size("prove.min_free", LOCKSTEP_FIELD(prove.min_free), 0, 1ULL << 50,
                         "Space that must stay free where the store, Nix's build directory and the run's own files "
                         "are: below it a run does not start to build, or stops building. `0B` switches the check "
                         "off."));
    table.push_back(integer("prove.min_free_inodes", LOCKSTEP_FIELD(prove.min_free_inodes), 0, 1'000'000'000,
                            "Inodes that must stay free there; 0 switches the check off."));
}

void add_keep(std::vector<ConfigKey>& table) {
    table.push_back(boolean("lock.remote", LOCKSTEP_FIELD(lock.remote),
                            "Keep runs of other machines off while a run proves and lands, by a ref "
                            "`refs/lockstep/lock/…` on the remote. Without it, the base branch is still only moved "
                            "from where the run started."));
    table.push_back(duration("lock.expires", LOCKSTEP_FIELD(lock.expires),
                             "When another machine may take the lock of a run that never gave it back. Longer than "
                             "any run takes."));
    table.push_back(integer("keep.generations", LOCKSTEP_FIELD(keep.generations), 0, 1000,
                            "Landed generations of each host that garbage collections on this machine spare; 0 is "
                            "none."));
    table.push_back(
        machine_only(with_pattern(text("cache.to", LOCKSTEP_FIELD(cache.to), keys::store_address,
                                       "Nix store that proved hosts are copied to while others still build, such as "
                                       "`file:///srv/cache`, `s3://bucket` or `ssh-ng://host`; empty is none."),
                                  "^((file|s3|https?|ssh|ssh-ng|local|unix)://[^ @#]*(@[^ @#]*)?)?$")));
    table.push_back(
        machine_only(text("cache.signing_key_file", LOCKSTEP_FIELD(cache.signing_key_file), keys::path_or_empty,
                          "File with the secret key that signs what is copied, mode 0600; empty is unsigned.")));
    table.push_back(boolean("cache.passing_hosts_of_red_runs", LOCKSTEP_FIELD(cache.passing_hosts_of_red_runs),
                            "Copy the hosts that build even when others fail and the update does not land."));
    table.push_back(duration("cache.timeout", LOCKSTEP_FIELD(cache.timeout), "Longest time for one copy."));
}

void add_nix(std::vector<ConfigKey>& table) {
    table.push_back(machine_only(text("nix.bin_dir", LOCKSTEP_FIELD(nix.bin_dir), keys::path_or_empty,
                                      "Directory with the `nix` programs to use; empty is whatever `PATH` finds.")));
    table.push_back(boolean("nix.impure", LOCKSTEP_FIELD(nix.impure), "Evaluate with `--impure`."));
    table.push_back(boolean("nix.accept_flake_config", LOCKSTEP_FIELD(nix.accept_flake_config),
                            "Use the settings in the flake's `nixConfig`, such as its binary caches."));
    table.push_back(nix_options_key());
}

void add_forge(std::vector<ConfigKey>& table) {
    table.push_back(
        choice("land.mode", LOCKSTEP_FIELD(land.mode),
               choices<LandMode>(std::pair{"push", LandMode::push}, std::pair{"pull-request", LandMode::pull_request}),
               "`push`: a proved update is pushed to the base branch; `pull-request`: it becomes a pull request too."));
    table.push_back(integer("land.tries", LOCKSTEP_FIELD(land.tries), 1, 20,
                            "How often an update is put on top of a base branch that moved meanwhile, and proved "
                            "again, before the run gives up."));
    table.push_back(
        with_pattern(text("forge.kind", LOCKSTEP_FIELD(forge.kind), keys::forge_kind,
                          "`auto`, `github`, `gitea`, `forgejo`, `none`, or `directory:DIR` for pull requests as files "
                          "under DIR. `auto` asks the Actions environment and the remote's address."),
                     "^(auto|github|gitea|forgejo|none|directory:.+)$"));
    table.push_back(
        with_pattern(text("forge.url", LOCKSTEP_FIELD(forge.url), keys::web_address,
                          "Web address of the forge, sub-path included; empty is derived from the remote's address."),
                     "^(https?://[^ ?#@]+)?$"));
    table.push_back(
        machine_only(text("forge.token_file", LOCKSTEP_FIELD(forge.token_file), keys::path_or_empty,
                          "File that holds the forge token, mode 0600. Without it: the systemd credential or the "
                          "variable that the runner provides.")));
    table.push_back(list("forge.failure_labels", LOCKSTEP_FIELD(forge.failure_labels), keys::labels,
                         "Labels of a pull request for an update with failed hosts."));
    table.push_back(list("forge.review_labels", LOCKSTEP_FIELD(forge.review_labels), keys::labels,
                         "Labels of a pull request for an update that builds, but could not or should not be pushed."));
    table.push_back(boolean("forge.statuses", LOCKSTEP_FIELD(forge.statuses), "Write commit statuses."));
    table.push_back(integer("forge.status_hosts", LOCKSTEP_FIELD(forge.status_hosts), 0, 100,
                            "How many hosts get a commit status of their own, worst first."));
    table.push_back(boolean("forge.attach_logs", LOCKSTEP_FIELD(forge.attach_logs),
                            "Attach the full logs to the pull request where the forge can hold them."));
    table.push_back(duration("forge.timeout", LOCKSTEP_FIELD(forge.timeout), "Longest time for one request."));
    table.push_back(
        duration("forge.budget", LOCKSTEP_FIELD(forge.budget), "Longest time for one step with all its retries."));
    table.push_back(duration("git.timeout", LOCKSTEP_FIELD(git.timeout), "Longest time for one fetch or push."));
    table.push_back(
        integer("report.keep_runs", LOCKSTEP_FIELD(report.keep_runs), 1, 10000, "Runs kept on disk, newest first."));
    table.push_back(size("report.summary_limit", LOCKSTEP_FIELD(report.summary_limit), 1ULL << 10, 1ULL << 20,
                         "Longest step summary in Actions; forges cut at 1 MiB."));
}

}  // namespace

const std::vector<ConfigKey>& config_keys() {
    static const std::vector<ConfigKey> table = [] {
        std::vector<ConfigKey> rows;
        add_repository(rows);
        add_run(rows);
        add_update(rows);
        add_targets(rows);
        add_prove(rows);
        add_keep(rows);
        add_nix(rows);
        add_forge(rows);
        return rows;
    }();
    return table;
}

}  // namespace lockstep
