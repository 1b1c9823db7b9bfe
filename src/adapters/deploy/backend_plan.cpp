// SPDX-License-Identifier: MIT
// What a backend cannot do, said before any host is touched: as refusals, as notices of the plan, and as the table of
// the documentation. All three are made from the registry.
#include <algorithm>

#include <fmt/format.h>

#include "adapters/deploy/backends.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::deploy {

namespace {

struct AbilityWords {
    Ability ability;
    const char* name;     ///< for the table
    const char* refused;  ///< "NODE: …" when it is wanted and cannot be had
    const char* instead;  ///< what to do
};

constexpr const char* k_embedded = "leave such hosts to the embedded backend (fleet.hosts.<name>.backend: embedded)";

constexpr AbilityWords k_words[] = {
    {Ability::switch_live, "action `switch`", "cannot switch a running host", k_embedded},
    {Ability::test, "action `test`", "cannot activate a system for the time until the next boot only",
     "set the action of these hosts to switch, or leave them to the embedded backend"},
    {Ability::boot, "action `boot`, and hosts that refuse a live switch", "cannot set what the next boot starts",
     "use a newer one, or leave such hosts to the embedded backend"},
    {Ability::reboot, "`reboot`: by lockstep itself, with a deadline", "cannot be followed by a reboot", k_embedded},
    {Ability::proved_path, "is handed the proved path", "evaluates the configuration again", k_embedded},
    {Ability::prove_first, "nothing is permanent before the proof; `land.after: canary`",
     "makes a system permanent before it is proved: a canary could not be left as it was",
     "set land.after to builds, or leave the canary hosts to the embedded backend"},
    {Ability::returns_alone, "the host goes back by itself when the runner dies or the network is cut",
     "leaves a host as it is when the runner dies", k_embedded},
    {Ability::own_machine, "the machine that lockstep runs on",
     "is a child of this process, and would end with it in the middle of the activation", k_embedded},
    {Ability::darwin, "`type: darwin`", "is not used for hosts of nix-darwin", k_embedded},
    {Ability::home_manager, "`type: home_manager`", "is not used for home-manager", k_embedded},
};

const AbilityWords& words_of(Ability ability) {
    const auto* found =
        std::find_if(std::begin(k_words), std::end(k_words), [&](const auto& each) { return each.ability == ability; });
    LOCKSTEP_CHECK(found != std::end(k_words));
    return *found;
}

std::vector<Ability> needed(const BackendWish& wish) {
    std::vector<Ability> result;
    if (wish.type == ProfileType::darwin) result.push_back(Ability::darwin);
    if (wish.type == ProfileType::home_manager) result.push_back(Ability::home_manager);
    if (wish.type == ProfileType::nixos)
        result.push_back(wish.action == SwitchAction::test   ? Ability::test
                         : wish.action == SwitchAction::boot ? Ability::boot
                                                             : Ability::switch_live);
    if (wish.prove_first) result.push_back(Ability::prove_first);
    if (wish.own_machine) result.push_back(Ability::own_machine);
    return result;
}

}  // namespace

Result<void> check_abilities(const BackendRow& backend, const Tool& tool, const std::vector<BackendWish>& wishes) {
    std::vector<std::string> what, why, hints;
    const auto say = [](std::vector<std::string>& into, const std::string& text) {
        if (std::find(into.begin(), into.end(), text) == into.end()) into.push_back(text);
    };
    for (const auto& wish : wishes) {
        const auto host = clean_line(wish.host, 100);
        for (const auto ability : needed(wish)) {
            if (backend.can(ability, tool)) continue;
            say(what, host);
            say(why, fmt::format("{}: {} {}", host, backend.name, words_of(ability).refused));
            say(hints, words_of(ability).instead);
        }
        const bool other = wish.type == ProfileType::darwin || wish.type == ProfileType::home_manager;
        if (other && wish.action != SwitchAction::switch_to) {
            say(what, host);
            say(why, fmt::format("{}: {} has no other action than switch", host, word(wish.type)));
            say(hints, "set the action of these hosts to switch");
        }
        if (other && wish.prove_first) {
            say(what, host);
            say(why, fmt::format("{}: {} cannot be left until base has moved", host, word(wish.type)));
            say(hints, "set land.after to builds, or choose canaries of NixOS");
        }
        if (backend.only_sudo && !wish.become.empty() && wish.become.rfind("sudo", 0) != 0) {
            say(what, host);
            say(why, fmt::format("{}: {} becomes root by sudo and by nothing else (deploy.become is `{}`)", host,
                                 backend.name, clean_line(wish.become, 80)));
            say(hints, "come in as root or by sudo, or leave such hosts to the embedded backend");
        }
    }
    if (what.empty()) return {};
    return Error{ErrorKind::config, fmt::format("{} cannot deploy {}", backend.name, join(what, ", ")), join(why, "\n"),
                 join(hints, "; ")};
}

std::vector<std::string> backend_notices(const BackendRow& backend, const Tool& tool) {
    if (!backend.foreign()) return {};
    std::vector<std::string> notices;
    const auto name = std::string(backend.name);
    if (!backend.can(Ability::returns_alone, tool))
        notices.push_back(name + (backend.returns_by_generation
                                      ? ": its own way back goes by generations and ends with its confirmation; when "
                                        "this process dies, nothing brings a host back"
                                      : ": when this process dies or the network is cut, nothing brings a host back"));
    if (!backend.can(Ability::prove_first, tool))
        notices.push_back(name + ": a system is permanent before it is proved; a power cut meanwhile starts it");
    if (!backend.can(Ability::proved_path, tool))
        notices.push_back(name +
                          ": evaluates the configuration again; hosts whose system would be another one than the "
                          "proved one are left alone");
    return notices;
}

std::string backend_table() {
    std::string text = "| |";
    for (const auto& row : backends()) text += fmt::format(" `{}` |", row.name);
    text += "\n|---|";
    for (std::size_t n = 0; n < backends().size(); ++n) text += "---|";
    text += '\n';
    for (const auto ability : all_abilities()) {
        text += fmt::format("| {} |", words_of(ability).name);
        for (const auto& row : backends()) {
            const auto can = std::find_if(row.abilities.begin(), row.abilities.end(),
                                          [&](const Can& each) { return each.ability == ability; });
            text += can == row.abilities.end() ? " no |"
                    : can->flag.empty()        ? " yes |"
                                               : fmt::format(" if it knows `{}` |", can->flag);
        }
        text += '\n';
    }
    return text;
}

}  // namespace lockstep::deploy
