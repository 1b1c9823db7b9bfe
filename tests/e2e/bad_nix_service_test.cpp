// SPDX-License-Identifier: MIT
// What Nix itself depends on breaks: its caches answer badly or not at all, its daemon dies, the disk is full.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstring>

#include "e2e/bad_nix_scene.hpp"
#include "fakes/http_server.hpp"
#include "support/lab_evaluation.hpp"

namespace lockstep::test {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class BadCache : public ::testing::Test, protected BadNixScene {
protected:
    void SetUp() override { LOCKSTEP_NEEDS_NIX(); }

    /// Nix asks this cache first, and is not patient.
    void use_cache(const fakes::HttpServer& server) {
        lab.configure("substituters = " + server.url() +
                      "\nrequire-sigs = false\nconnect-timeout = 2\nstalled-download-timeout = 2\ndownload-attempts = "
                      "1");
    }
    void publish_two() {
        plain_host("a");
        plain_host("z");
        publish_hosts();
    }
};

TEST_F(BadCache, ThatAnswers500IsDoneWithout) {
    std::atomic<int> asked = 0;
    const fakes::HttpServer server([&](const fakes::Call&) {
        ++asked;
        return fakes::Reply{.status = 500, .headers = {}, .body = "out of order", .delivery = {}};
    });
    publish_two();
    use_cache(server);
    const auto end = build();
    EXPECT_GT(asked, 0);
    EXPECT_EQ(end.code, 0) << end.err;
    for (const char* name : {"a", "z"}) EXPECT_EQ(state(end, name), "built") << name;
}

TEST_F(BadCache, ThatHangsIsDoneWithout) {
    std::atomic<int> asked = 0;
    const fakes::HttpServer server([&](const fakes::Call&) {
        ++asked;
        return fakes::Reply{.status = 200, .headers = {}, .body = "", .delivery = {.hang_after = 0}};
    });
    publish_two();
    use_cache(server);
    const auto end = build();
    EXPECT_GT(asked, 0);
    EXPECT_EQ(end.code, 0) << end.err;
    for (const char* name : {"a", "z"}) EXPECT_EQ(state(end, name), "built") << name;
}

/// It promises an output and cannot deliver: nobody's fault but its own.
TEST_F(BadCache, ThatBreaksItsPromiseIsInfrastructure) {
    publish_two();
    const auto promised = out_path(lab.derivation(fleet.pinned(fleet.head()), "a"));
    const auto hash = std::filesystem::path(promised).filename().string().substr(0, 32);
    const fakes::HttpServer server([&](const fakes::Call& call) {
        fakes::Reply reply;
        if (call.path == "/nix-cache-info")
            reply.body = "StoreDir: " + lab.store().string() + "\nWantMassQuery: 1\n";
        else if (call.path == "/" + hash + ".narinfo")
            reply.body = "StorePath: " + promised +
                         "\nURL: nar/a.nar\nCompression: none\nNarHash: sha256:" + std::string(52, '0') +
                         "\nNarSize: 120\nReferences: \n";
        else
            reply.status = call.path == "/nar/a.nar" ? 500 : 404;
        return reply;
    });
    use_cache(server);
    const auto end = build();
    EXPECT_EQ(end.code, 40) << end.err;
    EXPECT_EQ(state(end, "a"), "infra_error") << end.err;
    EXPECT_EQ(cause(end, "a"), "fetch_failed") << end.report["causes"];
    EXPECT_EQ(state(end, "z"), "built") << end.err;
}

/// A Nix daemon of the test's own. The socket listens before it starts, as systemd does it.
class Daemon {
public:
    explicit Daemon(const NixLab& lab) : socket_((lab / "daemon.socket").string()) {
        const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        EXPECT_LT(socket_.size(), sizeof address.sun_path);
        std::strncpy(static_cast<char*>(address.sun_path), socket_.c_str(), sizeof address.sun_path - 1);
        EXPECT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(listen(fd, 16), 0);
        start(lab, fd);
        close(fd);
    }
    ~Daemon() {
        if (pid_ <= 0) return;
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    /// What makes a program use it.
    [[nodiscard]] std::vector<std::string> environment() const {
        return {"NIX_REMOTE=daemon", "NIX_DAEMON_SOCKET_PATH=" + socket_};
    }

private:
    /// LISTEN_PID is the daemon's own: only a shell that becomes the daemon knows it.
    void start(const NixLab& lab, int listening) {
        auto environment = lab.full_environment();
        environment.emplace_back("LISTEN_FDS=1");
        std::vector<std::string> arguments{"/bin/sh", "-c", "LISTEN_PID=$$ exec nix-daemon"};
        std::vector<char*> argv, env;
        for (auto& text : arguments) argv.push_back(text.data());
        for (auto& text : environment) env.push_back(text.data());
        argv.push_back(nullptr);
        env.push_back(nullptr);
        const auto log = (lab / "daemon.log").string();
        pid_ = fork();
        if (pid_ == 0) {
            const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
            dup2(out, 1);
            dup2(out, 2);
            dup2(listening, 3);  // the first descriptor that is passed on
            if (listening == 3) fcntl(3, F_SETFD, 0);
            execve(argv[0], argv.data(), env.data());
            _exit(127);
        }
        EXPECT_GT(pid_, 0);
    }

    std::string socket_;
    pid_t pid_ = -1;
};

class BadDaemon : public ::testing::Test, protected BadNixScene {
protected:
    void SetUp() override { LOCKSTEP_NEEDS_NIX(); }
};

TEST_F(BadDaemon, AliveItProvesLikeNoDaemon) {
    plain_host("a");
    host_of("broken", "drv \"broken\" \"echo 'error: broken' >&2; exit 1\" { }");
    publish_hosts();
    const Daemon daemon(lab);
    const auto end = build({}, daemon.environment());
    EXPECT_EQ(end.code, 20) << end.err;
    EXPECT_EQ(state(end, "a"), "built");
    EXPECT_EQ(state(end, "broken"), "failed");
    EXPECT_EQ(cause(end, "broken"), "builder_failed");
}

/// The builder kills the daemon, and the process of it that serves the connection: its own parent.
TEST_F(BadDaemon, KilledInTheMiddleIsInfrastructure) {
    const auto pid_file = (lab / "daemon.pid").string();
    plain_host("a");
    host_of("m", "drv \"m\" \"echo killing; read -r pid < " + pid_file +
                     "; kill -9 $pid; kill -9 $PPID; exit 1\" { part = ok \"part\"; }");
    publish_hosts();
    const Daemon daemon(lab);
    write_file(pid_file, std::to_string(daemon.pid()) + "\n");
    const auto end = build({"--slots", "1"}, daemon.environment());
    EXPECT_EQ(end.code, 40) << end.err;
    EXPECT_EQ(state(end, "m"), "infra_error") << end.err;
    EXPECT_THAT(state(end, "a"), AnyOf("infra_error", "built")) << end.err;
    EXPECT_THAT(end.host("m")["detail"].get<std::string>(), HasSubstr("daemon")) << end.report["hosts"];
    EXPECT_THAT(processes_of(lab), IsEmpty());
}

TEST_F(BadDaemon, ThatServesOnAfterOneConnectionDiedIsAskedWhatIsValid) {
    plain_host("a");
    host_of("m", "drv \"m\" \"echo killing; kill -9 $PPID; exit 1\" { part = ok \"part\"; }");
    publish_hosts();
    const Daemon daemon(lab);
    const auto end = build({"--slots", "1"}, daemon.environment());
    EXPECT_EQ(end.code, 40) << end.err;
    EXPECT_EQ(state(end, "m"), "infra_error") << end.err;
    EXPECT_EQ(cause(end, "m"), "daemon_lost") << end.report["causes"];
}

/// The program with its run directory on a disk of 8 MiB, in a mount namespace of its own; what it left is copied out.
LockstepEnd run_on_small_disk(const BadNixScene& scene, std::vector<std::string> arguments,
                              const std::vector<std::string>& variables = {"LOCKSTEP_PROVE_MIN_FREE=0B",
                                                                           "LOCKSTEP_PROVE_MIN_FREE_INODES=0"}) {
    const auto disk = scene.lab / "disk", copy = scene.lab / "copy";
    std::filesystem::create_directories(disk);
    std::vector<std::string> argv{
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "--",
        "/bin/sh",
        "-c",
        "disk=$1; copy=$2; shift 2; mount -t tmpfs -o size=8m,mode=700 none \"$disk\" || exit 99\n"
        "\"$@\"; code=$?; rm -rf \"$disk/run/work\"; cp -r \"$disk/run\" \"$copy\"; exit $code",
        "sh",
        disk.string(),
        copy.string(),
        LOCKSTEP_BINARY};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    argv.insert(argv.end(),
                {"--repo", scene.fleet.repository().string(), "--plain", "--run-dir", (disk / "run").string()});
    auto environment = scene.lockstep.environment();
    environment.insert(environment.end(), variables.begin(), variables.end());
    const auto ran = run_program(argv, environment);
    LockstepEnd end{.code = ran.code, .out = ran.out, .err = ran.err, .run_dir = copy};
    end.report = nlohmann::json::parse(read_file(copy / "report.json"), nullptr, false);
    return end;
}

/// 16 MiB of log.
constexpr const char* k_noise =
    "line=0123456789abcdef; i=0\n"
    "while [ $i -lt 6 ]; do line=$line$line; i=$((i+1)); done\n"
    "i=0; while [ $i -lt 16384 ]; do echo \"$line\"; i=$((i+1)); done\n";

class BadDisk : public ::testing::Test, protected BadNixScene {
protected:
    void SetUp() override {
        LOCKSTEP_NEEDS_NIX();
        if (run_program({"unshare", "--mount", "--", "true"}).code != 0)
            GTEST_SKIP() << "a file system of a test's own needs the right to mount (root with CAP_SYS_ADMIN)";
        lab.configure("keep-build-log = false");
    }
    static void expect_dropped(const LockstepEnd& end) {
        std::uint64_t dropped = 0;
        for (const auto& log : end.report["logs"]) dropped += log["dropped_bytes"].get<std::uint64_t>();
        EXPECT_GT(dropped, 8U << 20U) << end.report["logs"];
    }
};

TEST_F(BadDisk, FullOfLogsDropsThemAndGoesOn) {
    const std::string noisy = "(drv \"noisy\" ''" + std::string(k_noise) + "echo done > $out\n'' { })";
    plain_host("a");
    host_of("noisy", noisy);
    host_of("sad", "drv \"sad\" \"echo 'error: sad by itself' >&2; exit 1\" { part = " + noisy + "; }");
    host_of("z", "drv \"z\" \"echo done > $out\" { part = " + noisy + "; }");
    publish_hosts();
    const auto end = run_on_small_disk(*this, {"build"});
    expect_whole(end);
    EXPECT_EQ(end.code, 20) << end.err;
    for (const char* name : {"a", "noisy", "z"}) EXPECT_EQ(state(end, name), "built") << name << end.err;
    EXPECT_EQ(state(end, "sad"), "failed") << end.err;
    expect_dropped(end);
}

TEST_F(BadDisk, WithTooLittleRoomIsSaidBeforeAnythingIsBuilt) {
    plain_host("a");
    publish_hosts();
    const auto end = run_on_small_disk(*this, {"build"}, {"LOCKSTEP_PROVE_MIN_FREE=64MiB"});
    EXPECT_EQ(end.code, 40) << end.err;
    EXPECT_THAT(end.err, HasSubstr("wanted 64"));
    EXPECT_FALSE(std::filesystem::exists(end.run_dir / "derivations" / "a.log"));
}

/// The whole job: a full disk keeps no proved update from landing.
TEST_F(BadDisk, FullOfLogsStillLands) {
    publish_small_fleet();
    rewrite_part(std::string(k_noise) + "echo done > $out");
    const auto before = on_remote({"rev-parse", "main"});
    const auto end = run_on_small_disk(*this, {"run"});
    ASSERT_TRUE(end.report.is_object()) << end.err;
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_EQ(end.report["verdict"]["exit_code"], 0);
    EXPECT_EQ(on_remote({"rev-parse", "main^@"}), before);
    expect_dropped(end);
}

}  // namespace
}  // namespace lockstep::test
