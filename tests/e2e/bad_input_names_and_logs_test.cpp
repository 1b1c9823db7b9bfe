// SPDX-License-Identifier: MIT
// Names and build output that somebody else chose: they reach reports and pull requests as text and nothing else.
#include <algorithm>

#include "e2e/bad_input_scene.hpp"
#include "support/render_markdown.hpp"

namespace lockstep::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;
using ::testing::SizeIs;
using Kind = Recipe::Kind;

class HostileText : public ::testing::Test, protected BadInputScene {
protected:
    void SetUp() override { LOCKSTEP_NEEDS_NIX(); }

    /// Paths of the lab that appeared, but for those below `places`.
    [[nodiscard]] std::vector<std::string> added_outside(const Snapshot& before,
                                                         const std::vector<std::string>& places) const {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(lab.root())) {
            const auto path = entry.path().lexically_relative(lab.root()).string();
            const bool expected = std::any_of(places.begin(), places.end(), [&](const auto& place) {
                return path == place || path.starts_with(place + "/");
            });
            if (!expected && !before.contains(path)) found.push_back(path);
        }
        return found;
    }
};

TEST_F(HostileText, HostNamesUpToThePullRequest) {
    const std::vector<std::string> names{"../x",      "-oProxyCommand=x", "a\"b",    "<script>alert(1)</script>",
                                         "web.1 two", "../../../../x",    "${true}", "web1"};
    fleet.part("catalogue", "tls", {});
    for (const auto& name : names) fleet.host(name, {.text = name, .parts = {"catalogue.tls"}});
    fleet.commit("first");
    bare = fleet.publish();
    const auto main = on_remote({"rev-parse", "main"});
    fleet.part("catalogue", "tls", {Kind::fails, "2"});
    const auto before = snapshot(lab.root());
    const Witness witness(*this);
    const auto end =
        run({"run", "--forge", "directory:" + (lab / "forge").string(), "--run-dir", (lab / "run").string()});
    ASSERT_EQ(end.code, 20) << end.err;
    witness.expect_checkout_unchanged();
    EXPECT_EQ(on_remote({"rev-parse", "main"}), main);
    EXPECT_THAT(added_outside(before, {"run", "forge", "state", "store", "var", "log", "cache", "home",
                                       bare.lexically_relative(lab.root()).string()}),
                IsEmpty());
    EXPECT_THAT(end.err, Not(HasSubstr("\033")));

    const auto report = nlohmann::json::parse(read_file(lab / "run" / "report.json"), nullptr, false);
    ASSERT_TRUE(report.is_object());
    ASSERT_THAT(report["hosts"], SizeIs(names.size()));
    for (const auto& host : report["hosts"]) EXPECT_EQ(host["state"], "dependency_failed") << host["name"];
    const auto body = read_file(lab / "forge" / "pulls" / "1" / "body.md");
    EXPECT_THAT(body, HasSubstr("web1"));
    EXPECT_THAT(body, Not(HasSubstr("<script>")));
    EXPECT_THAT(read_file(lab / "run" / "report.md"), Not(HasSubstr("<script>")));
    EXPECT_THAT(read_file(lab / "run" / "junit.xml"), Not(HasSubstr("<script>")));
}

TEST_F(HostileText, HostNamesThatAreChosenByFlag) {
    fleet.part("catalogue", "tls", {});
    for (const char* name : {"-oProxyCommand=x", "a\"b", "web1"}) fleet.host(name, {.parts = {"catalogue.tls"}});
    fleet.commit("first");
    bare = fleet.publish();
    fleet.part("catalogue", "tls", {.text = "2"});
    const auto end = run({"run", "--dry-run", "--host=-oProxyCommand=x", "--host", "a\"b"});
    EXPECT_EQ(end.code, 0) << end.err;
    ASSERT_TRUE(end.report.is_object());
    EXPECT_THAT(end.report["hosts"], SizeIs(2));
}

/// 200 MB in lines of 1 KB: as many bytes, a tenth of the lines.
TEST_F(HostileText, LogOf200MegabytesIsCappedOnDisk) {
    lab.configure("keep-build-log = false");
    publish_small_fleet();
    rewrite_part(
        "line=0123456789abcdef; i=0\n"
        "while [ $i -lt 6 ]; do line=$line$line; i=$((i+1)); done\n"
        "i=0; while [ $i -lt 204800 ]; do echo \"$line\"; i=$((i+1)); done\n"
        "echo 'error: it was all for nothing' >&2\nexit 1");
    const auto end =
        run({"run", "--forge", "directory:" + (lab / "forge").string()}, {"LOCKSTEP_PROVE_LOG_LIMIT=1MiB"});
    EXPECT_EQ(end.code, 20) << end.err.substr(0, 4000);
    ASSERT_TRUE(end.report.is_object());
    EXPECT_THAT(std::filesystem::file_size(end.run_dir / "report.json"), Le(256U << 10));
    bool seen = false;
    for (const auto& log : end.report["logs"]) {
        const auto size = std::filesystem::file_size(end.run_dir / log["file"].get<std::string>());
        EXPECT_THAT(size, Le((1U << 20) + 4096)) << log;
        seen = seen || log["dropped_bytes"].get<std::uint64_t>() > (198ULL << 20);
    }
    EXPECT_TRUE(seen) << end.report["logs"];
    ASSERT_THAT(end.report["causes"], SizeIs(1));
    EXPECT_EQ(end.report["causes"][0]["first_error"], "error: it was all for nothing");
    EXPECT_THAT(read_file(lab / "forge" / "pulls" / "1" / "body.md"), HasSubstr("it was all for nothing"));
}

TEST_F(HostileText, LogWithEscapesNulsBadUtf8AndNoNewline) {
    publish_small_fleet();
    fleet.part("catalogue", "tls", {.kind = Kind::hostile_log, .text = "2", .amount = 3});
    const auto main = on_remote({"rev-parse", "main"});
    const auto end = run({"run", "--forge", "directory:" + (lab / "forge").string()});
    EXPECT_EQ(end.code, 20) << end.err;
    EXPECT_EQ(on_remote({"rev-parse", "main"}), main);
    ASSERT_TRUE(end.report.is_object());
    EXPECT_EQ(end.host("web1")["state"], "dependency_failed");
    EXPECT_EQ(end.host("db1")["state"], "built");
    EXPECT_THAT(end.err, Not(HasSubstr("\033")));
    const auto body = read_file(lab / "forge" / "pulls" / "1" / "body.md");
    EXPECT_THAT(body, HasSubstr("web1"));
    // The fenced end of the log may hold any text; what a browser gets may not hold that element.
    EXPECT_THAT(render_markdown(body), Not(HasSubstr("<script>")));
    for (const auto& text : {std::string("\033"), std::string("\0", 1), std::string("\377")}) {
        EXPECT_THAT(body, Not(HasSubstr(text)));
        EXPECT_THAT(read_file(end.run_dir / "report.json"), Not(HasSubstr(text)));
    }
}

TEST_F(HostileText, LogWithoutANewlineThatEndsWell) {
    publish_small_fleet();
    rewrite_part("printf 'progress \\033[1m\\377\\000 and no newline' >&2\necho done > $out\nprintf x");
    const auto before = on_remote({"rev-parse", "main"});
    const auto end = run({"run"});
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_EQ(on_remote({"rev-parse", "main^@"}), before);
    EXPECT_EQ(end.host("web1")["state"], "built");
}

}  // namespace
}  // namespace lockstep::test
