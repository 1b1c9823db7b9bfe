// SPDX-License-Identifier: MIT
// What lockstep relies on to keep what it proved: real garbage collections against its roots, real copies to a cache.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "app/keep_cache.hpp"
#include "app/keep_generations.hpp"
#include "app/keep_roots.hpp"
#include "edges/gc_roots.hpp"
#include "edges/supervisor.hpp"
#include "edges/system_clock.hpp"
#include "lockstep/adapters/nix_keep.hpp"
#include "support/fleet_fixture.hpp"
#include "support/lab_evaluation.hpp"
#include "support/local_process.hpp"

namespace lockstep::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Silent final : public EventSink {
public:
    void on(const Event& event) noexcept override {
        if (const auto* notice = std::get_if<Notice>(&event)) ADD_FAILURE() << notice->text;
    }
};

/// A fleet of two hosts over a shared part, and a collector.
class NixKeepContract : public ::testing::Test {
protected:
    void SetUp() override {
        LOCKSTEP_NEEDS_NIX();
        fleet.part("catalogue", "shared", {});
        for (const char* name : {"web", "db"}) fleet.host(name, {.text = name, .parts = {"catalogue.shared"}});
        flake = fleet.pinned(fleet.commit("first"));
        evaluate_again();
    }
    void evaluate_again() { drvs = evaluate(lab, flake, hosts({"web", "db"})).drvs; }
    void collect() const { EXPECT_EQ(run_program({"nix-store", "--gc"}, lab.environment()).code, 0); }
    void build(const std::string& drv) const {
        EXPECT_EQ(lab.run(nix::realise_command(lab.setup(), {.drvs = {drv}})).code, 0);
    }
    std::string drv(const std::string& host) { return drvs.at(host); }

    NixLab lab;
    FleetFixture fleet{lab};
    std::string flake;
    std::map<std::string, std::string> drvs;
    DiskRootLinks links;
    Supervisor processes{lab.full_environment()};
    SystemClock clock;
    Silent events;
};

TEST_F(NixKeepContract, ALinkThatNixKnowsProtectsWhatItPointsAt) {
    const auto folder = (lab / "a run's $folder \"ä\"").string();
    ASSERT_TRUE(links.make_folder(folder).ok());
    const auto ran = lab.run(nix::register_roots_command(lab.setup(), folder + "/r", 12));
    ASSERT_EQ(ran.code, 0) << ran.err;
    ASSERT_EQ(links.links(folder).size(), 12u);
    for (std::size_t i = 0; i < 12; ++i) EXPECT_TRUE(fs::is_symlink(nix::root_link(folder + "/r", i))) << i;

    const auto out = out_path(drv("web"));
    ASSERT_TRUE(links.point(folder + "/r", drv("web")).ok());
    ASSERT_TRUE(links.point(folder + "/r-12", out).ok()) << "not valid yet";
    collect();
    EXPECT_TRUE(lab.valid(drv("web")));
    EXPECT_FALSE(lab.valid(drv("db"))) << "nothing protects it";
    build(drv("web"));
    collect();
    EXPECT_TRUE(lab.valid(out)) << "its root holds from the moment it is valid";

    links.remove(folder);
    collect();
    EXPECT_FALSE(lab.valid(drv("web")));
    EXPECT_FALSE(lab.valid(out));
    EXPECT_TRUE(fs::is_empty(lab / "var/gcroots/auto")) << "the collector clears up after us";
}

TEST_F(NixKeepContract, WhatARunEvaluatedAndProvedSurvivesUntilItsEnd) {
    const auto roots = std::make_shared<RunRoots>(lab.setup(), (lab / "run/roots").string(), processes, links, events);
    roots->reserve(4);
    for (const auto* host : {"web", "db"}) roots->add({drv(host), out_path(drv(host))});
    roots->wait();
    collect();
    const auto web = out_path(drv("web")), db = out_path(drv("db"));
    for (const auto* host : {"web", "db"}) build(drv(host));
    collect();
    EXPECT_TRUE(lab.valid(web));
    EXPECT_TRUE(lab.valid(db));
    roots->release();
    collect();
    EXPECT_FALSE(lab.valid(web));
    EXPECT_FALSE(lab.valid(db));
}

