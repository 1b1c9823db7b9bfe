// SPDX-License-Identifier: MIT
// A nix, nix-store and nix-instantiate that know only the soak's fleet: they lock, evaluate, build and tell validity in
// the wire forms of Nix 2.8 (recordings: tests/data/nix), in milliseconds. Called as MACHINE/nix/bin/PROGRAM; the store
// is MACHINE/nix/root, what an update locks is in MACHINE/../upstream, and MACHINE/nix/trouble names a command that
// comes to grief once.
#include <signal.h>  // NOLINT(modernize-deprecated-headers)
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "soak/fleet.hpp"

namespace fs = std::filesystem;
using namespace lockstep::test::soak;

namespace {

fs::path nix_dir;  // NOLINT: MACHINE/nix
std::vector<std::string> words;

std::string slurp(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}
void spill(const fs::path& file, const std::string& text) {
    if (file.has_parent_path()) fs::create_directories(file.parent_path());
    const auto fresh = file.string() + "." + std::to_string(getpid());
    std::ofstream(fresh) << text;
    fs::rename(fresh, file);
}
bool has(const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}
std::string after(const std::string& word) {
    const auto at = std::find(words.begin(), words.end(), word);
    return at == words.end() || std::next(at) == words.end() ? "" : *std::next(at);
}
fs::path in_store(const std::string& path) {
    return nix_dir / "root" / path.substr(1);
}
bool valid(const std::string& path) {
    return fs::exists(in_store(path));
}
std::vector<std::string> store_paths() {
    std::vector<std::string> paths;
    for (const auto& word : words)
        if (word.rfind("/nix/store/", 0) == 0) paths.push_back(word);
    return paths;
}
/// Whoever takes the file away has the trouble.
bool trouble(const std::string& command) {
    const auto file = nix_dir / "trouble";
    return slurp(file) == command && unlink(file.c_str()) == 0;
}
void say(const std::string& text) {
    std::fputs(text.c_str(), stderr);
}

/// The text between the next two quotation marks from `at` on, which moves behind them.
std::string quoted(const std::string& text, std::size_t& at) {
    const auto open = text.find('"', at), close = text.find('"', open + 1);
    at = close + 1;
    return text.substr(open + 1, close - open - 1);
}

std::string read_pipe(const std::string& command) {
    std::string out;
    FILE* pipe = popen(command.c_str(), "r");
    char buffer[4096];
    for (std::size_t size = 0; pipe != nullptr && (size = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
        out.append(buffer, size);
    if (pipe != nullptr) pclose(pipe);
    return out;
}

/// The versions of the commit that a pinned flake names: "git+file://DIR?rev=ID&ref=HEAD".
Versions versions_in(const std::string& expression) {
    const auto from = expression.find("git+file://") + 11, to = expression.find("?rev=", from);
    const auto dir = expression.substr(from, to - from), id = expression.substr(to + 5, 40);
    const auto text = read_pipe("exec git -C '" + dir + "' cat-file --batch <<END\n" + id + ":flake.lock\n" + id +
                                ":flake.nix\nEND\n");
    return versions_of(text, text);
}

int evaluate(const std::string& expression) {
    if (expression.find("nixConfig") != std::string::npos) return std::puts("{}") < 0 ? 1 : 0;
    if (expression.find("attrNames") != std::string::npos)
        return std::puts(R"({"nixosConfigurations":["db1","web1","web2"]})") < 0 ? 1 : 0;
    const auto versions = versions_in(expression);
    constexpr const char* k_mark = R"("lockstep-" + )";
    auto at = expression.find(k_mark) + std::string(k_mark).size();
    std::string nonce = quoted(expression, at);
    nonce += quoted(expression, at);
    std::string told;
    for (int index = 0; (at = expression.find("{ name = \"", at)) != std::string::npos; ++index) {
        const auto host = quoted(expression, at);
        const auto mark = "trace: lockstep-" + nonce;
        say(mark + " begin " + std::to_string(index) + "\n");
        if (trouble("evaluate")) kill(getpid(), SIGKILL);
        const auto drv = drv_of(host, versions);
        for (const auto& input : drv.inputs) spill(in_store(input.path), aterm(input));
        spill(in_store(drv.path), aterm(drv));
        say(mark + " end " + std::to_string(index) + " " + drv.path + "\n");
        told += (told.empty() ? "\"" : ",\"") + host + "\":\"" + drv.path + "\"";
    }
    return std::printf("{%s}", told.c_str()) < 0 ? 1 : 0;
}

std::vector<Drv> missing(const std::vector<std::string>& paths) {
    std::vector<Drv> order;
    std::set<std::string> seen;
    const auto add = [&](const Drv& drv) {
        if (!valid(drv.out) && seen.insert(drv.path).second) order.push_back(drv);
    };
    for (const auto& path : paths)
        if (const auto drv = find_drv(path)) {
            for (const auto& input : drv->inputs) add(input);
            add(*drv);
        }
    return order;
}

int dry_run() {
    const auto wanted = missing(store_paths());
    if (!wanted.empty()) say("these " + std::to_string(wanted.size()) + " derivations will be built:\n");
    for (const auto& drv : wanted) say("  " + drv.path + "\n");
    return 0;
}

int realise() {
    int code = 0, id = 0;
    for (const auto& drv : missing(store_paths())) {
        const auto number = std::to_string(++id);
        say(R"(@nix {"action":"start","fields":[")" + drv.path + R"(","",1,1],"id":)" + number +
            R"(,"level":3,"parent":0,"text":"building ')" + drv.path + R"('","type":105})" + "\n");
        say(R"(@nix {"action":"result","fields":["working"],"id":)" + number + R"(,"type":101})" + "\n");
        if (trouble("realise")) kill(getpid(), SIGKILL);
        say(R"(@nix {"action":"stop","id":)" + number + "}\n");
        if (drv.builds) {
            spill(in_store(drv.out), "built\n");
            continue;
        }
        code = 1;
        say(R"(@nix {"action":"msg","level":0,"msg":"error: builder for ')" + drv.path +
            R"(' failed with exit code 1"})" + "\n");
    }
    return code;
}

int check() {
    if (trouble("check")) {
        say("error: SQLite database is busy\n");
        return 1;
    }
    for (const auto& path : store_paths())
        if (!valid(path)) std::puts(path.c_str());
    return 0;
}

int update() {
    if (trouble("update")) {
        say("error: unable to download 'https://api.github.com/': Could not resolve host: api.github.com (6)\n");
        return 1;
    }
    spill("flake.lock", lock_text(std::atoi(slurp(nix_dir.parent_path().parent_path() / "upstream").c_str())));
    return 0;
}

/// Links as `nix-instantiate --add-root` makes them.
int add_roots() {
    const auto base = after("--add-root"), expression = after("--expr");
    const int count = std::atoi(expression.c_str() + expression.rfind(' ') + 1);
    for (int i = 1; i <= count; ++i)
        if (symlink("/nix/store/root.drv", (i == 1 ? base : base + "-" + std::to_string(i)).c_str()) != 0) return 1;
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    nix_dir = fs::path(argv[0]).parent_path().parent_path();
    words.assign(argv + 1, argv + argc);
    if (has("--version")) return std::puts("nix (Nix) 2.8.0") < 0 ? 1 : 0;
    if (has("show-config"))
        return std::puts(R"({"system":{"value":"x86_64-linux"},"max-jobs":{"value":2},"system-features":{"value":[]},)"
                         R"("extra-platforms":{"value":[]},"builders":{"value":""}})") < 0
                   ? 1
                   : 0;
    if (has("flake")) return update();
    if (has("--add-root")) return add_roots();
    if (has("--expr")) return evaluate(after("--expr"));
    if (has("--dry-run")) return dry_run();
    if (has("--realise")) return realise();
    if (has("--check-validity")) return check();
    say("error: the soak's nix does not know this command\n");
    return 1;
}
