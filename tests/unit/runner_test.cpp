// SPDX-License-Identifier: MIT
#include "lockstep/adapters/runner.hpp"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <set>

#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "support/sample_report.hpp"
#include "support/utf8.hpp"

namespace lockstep::runner {
namespace {

struct Parsed {
    std::string name, properties, data;
    bool operator==(const Parsed&) const = default;
};

std::string_view trim_start(std::string_view line) {
    // .NET's TrimStart takes Unicode blanks too.
    static const std::vector<std::string> blanks = {" ",      "\t",     "\v",     "\f",     "\u0085",
                                                    "\u00a0", "\u1680", "\u2000", "\u2003", "\u2009",
                                                    "\u2028", "\u2029", "\u202f", "\u3000"};
    for (bool again = true; again;) {
        again = false;
        for (const auto& blank : blanks)
            if (line.starts_with(blank)) line.remove_prefix(blank.size()), again = true;
    }
    return line;
}

std::optional<Parsed> parse_colons(std::string_view line) {
    if (!line.starts_with("::")) return std::nullopt;
    const auto end = line.find("::", 2);
    if (end == std::string_view::npos) return std::nullopt;
    const auto head = line.substr(2, end - 2);
    const auto space = head.find(' ');
    return Parsed{std::string(head.substr(0, space)),
                  space == std::string_view::npos ? "" : std::string(head.substr(space + 1)),
                  std::string(line.substr(end + 2))};
}

std::optional<Parsed> parse_brackets(std::string_view line) {
    const auto start = line.find("##[");
    if (start == std::string_view::npos) return std::nullopt;
    const auto end = line.find(']', start);
    if (end == std::string_view::npos) return std::nullopt;
    const auto head = line.substr(start + 3, end - start - 3);
    const auto space = head.find(' ');
    return Parsed{std::string(head.substr(0, space)),
                  space == std::string_view::npos ? "" : std::string(head.substr(space + 1)),
                  std::string(line.substr(end + 1))};
}

/// A runner's log: which commands take effect. `github`: colons behind blanks, brackets anywhere; else the act family.
std::vector<Parsed> effective(const std::string& log, bool github) {
    static const std::set<std::string> known = {
        "set-env",     "set-output",     "add-path",      "add-mask",
        "save-state",  "error",          "warning",       "notice",
        "debug",       "group",          "endgroup",      "echo",
        "add-matcher", "remove-matcher", "stop-commands", "internal-set-repo-path"};
    std::vector<Parsed> commands;
    std::string stopped;
    // .NET reads lines at \r, \n and \r\n; act's scanner at \n only, so \r must not occur in our output at all.
    EXPECT_EQ(log.find('\r'), std::string::npos);
    for (const auto& line : split(log, '\n')) {
        std::optional<Parsed> parsed;
        if (github) {
            parsed = parse_colons(trim_start(line));
            if (parsed && !known.count(parsed->name) && parsed->name != stopped) parsed.reset();
            if (!parsed) parsed = parse_brackets(line);
        } else {
            parsed = parse_colons(line);
            if (!parsed && line.starts_with("##[")) parsed = parse_brackets(line);
        }
        if (!parsed) continue;
        if (!stopped.empty()) {
            if (parsed->name == stopped) stopped.clear();
            continue;
        }
        if (!known.count(parsed->name)) continue;
        if (parsed->name == "stop-commands") stopped = parsed->data;
        commands.push_back(*parsed);
    }
    EXPECT_EQ(stopped, "");
    return commands;
}

std::vector<std::string> hostile_corpus() {
    auto texts = test::hostile_texts();
    texts.insert(texts.end(),
                 {
                     "::stop-commands::x\n::x::\n::set-env name=A::b",
                     "text ##[set-env name=A]b",
                     "###[add-path]/evil\n#\u200b#[add-path]/evil\n##\x1b[0m[add-path]/evil",
                     "\u200b::add-path::/evil\n\u2060::add-path::/evil\n\ufeff::add-path::/evil",
                     "\x1b[0m::add-path::/evil\n\x07::add-path::/evil",
                     ":\x1b[0m:add-path::/evil\n:::add-path::/evil\n:\u200b:add-path::/evil",
                     "x\r::add-path::/evil\r\n::add-path::/evil\u2028::add-path::/evil\u0085::add-path::/evil",
                     "0123456789abcdef0123456789abcdef",
                     "::0123456789abcdef0123456789abcdef::\n::add-path::/evil",
                     "##[0123456789abcdef0123456789abcdef]\n::add-path::/evil",
                     "::01234567\x1b[0m89abcdef0123456789abcdef::\n::add-path::/evil",
                 });
    std::mt19937 random(11);
    const std::vector<std::string> pieces = {"::",
                                             "##[",
                                             "]",
                                             "\n",
                                             "\r",
                                             " ",
                                             "set-env name=A",
                                             "\x1b[m",
                                             "\u200b",
                                             "#",
                                             ":",
                                             "0123456789abcdef0123456789abcdef",
                                             "stop-commands",
                                             "\u00a0",
                                             "\xff",
                                             "%0A",
                                             "a"};
    for (int i = 0; i < 3'000; ++i) {
        std::string text;
        for (int n = 0; n < 12; ++n) text += pieces[random() % pieces.size()];
        texts.push_back(text);
    }
    return texts;
}

const std::string k_token = "0123456789abcdef0123456789abcdef";

TEST(RunnerCommands, ForeignBlockHoldsNoCommand) {
    for (const auto& text : hostile_corpus())
        for (const bool github : {true, false}) {
            const auto commands = effective("before\n" + foreign_block(text, k_token) + "after\n", github);
            ASSERT_EQ(commands.size(), 1U) << text;
            EXPECT_EQ(commands[0], (Parsed{"stop-commands", "", k_token}));
        }
}

TEST(RunnerCommands, CommandsHoldOnlyTheirData) {
    for (const auto& text : hostile_corpus())
        for (const bool github : {true, false}) {
            const auto commands = effective(command("error", {{"file", text}, {"title", text}}, text) + "\n" +
                                                group_start(text) + "\n" + group_end() + "\n",
                                            github);
            ASSERT_EQ(commands.size(), 3U) << text;
            EXPECT_EQ(commands[0].name, "error");
            EXPECT_EQ(split(commands[0].properties, ',').size(), 2U) << commands[0].properties;
            EXPECT_EQ(commands[1].name, "group");
            EXPECT_EQ(commands[2], (Parsed{"endgroup", "", ""}));
        }
}

TEST(RunnerCommands, HarmlessTextIsNoCommandAnywhere) {
    for (const auto& text : hostile_corpus()) {
        const auto safe = harmless(text);
        EXPECT_EQ(harmless(safe), safe) << text;
        for (const std::string prefix : {"", "  ", "web1: ", "\u3000"})
            for (const bool github : {true, false})
                EXPECT_TRUE(effective(prefix + safe + "\n", github).empty()) << prefix << text;
    }
    EXPECT_EQ(harmless("std::string is not int\nerror: a::b"), "std::string is not int\nerror: a::b");
}

TEST(RunnerCommands, DataIsEscapedOnce) {
    EXPECT_EQ(command("error", {{"title", "a:b,c%"}}, "100% of a:b,c"), "::error title=a%3Ab%2Cc%25::100%25 of a:b,c");
    EXPECT_EQ(command("warning", {}, "two\nlines"), "::warning::two lines");
    EXPECT_EQ(add_mask("s3%c\nret"), "::add-mask::s3%25c%0Aret");
    EXPECT_EQ(foreign_block("a\nb\n", "t0k"), "::stop-commands::t0k\na\nb\n::t0k::\n");
    EXPECT_EQ(foreign_block("", "t0k"), "::stop-commands::t0k\n::t0k::\n");
}

/// As actions/runner reads GITHUB_OUTPUT.
std::map<std::string, std::string> read_outputs(const std::string& text) {
    std::map<std::string, std::string> values;
    const auto lines = split(text, '\n');
    for (std::size_t i = 0; i < lines.size(); ++i) {
        EXPECT_LE(lines[i].size(), 64U * 1024 - 1);
        const auto equals = lines[i].find('='), heredoc = lines[i].find("<<");
        if (lines[i].empty() && i + 1 == lines.size()) break;
        if (heredoc == std::string::npos || equals < heredoc) {
            ADD_FAILURE() << "not a heredoc: " << lines[i];
            continue;
        }
        const auto delimiter = lines[i].substr(heredoc + 2);
        const auto name = lines[i].substr(0, heredoc);
        std::vector<std::string> value;
        for (++i; i < lines.size() && lines[i] != delimiter; ++i) value.push_back(lines[i]);
        EXPECT_LT(i, lines.size()) << "no end of " << name;
        EXPECT_EQ(values.count(name), 0U);
        values[name] = join(value, "\n");
    }
    return values;
}

TEST(RunnerOutputs, RoundTripHostileValues) {
    const auto corpus = hostile_corpus();
    for (std::size_t i = 0; i + 2 < corpus.size(); i += 3) {
        const auto read =
            read_outputs(outputs({{"a", corpus[i]}, {"b", corpus[i + 1]}, {"c", corpus[i + 2]}}, k_token));
        ASSERT_EQ(read.size(), 3U);
        auto wanted = corpus[i];
        std::erase_if(wanted, [](char c) { return c == '\0' || c == '\r'; });
        EXPECT_EQ(read.at("a"), wanted);
    }
    EXPECT_EQ(read_outputs(outputs({{"a", ""}, {"b", "x\n"}, {"c", "\ny"}}, "00")),
              (std::map<std::string, std::string>{{"a", ""}, {"b", "x\n"}, {"c", "\ny"}}));
}

TEST(RunnerOutputs, ValueThatHoldsTheDelimiter) {
    const auto text = outputs({{"a", "lockstep_ab\nlockstep_ab_\nevil<<lockstep_ab"}}, "ab");
    EXPECT_EQ(read_outputs(text).at("a"), "lockstep_ab\nlockstep_ab_\nevil<<lockstep_ab");
}

TEST(RunnerOutputs, LinesStayBelowTheLimitOfActRunners) {
    const auto read = read_outputs(outputs({{"a", std::string(200'000, 'x') + "\nshort"}}, "ab"));
    EXPECT_TRUE(read.at("a").ends_with("…\nshort"));
    const auto values = output_values(test::hostile_report(3'000, 0), "/run/report.json");
    const auto all = read_outputs(outputs(values, k_token));
    const auto hosts = nlohmann::json::parse(all.at("failed_hosts"));
    EXPECT_GT(hosts.size(), 10U);
    EXPECT_LT(hosts.size(), 3'000U);
    EXPECT_EQ(all.at("failed_count"), "3000");
}

TEST(RunnerOutputs, OfARun) {
    const auto read = read_outputs(outputs(output_values(test::sample_report(), "/state/report.json"), k_token));
    EXPECT_EQ(read.at("result"), "proposed");
    EXPECT_EQ(read.at("exit_code"), "20");
    EXPECT_EQ(read.at("base_before"), "3f786850e387550fdab836ed7e6dc881de23001b");
    EXPECT_EQ(read.at("branch"), "flake-update/2026-11-21");
    EXPECT_EQ(read.at("commit"), "89e6c98d92887913cadf06b2adb97f26cde4849b");
    EXPECT_EQ(read.at("pull_request"), "42");
    EXPECT_EQ(read.at("pull_request_url"), "https://git.example.org/ada/fleet/pulls/42");
    EXPECT_EQ(read.at("changed"), "true");
    EXPECT_EQ(read.at("failed_hosts"),
              R"(["cache","db1","db2","git","mail","matrix","media","mon1","printer","web1","web2","web3"])");
    EXPECT_EQ(read.at("report"), "/state/report.json");
    RunReport nothing;
    nothing.ending.outcome = Outcome::unchanged;
    EXPECT_EQ(read_outputs(outputs(output_values(nothing, ""), k_token)).at("changed"), "false");
}

TEST(RunnerAnnotations, ErrorsFirstWithTheHostsTheyBreak) {
    auto report = test::sample_report();
    report.causes[0].cls = CauseClass::fetch_failed;
    const auto lines = annotations(report);
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_TRUE(lines[0].starts_with("::error file=flake.lock,title=printer does not evaluate::the evaluation failed"));
    EXPECT_TRUE(lines[1].starts_with("::warning file=flake.lock,title=curl-8.1 breaks 11 of 16 hosts::"));
    EXPECT_NE(lines[1].find("cache, db1, db2"), std::string::npos);
    EXPECT_TRUE(lines[2].starts_with("::warning file=flake.lock,title=pi%3A cannot be built here::needs aarch64"));
}

TEST(RunnerAnnotations, AtMostEight) {
    const auto lines = annotations(test::hostile_report(60, 40));
    ASSERT_EQ(lines.size(), 8U);
    EXPECT_EQ(lines.back(), "::notice title=lockstep::33 more problems: see the summary and the report of the run");
    EXPECT_EQ(annotations(test::hostile_report(16, 8)).size(), 8U);
    EXPECT_TRUE(annotations(test::green_report()).empty());
    RunReport stopped;
    stopped.ending.reason = "the Nix daemon is gone";
    EXPECT_EQ(annotations(stopped),
              (std::vector<std::string>{"::error title=lockstep stopped::the Nix daemon is gone"}));
}

Environment detected(const std::map<std::string, std::string>& variables) {
    return detect([&](const char* name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::string() : found->second;
    });
}

TEST(RunnerEnvironment, KnowsWhereItRuns) {
    EXPECT_EQ(detected({}).kind, Kind::none);
    EXPECT_EQ(detected({}).trigger, "manual");
    EXPECT_EQ(detected({{"CI", "true"}}).kind, Kind::other_ci);
    EXPECT_EQ(detected({{"CI", "false"}}).kind, Kind::none);
    EXPECT_FALSE(detected({{"CI", "true"}}).actions());
    EXPECT_EQ(detected({{"GITHUB_ACTIONS", "true"}, {"CI", "true"}}).kind, Kind::github);
    EXPECT_EQ(detected({{"GITHUB_ACTIONS", "true"}, {"GITEA_ACTIONS", "true"}}).kind, Kind::gitea);
    EXPECT_EQ(detected({{"GITHUB_ACTIONS", "true"}, {"GITHUB_API_URL", "https://git.example.org/api/v1"}}).kind,
              Kind::gitea);
    EXPECT_EQ(detected({{"GITHUB_ACTIONS", "true"}, {"GITEA_ACTIONS", "true"}, {"FORGEJO_ACTIONS", "true"}}).kind,
              Kind::forgejo);
}

TEST(RunnerEnvironment, GitHub) {
    const auto env = detected({{"GITHUB_ACTIONS", "true"},
                               {"GITHUB_OUTPUT", "/o"},
                               {"GITHUB_STEP_SUMMARY", "/s"},
                               {"GITHUB_SERVER_URL", "https://github.com"},
                               {"GITHUB_API_URL", "https://api.github.com"},
                               {"GITHUB_REPOSITORY", "ada/fleet"},
                               {"GITHUB_RUN_ID", "123"},
                               {"GITHUB_RUN_NUMBER", "7"},
                               {"GITHUB_ACTOR", "ada"},
                               {"GITHUB_EVENT_NAME", "schedule"}});
    EXPECT_TRUE(env.actions());
    EXPECT_EQ(env.output_file, "/o");
    EXPECT_EQ(env.summary_file, "/s");
    EXPECT_EQ(env.api_url, "https://api.github.com");
    EXPECT_EQ(env.run_url, "https://github.com/ada/fleet/actions/runs/123");
    EXPECT_EQ(env.actor, "ada");
    EXPECT_EQ(env.trigger, "github-actions:schedule");
}

TEST(RunnerEnvironment, GiteaFamilyAddressesAreMended) {
    std::map<std::string, std::string> variables{{"GITHUB_ACTIONS", "true"},
                                                 {"GITEA_ACTIONS", "true"},
                                                 {"GITHUB_SERVER_URL", "https://example.org/git/"},
                                                 {"GITHUB_API_URL", "https://api.github.com"},
                                                 {"GITHUB_REPOSITORY", "ada/fleet"},
                                                 {"GITHUB_RUN_ID", "123"},
                                                 {"GITHUB_RUN_NUMBER", "7"}};
    auto env = detected(variables);
    EXPECT_EQ(env.server_url, "https://example.org/git");
    EXPECT_EQ(env.api_url, "https://example.org/git/api/v1");
    EXPECT_EQ(env.run_url, "https://example.org/git/ada/fleet/actions");
    variables["FORGEJO_ACTIONS"] = "true";
    variables["FORGEJO_OUTPUT"] = "/f";
    variables["GITHUB_RUN_NUMBER"] = "7";
    env = detected(variables);
    EXPECT_EQ(env.output_file, "/f");
    EXPECT_EQ(env.run_url, "https://example.org/git/ada/fleet/actions/runs/7");
    variables["GITHUB_RUN_NUMBER"] = "7/../../x";
    EXPECT_EQ(detected(variables).run_url, "");
}

TEST(RunnerEnvironment, PrivateVariables) {
    for (const char* name : {"GITHUB_TOKEN",        "GITEA_TOKEN",
                             "FORGEJO_TOKEN",       "NPM_TOKEN",
                             "npm_config_token",    "MY_PASSWORD",
                             "CLIENT_SECRET",       "ACTIONS_RUNTIME_TOKEN",
                             "ACTIONS_CACHE_URL",   "ACTIONS_ID_TOKEN_REQUEST_URL",
                             "GITHUB_OUTPUT",       "GITHUB_ENV",
                             "GITHUB_PATH",         "GITHUB_STATE",
                             "GITHUB_STEP_SUMMARY", "FORGEJO_OUTPUT",
                             "FORGEJO_ENV",         "GITEA_STEP_SUMMARY",
                             "GIT_CONFIG_COUNT",    "GIT_CONFIG_KEY_0",
                             "GIT_CONFIG_VALUE_0",  "AWS_SECRET_ACCESS_KEY",
                             "AWS_SESSION_TOKEN",   "CREDENTIALS_DIRECTORY",
                             "SSH_PRIVATE_KEY",     "LOCKSTEP_TOKEN",
                             "CACHIX_AUTH_TOKEN",   "CACHIX_SIGNING_SECRET",
                             "GPG_PASSPHRASE",      "GH_PAT",
                             "SLACK_API_KEY",       "TOKEN"})
        EXPECT_TRUE(is_private_variable(name)) << name;
    for (const char* name : {"PATH",
                             "HOME",
                             "NIX_PATH",
                             "NIX_CONFIG",
                             "NIX_REMOTE",
                             "NIX_SSL_CERT_FILE",
                             "SSL_CERT_FILE",
                             "TERM",
                             "LANG",
                             "GITHUB_ACTIONS",
                             "GITHUB_SERVER_URL",
                             "GITHUB_REPOSITORY",
                             "CI",
                             "XDG_STATE_HOME",
                             "SSH_AUTH_SOCK",
                             "GIT_SSH_COMMAND",
                             "TOKENIZER",
                             "http_proxy",
                             "LOCKSTEP_SLOTS",
                             "TMPDIR",
                             "USER",
                             ""})
        EXPECT_FALSE(is_private_variable(name)) << name;
}

}  // namespace
}  // namespace lockstep::runner
