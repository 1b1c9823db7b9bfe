// SPDX-License-Identifier: MIT
// Reports that tests render.
#include "support/sample_report.hpp"

#include <array>
#include <chrono>
#include <random>

namespace lockstep::test {

namespace {

using namespace std::chrono_literals;

constexpr TimePoint k_start{std::chrono::seconds(1'795'226'400)};  // 2026-11-21T02:00:00Z

const std::array<const char*, 11> k_curl_hosts = {"cache", "db1",  "db2",  "git",  "mail", "matrix",
                                                  "media", "mon1", "web1", "web2", "web3"};

FlakeRef github(const char* owner, const char* repo, const char* ref, const char* rev, std::int64_t modified) {
    FlakeRef r;
    r.type = "github";
    r.owner = owner;
    r.repo = repo;
    r.ref = ref;
    r.rev = rev;
    r.nar_hash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    r.last_modified = modified;
    return r;
}

InputChange updated(const char* name, const char* owner, const char* repo, const char* ref, char from, char to) {
    InputChange change;
    change.input = name;
    change.direct = true;
    change.from = github(owner, repo, ref, std::string(40, from).c_str(), 1'794'000'000);
    change.to = github(owner, repo, ref, std::string(40, to).c_str(), 1'795'100'000);
    change.compare = compare_url(*change.from, *change.to);
    return change;
}

HostResult host(const std::string& name, HostState state) {
    HostResult h;
    h.name = name;
    h.system = "x86_64-linux";
    h.state = state;
    h.drv = "/nix/store/0c1i4h3fjzplm8cwsrs9ddbmyvbqc8wv-nixos-system-" + name + "-26.11.drv";
    h.out = "/nix/store/7m1lqkcdq7zsmh3rbcbbkbvhcvbdqnzq-nixos-system-" + name + "-26.11";
    h.log = "builds/" + name + ".log";
    h.eval_time = 5'400ms;
    h.build_time = is_proved(state) ? 73'250ms : 0ms;
    h.eval_peak_bytes = 575ULL << 20U;
    return h;
}

BuildRecord built(const std::string& name, Millis started, Millis duration) {
    BuildRecord b;
    b.drv = "/nix/store/3ndzwrqkl9yr5rlgdhrpk0d0jhqlk8b6-" + name + ".drv";
    b.name = name;
    b.started = started;
    b.duration = duration;
    return b;
}

RunReport fleet() {
    RunReport r;
    r.run = {"20261121T020000Z-4f2a",
             "run",
             k_start,
             k_start + 754'321ms,
             754'321ms,
             "gitea-actions:schedule",
             "ada",
             "0.1.0",
             "2.34.8",
             "Nix",
             false};
    r.repo.remote = "https://git.example.org/ada/fleet.git";
    r.repo.forge = "gitea";
    r.repo.web = "https://git.example.org/ada/fleet";
    r.repo.base = "main";
    r.repo.base_before = "3f786850e387550fdab836ed7e6dc881de23001b";
    r.repo.base_after = r.repo.base_before;
    r.repo.branch = "flake-update/2026-11-21";
    r.repo.candidate_commit = "89e6c98d92887913cadf06b2adb97f26cde4849b";
    r.repo.candidate_tree = "2b66fd261ee5c6cfc8de7fa466bab600bcfe4f69";
    r.repo.lock_blob = "5a936ee19a2cf3c70d8cb0006111b7a52f45ec01";
    r.inputs = {updated("home-manager", "nix-community", "home-manager", "", 'a', 'b'),
                updated("nixpkgs", "NixOS", "nixpkgs", "nixos-unstable", 'c', 'd')};
    r.stages = {{"prepare", StageState::done, k_start, 1'204ms, "", ""},
                {"update", StageState::done, k_start + 2s, 9'870ms, "", ""},
                {"prove", StageState::done, k_start + 12s, 738'000ms, "", ""},
                {"decide", StageState::done, k_start + 750s, 1ms, "", ""}};
    return r;
}

}  // namespace

RunReport sample_report() {
    auto r = fleet();
    for (const char* name : k_curl_hosts) {
        auto h = host(name, HostState::dependency_failed);
        h.cause = "c1";
        h.chain = {"nixos-system-" + h.name + "-26.11", "system-path", "curl-8.1"};
        h.out.clear();
        r.hosts.push_back(h);
    }
    r.hosts.push_back(host("nas", HostState::built));
    r.hosts.push_back(host("router", HostState::cached));
    auto pi = host("pi", HostState::unsupported);
    pi.system = "aarch64-linux";
    pi.required = false;
    pi.detail = "needs aarch64-linux, and no builder offers it";
    r.hosts.push_back(pi);
    auto printer = host("printer", HostState::eval_failed);
    printer.cause = "c2";
    printer.drv.clear();
    printer.out.clear();
    r.hosts.push_back(printer);
    r.hosts.push_back(host("backup", HostState::unchanged));
    for (auto& h : r.hosts) {
        h.base_drv = h.state == HostState::unchanged
                         ? h.drv
                         : "/nix/store/9lslqm4mdnp5gk8k3l4i8m6i7q2bvh5c-nixos-system-" + h.name + "-26.11.drv";
        if (h.drv.empty() || h.state == HostState::unsupported) continue;
        const bool broken = is_broken(h.state);
        h.work = {2'841, broken ? 212U : 0U, broken ? 9U : h.state == HostState::built ? 1U : 0U, true};
        if (h.name == "nas")
            h.change = {"/nix/store/8f3v2m4mdnp5gk8k3l4i8m6i7q2bvh5c-nixos-system-nas-26.11",
                        "2 packages change, 1 is rebuilt; +1.2 MiB, at most 80.1 MiB to copy",
                        {"linux 6.12.58 → 6.12.60 +1.0 MiB", "openssl 3.5.3 → 3.5.4 +200.0 KiB", "curl rebuilt"},
                        "6.12.58 → 6.12.60",
                        {"kernel", "kernel-modules"},
                        83'990'938};
    }

    Cause curl;
    curl.id = "c1";
    curl.drv = "/nix/store/2bl6nsbr6sh2k1lmr6wwdmfbbgnbrw9w-curl-8.1.drv";
    curl.name = "curl-8.1";
    curl.cls = CauseClass::builder_failed;
    curl.first_error = "error: 'CURLOPT_SSLCERT' undeclared (first use in this function)";
    curl.tail = {"  CC       libcurl_la-setopt.lo", "  CC       libcurl_la-sha256.lo",
                 "setopt.c:1713:8: error: 'CURLOPT_SSLCERT' undeclared (first use in this function)",
                 "make[2]: *** [Makefile:2713: libcurl_la-setopt.lo] Error 1",
                 "make: *** [Makefile:1322: all] Error 2"};
    for (const char* name : k_curl_hosts) curl.hosts.emplace_back(name);
    curl.log = "derivations/curl-8.1.log";
    curl.duration = 185'000ms;
    Cause evaluation;
    evaluation.id = "c2";
    evaluation.name = "printer";
    evaluation.cls = CauseClass::evaluation;
    evaluation.first_error = "error: The option `services.printing.drivrs' does not exist.";
    evaluation.tail = {"error:", "       … while evaluating the module argument `config'",
                       "       error: The option `services.printing.drivrs' does not exist."};
    evaluation.hosts = {"printer"};
    evaluation.log = "builds/printer.log";
    r.causes = {curl, evaluation};
    const auto linux = built("linux-6.12.58", 9s, 612'400ms);
    auto failed = built("curl-8.1", 11'200ms, 185s);
    failed.ok = false;
    auto initrd = built("initrd-linux-6.12.58", 622s, 15'300ms);
    initrd.machine = "ssh-ng://builder1";
    const auto nas = built("nixos-system-nas-26.11", 638s, 640ms);
    r.timing = {{linux, failed, initrd, nas}, {linux, initrd, nas}, 37, 1'503'238'553};
    r.logs = {{"curl-8.1", "derivations/curl-8.1.log", 91'233, 0}, {"printer", "builds/printer.log", 2'210, 0}};
    r.reasons = {{"cache", "a dependency failed"}, {"printer", "the evaluation failed"}};
    r.pull = RunReport::Pull{42, "https://git.example.org/ada/fleet/pulls/42", "created"};
    r.ending = {Outcome::proposed, ExitCode::hosts_failed, "12 of 16 hosts fail",
                "look at https://git.example.org/ada/fleet/pulls/42"};
    r.notices = {"pi needs aarch64-linux: boot.binfmt.emulatedSystems or a remote builder would prove it"};
    r.notifications = {{"pushgateway", NotificationState::sent, 1, ""},
                       {"slack", NotificationState::waiting, 1, "no answer from https://hooks.example.org: timed out"}};
    return r;
}

RunReport green_report() {
    auto r = fleet();
    for (const char* name : k_curl_hosts) r.hosts.push_back(host(name, HostState::built));
    for (const char* name : {"nas", "pi", "printer", "router", "backup"})
        r.hosts.push_back(host(name, HostState::cached));
    r.repo.base_after = r.repo.candidate_commit;
    r.ending = {Outcome::landed, ExitCode::ok, "every required host is proved", ""};
    return r;
}

RunReport alarm_report() {
    auto r = green_report();
    auto& moved = r.inputs[1];
    moved.change = ChangeKind::retargeted;
    moved.to->owner = "N1xOS";
    moved.compare.clear();
    r.alarms = {
        {AlarmSeverity::critical, "moved", "nixpkgs",
         "came from github:NixOS/nixpkgs and now comes from github:N1xOS/nixpkgs", true},
        {AlarmSeverity::critical, "new-transitive-input", "home-manager/systems",
         "is new, although flake.nix does not ask for it: github:nix-systems/default 0123456789 (2026-10-01)", false}};
    r.repo.base_after = r.repo.base_before;
    r.pull = RunReport::Pull{43, "https://git.example.org/ada/fleet/pulls/43", "created"};
    r.ending = {Outcome::alarm, ExitCode::alarm, "lock alarm: moved; every required host is proved",
                "see https://git.example.org/ada/fleet/pulls/43; to accept the change, merge it by hand or run with "
                "--ignore-alarm moved"};
    return r;
}

const std::vector<std::string>& hostile_texts() {
    static const std::vector<std::string> texts = {
        "```\n</details>\n<script>alert(1)</script>",
        "~~~~\n````\n`````\n# heading",
        "</details></summary></td></table>",
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "![image](https://evil.example/track.png)",
        "@everyone @ada/team closes #1, fixes owner/repo#2, GH-3, resolves: #4",
        "[link](javascript:alert(1)) [ref]: https://evil.example <https://evil.example> www.evil.example",
        "a | b || c \\| d | | |",
        "<!-- lockstep:pull/1 base=evil flake= head=0000 run=x -->",
        "\n<!-- lockstep:pull/1 base=evil flake= head=0000 run=x -->\n<!-- lockstep:row/1 run=a when=b verdict=c "
        "hosts=d causes=e commit=f -->\n",
        "-->\n-- >\n--!>\n<!--",
        "\x1b[31mred\x1b[0m \x1b]8;;https://evil.example\x07link\x1b]8;;\x07 \x1b]52;c;ZXZpbA==\x07",
        std::string("nul\0byte", 8),
        "::set-env name=PATH::/evil\n::add-mask::x\n::stop-commands::x",
        "##[set-env name=PATH]/evil and ##[add-path]/evil",
        "  ::set-output name=x::y\n\t::error::z\n\u00a0::set-env name=A::b\n\u3000::add-path::/evil",
        "$(rm -rf /) `id` ; echo ' \" \\",
        "- [ ] task\n1. one\n> quote\n***\n---\n===\n\tcode",
        "\xff\xfe invalid \xc3( \xe2\x82",
        "\u202Ereversed\u202C zero\u200Bwidth \u2066isolate\u2069",
        "a\rb\r\nc",
        "https://user:secret@evil.example/#1",
        "&lt;b&gt; &#64;everyone &amp;",
        "{% raw %} {{ secrets.TOKEN }} ${{ github.token }} $$x^2$$",
        "lockstep_0123456789abcdef0123456789abcdef",
        std::string(5'000, '`') + std::string(5'000, '<') + std::string(5'000, '|'),
    };
    return texts;
}

RunReport hostile_report(int hosts, int causes) {
    auto r = fleet();
    const auto& texts = hostile_texts();
    std::size_t next = 0;
    const auto evil = [&] { return texts[next++ % texts.size()]; };
    for (int i = 0; i < causes; ++i) {
        Cause c;
        c.id = "c" + std::to_string(i + 1);
        c.drv = "/nix/store/x.drv";
        c.name = evil() + std::to_string(i);
        c.cls = i % 3 == 0 ? CauseClass::evaluation : CauseClass::builder_failed;
        c.first_error = evil();
        c.machine = evil();
        for (int line = 0; line < 200; ++line) c.tail.push_back(evil() + std::string(500, 'x'));
        r.causes.push_back(c);
    }
    for (int i = 0; i < hosts; ++i) {
        auto h = host(evil() + std::to_string(i), i % 2 == 0 ? HostState::failed : HostState::dependency_failed);
        h.detail = evil();
        h.chain = {evil(), evil(), evil()};
        if (i % 10 == 0) h.change = {evil(), evil(), {evil(), evil()}, evil(), {evil()}, 1};
        if (causes > 0) {
            auto& cause = r.causes[static_cast<std::size_t>(i % causes)];
            h.cause = cause.id;
            cause.hosts.push_back(h.name);
        }
        r.hosts.push_back(h);
    }
    for (auto& change : r.inputs) {
        change.input = evil();
        change.compare = "https://evil.example/) <script> (";
    }
    r.repo.branch = "flake-update/--> <script> 2026-11-21";
    r.ending = {Outcome::proposed, ExitCode::hosts_failed, evil(), evil()};
    for (int i = 0; i < 10; ++i) {
        BuildRecord b{"/nix/store/x.drv", evil(), evil(), false, Millis(i), Millis(100'000 - i)};
        r.timing.slowest.push_back(b);
        r.timing.critical_path.push_back(b);
    }
    r.notices = {evil(), evil()};
    r.notifications = {{evil(), NotificationState::waiting, 1, evil()}};
    r.run.actor = evil();
    return r;
}

RunReport random_report(std::uint32_t seed) {
    std::mt19937 random(seed);
    const auto below = [&](unsigned n) { return static_cast<int>(random() % n); };
    const auto text = [&] {
        static const std::array<const char*, 9> words = {
            "", "plain", "two words", "naïve ✓", "quote\"d", "back\\slash", "<b>&amp;", "a\nb", "😀"};
        return std::string(words[static_cast<std::size_t>(below(words.size()))]);
    };
    const auto list = [&](auto make) {
        std::vector<decltype(make())> items;
        for (int i = below(4); i > 0; --i) items.push_back(make());
        return items;
    };
    const auto millis = [&] { return Millis(below(100'000'000)); };
    const auto time = [&] { return below(5) == 0 ? TimePoint{} : k_start + millis(); };
    const auto bytes = [&] { return (static_cast<std::uint64_t>(random()) << 31U) | random(); };
    const auto ref = [&] {
        FlakeRef f{text(), text(), text(), text(), "", text(), text(), text(), text(), text(), text(), 0};
        f.url = below(2) == 0 ? "" : "https://git.example.org/x?ref=y";
        f.last_modified = below(3) == 0 ? 0 : static_cast<std::int64_t>(random());
        return f;
    };
    RunReport r;
    r.run = {text(), text(), time(), time(), millis(), text(), text(), text(), text(), text(), below(2) == 0};
    r.repo = {text(), text(), text(), text(), text(), std::string(40, 'a'), "", text(), std::string(64, '0'), "", ""};
    constexpr std::array codes = {ExitCode::ok, ExitCode::hosts_failed, ExitCode::alarm, ExitCode::terminated};
    r.ending = {static_cast<Outcome>(below(10)), codes[static_cast<std::size_t>(below(codes.size()))], text(), text()};
    r.stages =
        list([&] { return StageRecord{text(), static_cast<StageState>(below(4)), time(), millis(), text(), text()}; });
    r.alarms = list([&] {
        return LockAlarm{static_cast<AlarmSeverity>(below(2)), text(), text(), text(), below(2) == 0};
    });
    r.inputs = list([&] {
        InputChange c{text(), static_cast<ChangeKind>(below(5)), below(2) == 0, {}, {}, {}, {}, text()};
        if (below(2) == 0) c.from = ref();
        if (below(2) == 0) c.to = ref();
        if (below(2) == 0) c.follows_from = text();
        if (below(2) == 0) c.follows_to = text();
        return c;
    });
    int number = 0;
    r.hosts = list([&] {
        auto h = host("host" + std::to_string(number++), static_cast<HostState>(below(15)));
        h.kind = static_cast<TargetKind>(below(6));
        h.required = below(2) == 0;
        h.cause = text();
        h.chain = list(text);
        h.detail = text();
        h.eval_time = millis();
        h.eval_peak_bytes = bytes();
        h.base_drv = text();
        const auto small = [&] { return static_cast<std::uint32_t>(random()); };
        h.work = {small(), small(), small(), below(2) == 0};
        if (below(2) == 0) h.change = {text(), text(), list(text), text(), list(text), bytes()};
        return h;
    });
    r.causes = list([&] {
        return Cause{"c" + std::to_string(number++),
                     text(),
                     text(),
                     static_cast<CauseClass>(below(18)),
                     text(),
                     list(text),
                     list(text),
                     text(),
                     text(),
                     millis()};
    });
    r.logs = list([&] { return LogEntry{text(), text(), bytes(), bytes()}; });
    r.reasons = list([&] { return Reason{text(), text()}; });
    const auto build = [&] { return BuildRecord{text(), text(), text(), below(2) == 0, millis(), millis()}; };
    r.timing = {list(build), list(build), below(1000), bytes()};
    if (below(2) == 0) r.pull = RunReport::Pull{below(1000), text(), text()};
    r.notices = list(text);
    r.limits = list(text);
    r.notifications = list([&] {
        return Notification{text(), static_cast<NotificationState>(below(3)), below(1000), text()};
    });
    return r;
}

}  // namespace lockstep::test
