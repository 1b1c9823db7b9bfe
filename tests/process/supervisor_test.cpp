// SPDX-License-Identifier: MIT
// Starting children, talking with them, and how they end by themselves.
#include "edges/supervisor.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <future>
#include <set>
#include <sstream>

#include "process/job.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::test {
namespace {

using Kind = ExitStatus::Kind;
using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<std::string> k_base{"PATH=/usr/bin:/bin", "LANG=C", "COLOR=red"};

TEST(Supervisor, TellsTheExitCode) {
    Supervisor supervisor(k_base);
    for (const int code : {0, 1, 42, 255}) {
        const auto status = Job::start(supervisor, command({"exits", std::to_string(code)}))->await_exit();
        EXPECT_EQ(status.kind, Kind::exited);
        EXPECT_EQ(status.code, code);
        EXPECT_EQ(status.ok(), code == 0);
        EXPECT_FALSE(status.leftovers);
        EXPECT_GT(status.peak_rss_bytes, 0U);
        EXPECT_EQ(status.reason, "");
    }
}

TEST(Supervisor, TellsTheSignalThatEndedAChild) {
    Supervisor supervisor(k_base);
    for (const int number : {SIGKILL, SIGTERM, SIGUSR1, SIGPIPE}) {
        const auto status = Job::start(supervisor, command({"exits", std::to_string(number), "signal"}))->await_exit();
        EXPECT_EQ(status.kind, Kind::signalled);
        EXPECT_EQ(status.signal, number);
        EXPECT_FALSE(status.ok());
    }
}

TEST(Supervisor, SaysWhyAChildCouldNotStart) {
    TempDir dir;
    write_file(dir / "plain", "text");
    write_file(dir / "orphan", "#!/no/such/interpreter\n");
    write_file(dir / "noise", "\x01\x02\x03");
    for (const auto* name : {"orphan", "noise"})
        std::filesystem::permissions(dir / name, std::filesystem::perms::owner_all);
    Supervisor supervisor(k_base);
    const auto reason = [&](const Command& wish) {
        const auto job = Job::start(supervisor, wish);
        const auto status = job->await_exit();
        EXPECT_EQ(status.kind, Kind::not_started);
        EXPECT_EQ(job->exits(), 1);
        return status.reason;
    };
    Command unknown;
    unknown.argv = {"no-such-program"};
    EXPECT_EQ(reason(unknown), "there is no program \"no-such-program\" on PATH (/usr/bin:/bin)");
    EXPECT_EQ(reason(command({"/no/such/program"})), "there is no program /no/such/program");
    EXPECT_THAT(reason(command({dir / "plain"})), HasSubstr("may not be executed: permission denied"));
    EXPECT_THAT(reason(command({dir.path()})), HasSubstr("it is a directory"));
    EXPECT_THAT(reason(command({dir / "orphan"})), HasSubstr("interpreter"));
    EXPECT_THAT(reason(command({dir / "noise"})), HasSubstr("is not a program"));
    EXPECT_EQ(reason(Command{}), "the command has no words");
    EXPECT_EQ(reason(command({"exits", std::string("a\0b", 3)})), "an argument holds a NUL byte");
    EXPECT_THAT(reason(command({"exits", std::string(64U << 20U, 'x')})), HasSubstr("too long: 671"));

    Command placed = command({"exits"});
    placed.cwd = dir / "absent";
    EXPECT_EQ(reason(placed), "there is no directory " + (dir / "absent").string() + " to run it in");
    Command odd = command({"exits"});
    odd.env_set = {{"A=B", "C"}};
    EXPECT_EQ(reason(odd), "\"A=B\" is no name of an environment variable");
}

TEST(Supervisor, PassesEveryByteOfAnArgument) {
    std::string all, hex;
    for (int byte = 1; byte < 256; ++byte) {
        all += static_cast<char>(byte);
        char text[3];
        std::snprintf(text, sizeof text, "%02x", byte);
        hex += text;
    }
    Supervisor supervisor(k_base);
    const auto job = Job::start(supervisor, command({"facts", "", "--", "$(x) `y` *", all}));
    ASSERT_TRUE(job->await_exit().ok());
    EXPECT_THAT(job->out(), ::testing::StartsWith("arg \narg 2d2d\narg 2428782920607960202a\n"));
    EXPECT_THAT(job->out(), HasSubstr("arg " + hex + "\n"));
}

TEST(Supervisor, EditsTheEnvironmentAndNothingElseGetsIn) {
    setenv("LOCKSTEP_TEST_SECRET", "canary", 1);
    Supervisor supervisor(k_base);
    Command wish = command({"facts"});
    wish.env_set = {{"NEW", "1=2"}, {"LANG", "C.UTF-8"}};
    wish.env_unset = {"COLOR", "ABSENT"};
    const auto job = Job::start(supervisor, wish);
    ASSERT_TRUE(job->await_exit().ok());
    unsetenv("LOCKSTEP_TEST_SECRET");
    std::set<std::string> variables;
    std::istringstream lines(job->out());
    for (std::string line; std::getline(lines, line);)
        if (line.rfind("env ", 0) == 0) variables.insert(line.substr(4));
    EXPECT_EQ(variables, (std::set<std::string>{"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "NEW=1=2"}));
}

TEST(Supervisor, LooksForProgramsOnTheChildsOwnPath) {
    TempDir dir;
    std::filesystem::copy_file(child("exits"), dir / "only-here");
    Supervisor supervisor(k_base);
    Command wish;
    wish.argv = {"only-here", "3"};
    EXPECT_EQ(Job::start(supervisor, wish)->await_exit().kind, Kind::not_started);
    wish.env_set = {{"PATH", "/no/such:" + dir.path().string()}};
    EXPECT_EQ(Job::start(supervisor, wish)->await_exit().code, 3);
    // Never from the working directory.
    wish.cwd = dir.path();
    wish.env_set = {{"PATH", ".::/usr/bin"}};
    EXPECT_EQ(Job::start(supervisor, wish)->await_exit().kind, Kind::not_started);
}

TEST(Supervisor, RunsInTheDirectoryAskedFor) {
    TempDir dir;
    std::filesystem::copy_file(child("facts"), dir / "local");
    Supervisor supervisor(k_base);
    Command wish;
    wish.argv = {"./local"};
    wish.cwd = dir.path();
    const auto job = Job::start(supervisor, wish);
    ASSERT_TRUE(job->await_exit().ok());
    EXPECT_THAT(job->out(), HasSubstr("cwd " + dir.path().string() + "\n"));
}

TEST(Supervisor, FeedsStdinOrNothing) {
    Supervisor supervisor(k_base);
    Command cat;
    cat.argv = {"cat"};
    const auto silent = Job::start(supervisor, cat);
    EXPECT_TRUE(silent->await_exit().ok());
    EXPECT_EQ(silent->out(), "");
    for (std::size_t i = 0; cat.stdin_text.size() < (5U << 20U); ++i) cat.stdin_text += std::to_string(i) + "\n";
    const auto echo = Job::start(supervisor, cat);
    EXPECT_TRUE(echo->await_exit().ok());
    EXPECT_TRUE(echo->out() == cat.stdin_text);
}

TEST(Supervisor, DoesNotMindAChildThatReadsNoInput) {
    Supervisor supervisor(k_base);
    Command deaf = command({"exits", "4"});
    deaf.stdin_text = std::string(5U << 20U, 'x');
    EXPECT_EQ(Job::start(supervisor, deaf)->await_exit().code, 4);
}

TEST(Supervisor, DeliversBothStreamsWhole) {
    Supervisor supervisor(k_base);
    const auto job = Job::start(supervisor, command({"floods", "10000000", "both"}));
    ASSERT_TRUE(job->await_exit().ok());
    const auto check = [](const std::string& text, char letter) {
        ASSERT_EQ(text.size(), 10'000'000U);
        for (std::size_t n = 0; n < 200'000; ++n) {
            const std::string line = text.substr(n * 50, 50);
            ASSERT_EQ(std::stoul(line.substr(0, 12)), n);
            ASSERT_EQ(line.substr(12), " " + std::string(36, letter) + "\n");
        }
    };
    check(job->out(), 'o');
    check(job->err(), 'e');
    EXPECT_FALSE(job->output_after_exit());
}

TEST(Supervisor, GivesAChildThreeDescriptorsNoSignalsAndItsOwnGroup) {
    const int leak = open("/dev/null", O_RDONLY);  // NOLINT: without close-on-exec on purpose
    sigset_t set, before;
    sigfillset(&set);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    const auto old_handler = signal(SIGUSR1, SIG_IGN);
    std::string text;
    {
        Supervisor supervisor(k_base);
        Command wish = command({"facts"});
        wish.stdin_text = "x";
        const auto job = Job::start(supervisor, wish);
        job->await_exit();
        text = job->out();
    }
    signal(SIGUSR1, old_handler);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    close(leak);
    EXPECT_THAT(text, HasSubstr("fds 0 1 2\n"));
    EXPECT_THAT(text, HasSubstr("SigBlk:\t0000000000000000\n"));
    // glibc's posix_spawn ignores its two internal signals (32 and 33) for the child; its libc takes them back.
    const auto ignored = text.find("SigIgn:\t");
    ASSERT_NE(ignored, std::string::npos);
    EXPECT_EQ(std::stoull(text.substr(ignored + 8, 16), nullptr, 16) & ~0x180000000ULL, 0U) << text;
    EXPECT_THAT(text, HasSubstr("leads its group: yes\n"));
}

TEST(Supervisor, RunsTwoHundredChildrenAtOnce) {
    Supervisor supervisor(k_base);
    std::vector<std::shared_ptr<Job>> jobs;
    for (int i = 0; i < 200; ++i) jobs.push_back(Job::start(supervisor, command({"waits"})));
    for (const auto& job : jobs) ASSERT_TRUE(job->await_output("ready"));
    supervisor.stop_all(false);
    for (const auto& job : jobs) EXPECT_EQ(job->await_exit().kind, Kind::interrupted);
}

TEST(Supervisor, WaitsForDescriptorsInsteadOfFailing) {
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    rlimit low = before;
    {
        Supervisor supervisor(k_base);
        low.rlim_cur = 40;
        setrlimit(RLIMIT_NOFILE, &low);
        std::vector<std::shared_ptr<Job>> jobs;
        for (int i = 0; i < 60; ++i) jobs.push_back(Job::start(supervisor, command({"floods", "5000"})));
        for (const auto& job : jobs) {
            const auto status = job->await_exit();
            EXPECT_TRUE(status.ok()) << describe(status);
            EXPECT_EQ(job->out().size(), 5000U);
        }
        setrlimit(RLIMIT_NOFILE, &before);
    }
}

TEST(Supervisor, TakesWorkFromSeveralThreads) {
    Supervisor supervisor(k_base);
    std::vector<std::vector<std::shared_ptr<Job>>> jobs(4);
    std::vector<std::thread> threads;
    for (auto& mine : jobs)
        threads.emplace_back([&] {
            for (int i = 0; i < 20; ++i) mine.push_back(Job::start(supervisor, command({"exits", std::to_string(i)})));
        });
    for (auto& thread : threads) thread.join();
    std::set<ChildId> ids;
    std::set<std::thread::id> callback_threads;
    for (const auto& mine : jobs)
        for (std::size_t i = 0; i < mine.size(); ++i) {
            EXPECT_EQ(mine[i]->await_exit().code, static_cast<int>(i));
            ids.insert(mine[i]->id());
            callback_threads.insert(mine[i]->thread());
        }
    EXPECT_EQ(ids.size(), 80U);
    EXPECT_EQ(callback_threads.size(), 1U);
    EXPECT_EQ(callback_threads.count(std::this_thread::get_id()), 0U);
}

TEST(Supervisor, TakesWorkFromCallbacks) {
    Supervisor supervisor(k_base);
    std::promise<int> done;
    int runs = 0;
    std::function<void(const ExitStatus&)> again = [&](const ExitStatus& status) {
        if (++runs == 10) return done.set_value(status.code);
        supervisor.submit(command({"exits", std::to_string(runs)}), nullptr, again);
    };
    supervisor.submit(command({"exits", "0"}), nullptr, again);
    EXPECT_EQ(done.get_future().get(), 9);
}

}  // namespace
}  // namespace lockstep::test
