// SPDX-License-Identifier: MIT
// Fleets without nixpkgs for tests with the real Nix: a flake repository whose hosts are plain derivations over
// /bin/sh, and inputs that are local git repositories of "parts". A new commit of an input makes an update that
// matters.
//
//     NixLab lab;
//     FleetFixture fleet(lab);
//     fleet.part("catalogue", "openssl", {});                       // an input, made on first use
//     fleet.host("web1", {.parts = {"catalogue.openssl"}});
//     fleet.commit("first");                                        // writes flake.nix, locks, commits
//     fleet.part("catalogue", "openssl", {Recipe::Kind::fails});    // a new commit of the input: the next update
//     breaks web1
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "support/nix_lab.hpp"

namespace lockstep::test {

/// What a derivation does when it is built or evaluated.
struct Recipe {
    enum class Kind {
        ok,
        fails,        ///< exit code 1 after an error line
        killed,       ///< kills itself with signal 9
        hangs,        ///< reads from the FIFO named by `text` until somebody opens it for writing (or for ever)
        no_output,    ///< exit code 0, makes nothing
        wrong_hash,   ///< fixed-output, with another content than promised
        big_log,      ///< `amount` lines of 100 bytes, then ok
        hostile_log,  ///< forged records and workflow commands, escapes, no UTF-8, a long line; then exit code `amount`
        no_space,     ///< fails like a program on a full disk
        foreign_system,      ///< for `text`, or another system than ours
        exotic_feature,      ///< needs a system feature that nobody has
        throws,              ///< evaluation: throw
        missing_attribute,   ///< evaluation: cannot be caught
        infinite_recursion,  ///< evaluation
    } kind = Kind::ok;
    std::string text;  ///< see kinds; for others: part of the derivation, so another text is another derivation
    int amount = 0;
    std::vector<std::string> parts;  ///< "input.part": what it needs to be built
};

class FleetFixture {
public:
    /// Repositories below lab.root()/name. Host and part names may be any text; input names are [a-z0-9-].
    explicit FleetFixture(const NixLab& lab, const std::string& name = "fleet");

    [[nodiscard]] const std::filesystem::path& repository() const { return repository_; }
    [[nodiscard]] std::filesystem::path input_repository(const std::string& input) const;

    /// Sets a part of an input and commits it there at once. Gives the new commit. A part may use parts of the same
    /// input.
    std::string part(const std::string& input, const std::string& name, const Recipe& recipe);
    /// Sets a member of an attribute set of the fleet; written by the next commit(). Its own inputs' parts by
    /// recipe.parts.
    void host(const std::string& name, const Recipe& recipe, const std::string& set = "nixosConfigurations");
    /// A host that exists only while part `input.part` exists: an update that takes the part away makes it vanish.
    void host_if(const std::string& input, const std::string& part, const std::string& name, const Recipe& recipe);
    /// Takes a part away from an input.
    std::string remove_part(const std::string& input, const std::string& name);
    /// Extra attributes of flake.nix, as Nix text: "nixConfig.max-jobs = 1;".
    void flake_text(std::string text) { flake_text_ = std::move(text); }
    /// Where the flake lies in the repository; call before the first commit.
    void flake_dir(std::string dir) { flake_dir_ = std::move(dir); }

    /// Writes flake.nix, completes flake.lock (when `lock`), commits both. Gives the commit.
    std::string commit(const std::string& message, bool lock = true);
    [[nodiscard]] std::string head() const;
    /// The commit as lockstep pins it.
    [[nodiscard]] std::string pinned(const std::string& commit) const;
    /// A bare repository beside it that has the current main, as remote "origin" of the repository.
    std::filesystem::path publish();

private:
    struct Member {
        Recipe recipe;
        std::string only_if;  ///< a Nix condition, or ""
    };
    std::string write_input(const std::string& input);
    [[nodiscard]] std::string flake_nix() const;

    const NixLab& lab_;
    std::filesystem::path base_, repository_;
    std::string flake_text_, flake_dir_;
    std::map<std::string, std::map<std::string, Recipe>> inputs_;
    std::map<std::string, std::map<std::string, Member>> sets_;
};

}  // namespace lockstep::test
