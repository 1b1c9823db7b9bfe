// SPDX-License-Identifier: MIT
// Keys of the update and of what is proved.
#include "core/config_keys_rows.hpp"

namespace lockstep::keys {

void add_update(std::vector<ConfigKey>& table) {
    table.push_back(list("update.inputs", LOCKSTEP_FIELD(update.inputs), input_names,
                         "Only these direct inputs are updated; empty is all of them."));
    table.push_back(
        list("update.exclude", LOCKSTEP_FIELD(update.exclude), globs, "Direct inputs to leave alone. Globs."));
    table.push_back(
        text("update.subject", LOCKSTEP_FIELD(update.subject), subject_template,
             "First line of the commit message. `{inputs}`, `{count}`, `{date}` and `{flake}` are replaced."));
    table.push_back(
        duration("update.timeout", LOCKSTEP_FIELD(update.timeout), "Longest time for one `nix flake update`."));
    table.push_back(
        integer("update.attempts", LOCKSTEP_FIELD(update.attempts), 1, 10, "Tries when fetching an input fails."));
    table.push_back(
        list("alarms.stop", LOCKSTEP_FIELD(alarms.stop), alarm_globs,
             "Alarms on the lock change that keep an update from landing: it is proved and becomes a pull request. "
             "Others only warn. Codes or globs."));
    table.push_back(list("alarms.ignore", LOCKSTEP_FIELD(alarms.ignore), alarm_globs,
                         "Alarms that are not raised at all. Codes or globs."));
    table.push_back(
        text("commit.name", LOCKSTEP_FIELD(commit.name), person_name,
             "Author and committer of the update commit, together with `commit.email`; empty is git's own identity."));
    table.push_back(text("commit.email", LOCKSTEP_FIELD(commit.email), mail_address,
                         "Mail address of the author and committer; goes with `commit.name`."));
    table.push_back(
        choice("commit.sign", LOCKSTEP_FIELD(commit.sign),
               choices<SignPolicy>(std::pair{"auto", SignPolicy::automatic}, std::pair{"always", SignPolicy::always},
                                   std::pair{"never", SignPolicy::never}),
               "Whether the update commit is signed. `auto`: as git's `commit.gpgSign` says."));
}

void add_targets(std::vector<ConfigKey>& table) {
    table.push_back(with_pattern(
        list("targets.attributes", LOCKSTEP_FIELD(targets.attributes), target_sets,
             "Attribute sets of the flake whose members must build: `nixosConfigurations`, `darwinConfigurations`, "
             "`homeConfigurations`, `packages.<system>`, `checks.<system>`, `devShells.<system>`."),
        R"(^((nixos|darwin|home)Configurations|(packages|checks|devShells)\.[A-Za-z0-9_]+-[A-Za-z0-9_]+)$)"));
    table.push_back(list("targets.include", LOCKSTEP_FIELD(targets.include), globs,
                         "Only these targets take part; empty is all of them. Globs over names."));
    table.push_back(list("targets.exclude", LOCKSTEP_FIELD(targets.exclude), globs,
                         "Targets that take no part, such as installer images. Globs over names."));
    table.push_back(
        list("targets.optional", LOCKSTEP_FIELD(targets.optional), globs,
             "Targets that are built and reported, but never keep an update from landing. Globs over names."));
    table.push_back(
        choice("targets.foreign", LOCKSTEP_FIELD(targets.foreign),
               choices<ForeignPolicy>(std::pair{"require", ForeignPolicy::require},
                                      std::pair{"evaluate", ForeignPolicy::evaluate},
                                      std::pair{"ignore", ForeignPolicy::ignore}),
               "What happens to targets for a system that this machine cannot build. `require`: they must build, so "
               "the update does not land; `evaluate`: evaluating them is enough; `ignore`: they take no part."));
}

}  // namespace lockstep::keys
