// SPDX-License-Identifier: MIT
// What the tests of a misbehaving Nix share: hosts written as Nix expressions, wrappers around the programs of Nix, and
// what must hold of any report.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "e2e/bad_input_scene.hpp"

namespace lockstep::test {

/// A fleet whose hosts are expressions over `drv NAME SCRIPT MORE`: a derivation of this system that runs SCRIPT (shell
/// builtins only), with the attributes MORE on top.
struct BadNixScene : BadInputScene {
    std::map<std::string, std::string> toplevels;
    std::string definitions{};  ///< more of the `let` around them, "name = …;"

    void host_of(const std::string& name, const std::string& expression) { toplevels[name] = expression; }
    /// A host that builds well.
    void plain_host(const std::string& name) { host_of(name, "ok " + nix::string_literal(name)); }

    void publish_hosts() {
        std::string text =
            "{\n  outputs = _: let\n    drv = name: script: more: derivation ({ inherit name; system = \"" +
            this_system() +
            "\"; builder = \"/bin/sh\"; args = [ \"-c\" script ]; } // more);\n"
            "    ok = name: drv name \"echo \\\"building $name\\\"; echo done > $out\" { };\n" +
            definitions + "  in {\n";
        for (const auto& [name, expression] : toplevels)
            text += "    nixosConfigurations.${" + nix::string_literal(name) +
                    "}.config.system.build.toplevel = " + expression + ";\n";
        write_file(fleet.repository() / "flake.nix", text + "  };\n}\n");
        lab.git(fleet.repository(), {"add", "--all"});
        run_ok({"nix", "flake", "lock", "git+file://" + fleet.repository().string()}, lab.environment());
        lab.git(fleet.repository(), {"add", "--all"});
        lab.git(fleet.repository(), {"commit", "--quiet", "--message", "hosts"});
        bare = fleet.publish();
    }

    /// `lockstep build`, and what must hold whatever went wrong: a report with every host, whose exit code is ours.
    [[nodiscard]] LockstepEnd build(std::vector<std::string> arguments = {},
                                    const std::vector<std::string>& environment = {}) const {
        arguments.insert(arguments.begin(), "build");
        auto end = run(std::move(arguments), environment);
        expect_whole(end);
        return end;
    }

    void expect_whole(const LockstepEnd& end) const {
        ASSERT_TRUE(end.report.is_object()) << "no report in " << end.run_dir << "\n" << end.err;
        EXPECT_EQ(end.report["verdict"]["exit_code"], end.code) << end.err;
        EXPECT_THAT(end.report["hosts"], ::testing::SizeIs(toplevels.size())) << end.report["hosts"];
        for (const auto& [name, expression] : toplevels)
            EXPECT_TRUE(end.host(name).is_object()) << name << " is not in the report";
        for (const auto& log : end.report["logs"])
            EXPECT_TRUE(std::filesystem::exists(end.run_dir / log["file"].get<std::string>())) << log;
        for (const auto& cause : end.report["causes"]) EXPECT_NE(cause["first_error"], "") << cause;
    }

    [[nodiscard]] static std::string state(const LockstepEnd& end, const std::string& host) {
        const auto entry = end.host(host);
        return entry.is_object() ? entry.value("state", "") : "absent";
    }
    /// The class of the cause that a host's entry names; "" when it names none.
    [[nodiscard]] static std::string cause(const LockstepEnd& end, const std::string& host) {
        const auto entry = end.host(host);
        if (entry.is_object() && end.report.contains("causes"))
            for (const auto& one : end.report["causes"])
                if (one["id"] == entry.value("cause", "-")) return one.value("class", "");
        return "";
    }
    [[nodiscard]] static std::string log_text(const LockstepEnd& end, const std::string& host) {
        const auto entry = end.host(host);
        return entry.is_object() ? read_file(end.run_dir / entry.value("log", "")) : "";
    }

    /// A directory for --nix-bin: the programs from PATH, of which `program` runs the shell text `before` first. There,
    /// "$@" are its arguments and "$real" is the program itself.
    [[nodiscard]] std::string wrapped_nix(const std::string& program, const std::string& before) const {
        const auto dir = lab / "wrapped";
        for (const std::string name : {"nix", "nix-store"}) {
            auto real = run_ok({"/bin/sh", "-c", "command -v " + name});
            while (real.ends_with('\n')) real.pop_back();
            write_file(dir / name, "#!/bin/sh\nreal=" + real + "\n" + (name == program ? before + "\n" : "") +
                                       "exec $real \"$@\"\n");
            EXPECT_EQ(chmod((dir / name).c_str(), 0700), 0);
        }
        return dir.string();
    }
};

}  // namespace lockstep::test
