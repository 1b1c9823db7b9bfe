// SPDX-License-Identifier: MIT
#include "deploy/backend_scene.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/deploy_site.hpp"

namespace lockstep::test {

namespace fs = std::filesystem;

namespace {

std::string newest(const std::string& backend) {
    if (backend == "colmena") return "colmena-0.4.0";
    return backend == "deploy-rs" ? "deploy-rs-2025-12" : "nixos-rebuild-26.05";
}

}  // namespace

BackendScene::BackendScene(const std::string& backend, const std::string& new_mode, std::string answers,
                           LabHostOptions options)
    : row(*deploy::find_backend(backend)), host(add("web1", new_mode, "ok", options)) {
    auto& wish = target("web1");
    wish.backend = backend;
    wish.copy_timeout = Millis(60'000);
    if (!row.foreign()) return;
    fs::copy(fs::path(LOCKSTEP_SOURCE_DIR) / "tests/support/backends", lab.dir() / "backends");
    children.extra = {{"PATH", (lab.dir() / "backends").string() + ":" + std::getenv("PATH")}};
    if (answers.empty()) answers = newest(backend);
    say("answers", read_file(fs::path(LOCKSTEP_TEST_DATA) / "backends" / (answers + ".txt")));
    write_file(lab.dir() / "web1.conf", deploy::foreign_ssh_config(wish.addresses.front()));
    wish.ssh_configs = {(lab.dir() / "web1.conf").string()};
    request.flake = "path:" + (lab.dir() / "flake").string();
    behave("good");
    activates(new_system());
    foresee(new_system());
}

void BackendScene::say(const std::string& file, const std::string& text) const {
    write_file(lab.dir() / "backends" / file, text);
}

void BackendScene::behave(const std::string& how) const {
    say("behaviour", how + "\n");
}

void BackendScene::activates(const std::string& path) const {
    if (!row.foreign()) return;
    say("path", path + "\n");
    if (row.wraps) say("wrapper", wrapper_of(path) + "\n");
}

void BackendScene::foresee(const std::string& path) const {
    if (!row.foreign()) return;
    say("foreseen", path + "\n");
    const auto wrapped = row.wraps ? wrapper_of(path) : path;
    write_file(lab.dir() / "flake/flake.nix",
               "{ outputs = _: {\n  deploy.nodes.web1.profiles.system.path.outPath = \"" + wrapped +
                   "\";\n  nixosConfigurations.web1.config.system.build.toplevel.outPath = \"" + path + "\";\n}; }\n");
}

std::string BackendScene::wrapper_of(const std::string& path) const {
    const auto done = lab.run({"nix-build", "--no-out-link", "-E",
                               "derivation { name = \"activatable-nixos-system\"; system = builtins.currentSystem; "
                               "builder = \"/bin/sh\"; PATH = \"/usr/bin:/bin\"; top = builtins.storePath \"" +
                                   path +
                                   "\"; args = [ \"-e\" \"-c\" ''mkdir $out; for each in $top/*; do ln -s $each $out/; "
                                   "done; touch $out/activate-rs'' ]; }"});
    EXPECT_TRUE(done.ok()) << done.err;
    auto text = done.out;
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

std::string BackendScene::calls() const {
    return read_file(lab.dir() / "backends/argv");
}

HostOutcome BackendScene::outcome_of_deploy() {
    deploy();
    return outcome("web1");
}

Error BackendScene::refusal() {
    const DeployPorts ports{children, store, clock, *this, {}, {}, {}, {}, {}};
    const auto done = run_deploy(request, ports);
    EXPECT_FALSE(done.ok()) << "nothing was refused";
    return done.ok() ? Error{} : done.error();
}

std::string BackendScene::profile_system() const {
    const auto found = host.run({"readlink", "-f", "/nix/var/nix/profiles/system/bin/switch-to-configuration"}).out;
    return found.substr(0, found.find("/bin/"));
}

bool BackendScene::untouched() const {
    for (const auto& step : host.steps())
        if (step.find(" check ") == std::string::npos && step.find(" dry-activate ") == std::string::npos) return false;
    return true;
}

void BackendScene::expect_on_host(const std::string& running, const std::string& profile) const {
    EXPECT_EQ(host.running(), running);
    EXPECT_EQ(profile_system(), profile);
}

}  // namespace lockstep::test