TEST_F(NixKeepContract, LandedGenerationsSurviveAndOlderOnesGo) {
    const auto land = [&](const std::string& run) {
        KeepRequest request{.setup = lab.setup(),
                            .folder = (lab / "state/keep").string(),
                            .run_id = run,
                            .generations = 2,
                            .landed = {},
                            .fleet = {"web", "db"}};
        std::vector<std::string> outs;
        for (const auto* host : {"web", "db"}) {
            build(drv(host));
            outs.push_back(out_path(drv(host)));
            request.landed.push_back({host, {outs.back()}});
        }
        const auto kept = keep_landed(request, processes, links);
        EXPECT_TRUE(kept.ok()) << (kept.ok() ? "" : kept.error().why);
        collect();
        return outs;
    };
    std::vector<std::vector<std::string>> generations;
    for (const auto* run : {"r1", "r2", "r3"}) {
        fleet.host("web", {.text = run, .parts = {"catalogue.shared"}});
        flake = fleet.pinned(fleet.commit(run));
        evaluate_again();
        generations.push_back(land(run));
    }
    EXPECT_FALSE(lab.valid(generations[0][0]));
    EXPECT_TRUE(lab.valid(generations[1][0]));
    EXPECT_TRUE(lab.valid(generations[2][0]));
    EXPECT_TRUE(lab.valid(generations[0][1])) << "db never changed";
}

