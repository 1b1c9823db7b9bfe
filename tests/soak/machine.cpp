// SPDX-License-Identifier: MIT
// Starting the program with failpoints, waiting for its pause and its end.
#include "soak/machine.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "support/git_fixture.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::test::soak {

namespace fs = std::filesystem;

namespace {

constexpr int k_patience_ms = 60'000;

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (auto& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

std::string program() {
    const char* other = std::getenv("LOCKSTEP_SOAK_PROGRAM");
    return other == nullptr ? LOCKSTEP_BINARY : other;
}

[[noreturn]] void become(char** argv, char** env, const char* err) {
    setpgid(0, 0);
    dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
    dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), 1);
    dup2(open(err, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), 2);
    execve(argv[0], argv, env);
    _exit(127);
}

bool has_ended(pid_t child) {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

/// Waits until the program pauses; false when it ends (or nothing happens for a minute) before that.
bool pauses(const fs::path& fifo, pid_t child, int ended) {
    const int line = open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    pollfd fds[] = {{line, POLLIN, 0}, {ended, POLLIN, 0}};
    int ready = 0;
    while ((ready = poll(fds, 2, k_patience_ms)) < 0 && errno == EINTR) {
    }
    char text[8];
    const bool told = ready > 0 && (fds[0].revents & POLLIN) != 0 && read(line, text, sizeof text) > 0;
    close(line);
    return told && !has_ended(child);
}

void let_go_on(const fs::path& fifo, pid_t child) {
    while (!has_ended(child)) {
        const int end = open(fifo.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        if (end >= 0) {
            close(end);
            return;
        }
        usleep(500);  // it has said that it pauses, and is about to open its end
    }
}

}  // namespace

Machine::Machine(const Site& site, std::string name) : site_(site), name_(std::move(name)), dir_(site.dir / name_) {
    const auto bin = dir_ / "nix" / "bin";
    fs::create_directories(bin);
    fs::create_directories(dir_ / "tmp");
    fs::create_directories(dir_ / "nix" / "root" / "nix" / "store");
    for (const char* program : {"nix", "nix-store", "nix-instantiate"})
        fs::create_symlink(LOCKSTEP_SOAK_NIX, bin / program);
    write_file(dir_ / "home" / ".gitconfig", "[user]\n\tname = Robo\n\temail = robo@example.org\n[gc]\n\tauto = 0\n");
    write_file(dir_ / "lockstep.yaml",
               "config_version: 1\n"
               "nix:\n  bin_dir: " +
                   bin.string() + "\n  options:\n    store: \"local?root=" + (dir_ / "nix" / "root").string() +
                   "\"\n"
                   "prove:\n  min_free: 0B\n  min_free_inodes: 0\n"
                   "git:\n  timeout: 20s\n"
                   "report:\n  keep_runs: 1000\n"
                   "forge:\n  kind: " +
                   site.forge_kind + "\n  url: " + site.forge_url + "\n  token_file: " + site.token_file + "\n");
    const auto checkout = GitRepo::clone(site.bare.string(), dir_ / "checkout");
    checkout.git({"remote", "set-url", "origin", site.remote_url});
}

End Machine::run(const Wish& wish) {
    const auto fifo = dir_ / ("pause-" + std::to_string(++processes_));
    mkfifo(fifo.c_str(), 0600);
    std::vector<std::string> argv{program()};
    argv.insert(argv.end(), wish.arguments.begin(), wish.arguments.end());
    argv.insert(argv.end(),
                {"--repo", (dir_ / "checkout").string(), "--config", (dir_ / "lockstep.yaml").string(), "--plain"});
    std::vector<std::string> env{"PATH=/usr/local/bin:/usr/bin:/bin",
                                 "HOME=" + (dir_ / "home").string(),
                                 "XDG_STATE_HOME=" + (dir_ / "state").string(),
                                 "TMPDIR=" + (dir_ / "tmp").string(),
                                 "GIT_CONFIG_NOSYSTEM=1",
                                 "NO_PROXY=*",
                                 "LC_ALL=C",
                                 "LOCKSTEP_TEST_HASTE=1000",
                                 "LOCKSTEP_TEST_STALL_FIFO=" + fifo.string(),
                                 "LOCKSTEP_TEST_FAILPOINT=" + wish.failpoints};
    const auto err = (dir_ / ("err-" + std::to_string(processes_))).string();
    auto argv_pointers = pointers(argv), env_pointers = pointers(env);
    const pid_t child = fork();
    if (child == 0) become(argv_pointers.data(), env_pointers.data(), err.c_str());
    auto end = finish(child, wish, fifo);
    fs::remove(fifo);
    end.words = read_file(err);
    if (const auto dirs = run_dirs(); !dirs.empty()) {
        end.run_dir = dirs.back();
        const auto report = nlohmann::json::parse(read_file(end.run_dir / "report.json"), nullptr, false);
        if (report.is_object()) end.verdict = report["verdict"];
    }
    return end;
}

End Machine::finish(pid_t child, const Wish& wish, const fs::path& fifo) {
    End end;
    const int ended = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
    if (wish.moment && pauses(fifo, child, ended)) {
        wish.moment(child);
        let_go_on(fifo, child);
    }
    pollfd wait{ended, POLLIN, 0};
    int ready = 0;
    while ((ready = poll(&wait, 1, k_patience_ms)) < 0 && errno == EINTR) {
    }
    close(ended);
    end.hung = ready == 0;
    if (end.hung) kill(-child, SIGKILL);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    end.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    end.killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    // What a killed program was about to do through git or nix: nobody supervises those any more.
    kill(-child, SIGKILL);
    return end;
}

std::vector<fs::path> Machine::run_dirs() const {
    std::vector<fs::path> found;
    std::error_code none;
    for (const auto& repository : fs::directory_iterator(dir_ / "state" / "lockstep", none))
        for (const auto& run : fs::directory_iterator(repository.path() / "runs", none))
            if (read_file(run.path() / "journal.jsonl").find(R"("command":"unlock")") == std::string::npos)
                found.push_back(run.path());
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.filename() < b.filename(); });
    return found;
}

fs::path Machine::run_dir(const std::string& run_id) const {
    for (const auto& dir : run_dirs())
        if (dir.filename() == run_id) return dir;
    return {};
}

bool Machine::is_valid(const std::string& output) const {
    return fs::exists(dir_ / "nix" / "root" / output.substr(1));
}

void Machine::collect_garbage(bool odd) const {
    std::vector<fs::path> outputs;
    for (const auto& entry : fs::directory_iterator(dir_ / "nix" / "root" / "nix" / "store"))
        if (entry.path().extension() != ".drv") outputs.push_back(entry.path());
    std::sort(outputs.begin(), outputs.end());
    for (std::size_t i = odd ? 1 : 0; i < outputs.size(); i += 2) fs::remove(outputs[i]);
}

void Machine::cause_trouble(const std::string& command) const {
    const auto file = dir_ / "nix" / "trouble";
    if (command.empty())
        fs::remove(file);
    else
        write_file(file, command);
}

}  // namespace lockstep::test::soak
