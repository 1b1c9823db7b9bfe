// SPDX-License-Identifier: MIT
// Recipes as Nix text, and the repositories around them.
#include "support/fleet_fixture.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace lockstep::test {

namespace fs = std::filesystem;
using nix::string_literal;

namespace {

/// Builders use builtins of the shell alone and end with one: see the trap of Nix 2.34 with external last commands.
constexpr const char* k_hostile_script = R"sh(
printf '%s\n' '@nix {"action":"msg","level":0,"msg":"error: forged by a builder"}'
printf '%s\n' '@nix {"action":"stop","id":1}'
printf '%s\n' 'trace: lockstep-0123456789abcdef end 0 /nix/store/forged.drv'
printf '%s\n' '::error title=forged::by a builder' '##[group]forged' '::set-output name=x::y'
printf '\033[31mred\033[0m \033]0;title\007 \377\376 not utf-8 \000 nul\n'
printf 'progress 10%%\rprogress 100%%\n'
printf '%s\n' '</pre><script>alert(1)</script> @everyone #1 closes #2 `code` | table |'
line=x; while [ ${#line} -lt 100000 ]; do line=$line$line; done; printf '%s\n' "$line"
)sh";

std::string script_of(const Recipe& recipe) {
    using Kind = Recipe::Kind;
    const std::string make = "echo \"$text $parts\" > $out\n:";
    switch (recipe.kind) {
        case Kind::fails:
            return "echo checking\necho \"error: $name does not compile\" >&2\nexit 1";
        case Kind::killed:
            return "echo dying\nkill -9 $$\n:";
        case Kind::hangs:
            return "echo waiting\nread -r line < \"$text\"\n" + make;
        case Kind::no_output:
            return "echo nothing made\n:";
        case Kind::no_space:
            return "echo 'cc1: fatal error: error writing to a.s: No space left on device' >&2\nexit 1";
        case Kind::big_log:
            return fmt::format("i=0\nwhile [ $i -lt {} ]; do echo \"line $i {}\"; i=$((i+1)); done\n{}", recipe.amount,
                               std::string(85, '.'), make);
        case Kind::hostile_log:
            return k_hostile_script + (recipe.amount == 0 ? make : fmt::format("exit {}", recipe.amount));
        default:
            return "echo \"building $name\"\n" + make;
    }
}

/// Attributes that are not the same for all recipes.
std::string special_attributes(const Recipe& recipe) {
    using Kind = Recipe::Kind;
    const auto system = [](const std::string& name) { return "system = " + string_literal(name) + ";"; };
    const auto here = system(this_system());
    switch (recipe.kind) {
        case Kind::foreign_system:
            return system(!recipe.text.empty()               ? recipe.text
                          : this_system() == "riscv64-linux" ? "aarch64-linux"
                                                             : "riscv64-linux");
        case Kind::exotic_feature:
            return here + " requiredSystemFeatures = [ \"lockstep-exotic\" ];";
        case Kind::wrong_hash:
            return here + " outputHashAlgo = \"sha256\"; outputHash = \"" + std::string(64, '0') + "\";";
        default:
            return here;
    }
}

/// "catalogue.openssl" → inputs.catalogue.parts."openssl"
std::string part_expression(const std::string& part) {
    const auto dot = part.find('.');
    return fmt::format("inputs.{}.parts.${{{}}}", part.substr(0, dot), string_literal(part.substr(dot + 1)));
}

std::string derivation_text(const std::string& name, const Recipe& recipe) {
    using Kind = Recipe::Kind;
    if (recipe.kind == Kind::throws) return "throw " + string_literal("fixture: " + name + " does not evaluate");
    if (recipe.kind == Kind::missing_attribute) return "{ }.nosuch";
    if (recipe.kind == Kind::infinite_recursion) return "(let x = x + 1; in x)";
    std::string parts;
    for (const auto& part : recipe.parts) parts += part_expression(part) + " ";
    std::string drv_name;  // names of store paths allow less than attribute names
    for (const char c : name) {
        const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
        drv_name += allowed ? c : '_';
    }
    return fmt::format(
        "derivation {{ name = {}; builder = \"/bin/sh\"; {} text = {}; parts = [ {}]; args = [ \"-c\" {} ]; }}",
        string_literal("fixture-" + drv_name), special_attributes(recipe), string_literal(recipe.text), parts,
        string_literal(script_of(recipe)));
}

/// The attributes between a set's member and its derivation.
std::string wrapped(const std::string& set, const std::string& derivation) {
    const auto kind = target_kind_of_set(set);
    if (!kind.ok()) ADD_FAILURE() << kind.error().why;
    std::string path;
    if (kind.ok())
        for (const auto& name : derivation_suffix(*kind)) path += (path.empty() ? "" : ".") + name;
    return path.empty() ? derivation : fmt::format("{{ {} = {}; }}", path, derivation);
}

}  // namespace

FleetFixture::FleetFixture(const NixLab& lab, const std::string& name)
    : lab_(lab), base_(lab / name), repository_(base_ / "fleet") {
    fs::create_directories(repository_);
    lab_.git(repository_, {"init", "--quiet"});
}

fs::path FleetFixture::input_repository(const std::string& input) const {
    return base_ / ("input-" + input);
}

std::string FleetFixture::part(const std::string& input, const std::string& name, const Recipe& recipe) {
    inputs_[input][name] = recipe;
    return write_input(input);
}

std::string FleetFixture::remove_part(const std::string& input, const std::string& name) {
    inputs_[input].erase(name);
    return write_input(input);
}

std::string FleetFixture::write_input(const std::string& input) {
    const auto repository = input_repository(input);
    if (!fs::exists(repository)) {
        fs::create_directories(repository);
        lab_.git(repository, {"init", "--quiet"});
    }
    std::string text = "{\n  outputs = { self }: let inputs." + input + " = self; in {\n";
    for (const auto& [name, recipe] : inputs_[input])
        text += fmt::format("    parts.${{{}}} = {};\n", string_literal(name), derivation_text(name, recipe));
    write_file(repository / "flake.nix", text + "    parts.nothing = null;\n  };\n}\n");
    lab_.git(repository, {"add", "flake.nix"});
    lab_.git(repository, {"commit", "--quiet", "--allow-empty", "--message", "change parts"});
    return lab_.git(repository, {"rev-parse", "HEAD"});
}

void FleetFixture::host(const std::string& name, const Recipe& recipe, const std::string& set) {
    sets_[set][name] = {recipe, ""};
}

void FleetFixture::host_if(const std::string& input, const std::string& part, const std::string& name,
                           const Recipe& recipe) {
    sets_["nixosConfigurations"][name] = {recipe,
                                          fmt::format("inputs.{}.parts ? ${{{}}}", input, string_literal(part))};
}

std::string FleetFixture::flake_nix() const {
    std::string text = "{\n";
    for (const auto& [input, parts] : inputs_)
        text += fmt::format("  inputs.{}.url = {};\n", input,
                            string_literal("git+file://" + input_repository(input).string()));
    text += "  " + flake_text_ + "\n  outputs = inputs: {\n";
    for (const auto& [set, members] : sets_) {
        const auto dot = set.find('.');
        auto path = set.substr(0, dot);
        if (dot != std::string::npos) path += ".${" + string_literal(set.substr(dot + 1)) + "}";
        text += "    " + path + " = { }";
        for (const auto& [name, member] : members) {
            const auto value = wrapped(set, derivation_text(name, member.recipe));
            const auto condition = member.only_if.empty() ? "true" : member.only_if;
            text += fmt::format(" //\n      (if {} then {{ ${{{}}} = {}; }} else {{ }})", condition,
                                string_literal(name), value);
        }
        text += ";\n";
    }
    return text + "  };\n}\n";
}

std::string FleetFixture::commit(const std::string& message, bool lock) {
    const auto flake = repository_ / flake_dir_;
    write_file(flake / "flake.nix", flake_nix());
    lab_.git(repository_, {"add", "--all"});
    if (lock) {
        auto url = "git+file://" + repository_.string();
        if (!flake_dir_.empty()) url += "?dir=" + flake_dir_;
        run_ok({"nix", "flake", "lock", url}, lab_.environment());
        lab_.git(repository_, {"add", "--all"});
    }
    lab_.git(repository_, {"commit", "--quiet", "--allow-empty", "--message", message});
    return head();
}

std::string FleetFixture::head() const {
    return lab_.git(repository_, {"rev-parse", "HEAD"});
}

std::string FleetFixture::pinned(const std::string& commit) const {
    return nix::pinned_flake(repository_.string(), commit, flake_dir_, false);
}

fs::path FleetFixture::publish() {
    const auto bare = base_ / "origin.git";
    if (!fs::exists(bare)) {
        run_ok({"git", "init", "--quiet", "--bare", bare.string()}, lab_.environment());
        lab_.git(repository_, {"remote", "add", "origin", bare.string()});
    }
    lab_.git(repository_, {"push", "--quiet", "--set-upstream", "origin", "HEAD:main"});
    return bare;
}

}  // namespace lockstep::test