TEST_F(NixKeepContract, ASignedCopyComesBackFromTheCache) {
    const auto key = lab / "a key & co/secret";
    fs::create_directories(key.parent_path());
    run_ok({"nix-store", "--generate-binary-cache-key", "test-1", key.string(), (lab / "public").string()},
           lab.environment());
    const auto cache = "file://" + (lab / "cache").string();
    const auto web = out_path(drv("web")), db = out_path(drv("db"));
    build(drv("web"));
    build(drv("db"));
    const auto copier = std::make_shared<CacheCopier>(
        CacheTarget{.setup = lab.setup(), .to = cache, .signing_key_file = key.string(), .timeout = Millis(120'000)},
        processes, clock);
    copier->add({web});
    copier->add({db});
    const auto outcome = copier->finish(true);
    EXPECT_EQ(outcome.copied, 2u) << outcome.why;

    collect();
    ASSERT_FALSE(lab.valid(web));
    const auto fetch = [&](const std::string& path, const std::string& keys) {
        return run_program({"nix-store", "--realise", path, "--option", "substituters", cache, "--option",
                            "trusted-public-keys", keys},
                           lab.environment());
    };
    EXPECT_NE(fetch(web, "").code, 0) << "nobody vouches for it";
    const auto fetched = fetch(web, read_file(lab / "public"));
    EXPECT_EQ(fetched.code, 0) << fetched.err;
    EXPECT_TRUE(lab.valid(web));
    EXPECT_EQ(run_program({"nix-store", "--verify-path", web}, lab.environment()).code, 0);
}

TEST_F(NixKeepContract, AStoreThatDoesNotSignGetsSignedPaths) {
    run_ok({"nix-store", "--generate-binary-cache-key", "test-1", (lab / "secret").string(), (lab / "public").string()},
           lab.environment());
    build(drv("web"));
    const nix::CopyRequest request{.to = "local?root=" + (lab / "other").string(),
                                   .signing_key_file = (lab / "secret").string(),
                                   .paths = {out_path(drv("web"))}};
    const auto signing = lab.run(nix::sign_command(lab.setup(), request));
    EXPECT_EQ(signing.code, 0) << signing.err;
    const auto copying = lab.run(nix::copy_command(lab.setup(), request));
    EXPECT_EQ(copying.code, 0) << copying.err;
    const auto there = run_program({"nix", "--extra-experimental-features", "nix-command", "path-info", "--sigs",
                                    "--store", request.to, request.paths.front()},
                                   lab.environment());
    EXPECT_THAT(there.out, HasSubstr("test-1:"));
}

TEST_F(NixKeepContract, ACopyThatCannotBeIsToldWithNixsWords) {
    build(drv("web"));
    const auto copier = std::make_shared<CacheCopier>(
        CacheTarget{.setup = lab.setup(), .to = "file:///proc/no/such", .attempts = 1}, processes, clock);
    copier->add({out_path(drv("web"))});
    const auto outcome = copier->finish(true);
    EXPECT_EQ(outcome.failed.size(), 1u);
    EXPECT_THAT(outcome.why, HasSubstr("/proc/no"));
}

TEST_F(NixKeepContract, BuildsHappenWhereRoomIsLookedFor) {
    lab.configure("build-dir = " + (lab / "elsewhere").string());
    const auto ran = lab.run(nix::settings_command(lab.setup()));
    const auto can = nix::parse_settings(ran.out, [](const std::string&) { return std::string(); });
    ASSERT_TRUE(can.ok()) << ran.err;
    const bool has_setting = ran.out.find("\"build-dir\"") != std::string::npos;  // 2.8 has not
    const auto& version = lab.setup().version;
    EXPECT_EQ(nix::build_directory(version, *can, "/t", (lab / "var").string()),
              has_setting ? (lab / "elsewhere").string() : "/t");
}

/// nix-daemon over the lab's store, and its client as an ordinary user.
class DaemonLab {
public:
    explicit DaemonLab(const NixLab& lab) : lab_(lab), daemon_({"nix-daemon"}, env_of(lab), lab / "daemon.log") {
        fs::permissions(lab.root(), fs::perms(0755));
        fs::create_directory(home());
        EXPECT_EQ(chown(home().c_str(), 65534, 65534), 0);
    }
    [[nodiscard]] fs::path home() const { return lab_ / "nobody"; }
    [[nodiscard]] Ran as_nobody(std::vector<std::string> argv) const {
        argv.insert(argv.begin(), {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"});
        auto environment = lab_.environment();
        for (const auto& entry : {std::string("NIX_REMOTE=daemon"), "HOME=" + home().string(),
                                  "XDG_CACHE_HOME=" + (home() / "cache").string()})
            environment.push_back(entry);
        return run_program(argv, environment);
    }
    /// Each try takes the time of a process.
    [[nodiscard]] bool answers(const std::string& valid_path) {
        for (int i = 0; i < 500 && daemon_.running(); ++i)
            if (as_nobody({"nix-store", "--check-validity", valid_path}).code == 0) return true;
        return false;
    }

private:
    static Env env_of(const NixLab& lab) {
        Env env;
        for (const auto& entry : lab.environment())
            env.emplace_back(entry.substr(0, entry.find('=')), entry.substr(entry.find('=') + 1));
        return env;
    }
    const NixLab& lab_;
    LocalServer daemon_;
};

TEST_F(NixKeepContract, AnOrdinaryUserOfADaemonGetsRootsToo) {
    if (geteuid() != 0 || find_program("setpriv").empty() || find_program("nix-daemon").empty())
        GTEST_SKIP() << "needs root, setpriv and nix-daemon";
    // By a shell: a nix whose libraries are out of reach ends with 127, as if setpriv itself were not there.
    const auto reached = run_program({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", "sh", "-c",
                                      "nix --version >/dev/null 2>&1 || exit 1"});
    if (reached.code != 0)
        GTEST_SKIP() << "an ordinary user may not run the nix on PATH, which lies in somebody's own directory";
    DaemonLab daemon(lab);
    ASSERT_TRUE(daemon.answers(drv("web"))) << read_file(lab / "daemon.log");
    const auto base = (daemon.home() / "r").string();
    const auto ran = daemon.as_nobody(nix::register_roots_command(lab.setup(), base, 3).argv);
    ASSERT_EQ(ran.code, 0) << ran.err;
    ASSERT_EQ(daemon.as_nobody({"ln", "-sfn", drv("web"), base + "-3"}).code, 0);
    collect();
    EXPECT_TRUE(lab.valid(drv("web")));
    EXPECT_FALSE(lab.valid(drv("db")));
    ASSERT_EQ(daemon.as_nobody({"rm", base + "-3"}).code, 0);
    collect();
    EXPECT_FALSE(lab.valid(drv("web")));
}

}  // namespace
}  // namespace lockstep::test
