// SPDX-License-Identifier: MIT
// Row 44 of the fault table, with the real program: sinks of notifications that are down, slow or angry cost neither
// the verdict nor the exit code; what they missed waits in the outbox, and is delivered once.
#include <algorithm>
#include <atomic>
#include <mutex>

#include "e2e/resume_scene.hpp"
#include "fakes/fault_proxy.hpp"
#include "fakes/http_server.hpp"
#include "support/local_sinks.hpp"

namespace lockstep::test {
namespace {

namespace fs = std::filesystem;

/// Below the "work" of a run: its private repository and work tree, which hold what was committed.
bool belongs_to_git(const fs::path& below_state) {
    return std::find(below_state.begin(), below_state.end(), "work") != below_state.end();
}
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* k_secret_path = "services/T0A1B2C3/B0A1B2C3/kEepThisAddressSecret";

/// Slack and a pushgateway in one: says 500 to everything, and what it was asked for, until it is well.
class WebSinks {
public:
    WebSinks()
        : server_([this](const fakes::Call& call) {
              const std::lock_guard lock(mutex_);
              if (well) taken_.push_back(call.method + " " + call.path + "\n" + call.body);
              return fakes::Reply{
                  .status = well ? 200 : 500, .headers = {}, .body = well ? "ok" : "not today, " + call.path};
          }) {}
    [[nodiscard]] std::string url() const { return server_.url(); }
    [[nodiscard]] std::vector<std::string> taken(const std::string& way) const {
        const std::lock_guard lock(mutex_);
        std::vector<std::string> found;
        for (const auto& one : taken_)
            if (one.starts_with(way)) found.push_back(one);
        return found;
    }
    std::atomic<bool> well{false};

private:
    mutable std::mutex mutex_;
    std::vector<std::string> taken_;
    fakes::HttpServer server_;
};

struct NotifyScene : ResumeScene {
    WebSinks web;
    MailServer mail;
    NatsServer nats;
    fakes::FaultProxy mail_way{mail.port()}, nats_way{nats.port()};

    explicit NotifyScene(bool green = true) : ResumeScene(green) {
        write_file(lab / "slack", web.url() + "/" + k_secret_path + "\n");
        fs::permissions(lab / "slack", fs::perms::owner_read | fs::perms::owner_write);
        fs::create_directories(lab / "node-exporter");
    }
    /// Nobody can be reached, each in a way of its own; the directory of the metrics is gone.
    void break_all() {
        web.well = false;
        mail_way.plan(fakes::Passage::stall(fakes::Way::down, 0));
        nats_way.plan(fakes::Passage::refuse());
        fs::remove_all(lab / "node-exporter");
    }
    void mend_all() {
        web.well = true;
        mail_way.plan({});
        nats_way.plan({});
        fs::create_directories(lab / "node-exporter");
    }
    [[nodiscard]] std::vector<std::string> sinks(const std::string& when = "always") const {
        return {"LOCKSTEP_NOTIFY_ON=" + when,
                "LOCKSTEP_NOTIFY_TIMEOUT=3s",
                "LOCKSTEP_NOTIFY_PUSHGATEWAY=" + web.url(),
                "LOCKSTEP_NOTIFY_TEXTFILE=" + (lab / "node-exporter/lockstep.prom").string(),
                "LOCKSTEP_NOTIFY_SLACK_FILE=" + (lab / "slack").string(),
                "LOCKSTEP_NOTIFY_SMTP=smtp://127.0.0.1:" + std::to_string(mail_way.port()),
                "LOCKSTEP_NOTIFY_MAIL_FROM=lockstep@example.org",
                "LOCKSTEP_NOTIFY_MAIL_TO=ops@example.org",
                "LOCKSTEP_NOTIFY_NATS=nats://127.0.0.1:" + std::to_string(nats_way.port())};
    }
    [[nodiscard]] LockstepEnd call(std::vector<std::string> arguments, const std::string& when = "always",
                                   const std::string& failpoint = "") const {
        auto variables = sinks(when);
        if (!failpoint.empty()) variables.push_back("LOCKSTEP_TEST_FAILPOINT=" + failpoint);
        if (arguments.front() == "run") arguments.insert(arguments.end(), forge_flags.begin(), forge_flags.end());
        return run(arguments, variables);
    }
    /// "slack waiting 1", … of a file of the newest run or of `directory`.
    [[nodiscard]] static std::vector<std::string> states(const fs::path& directory, const std::string& file) {
        const auto json = nlohmann::json::parse(read_file(directory / file), nullptr, false);
        std::vector<std::string> all;
        const auto* key = file == "outbox.json" ? "entries" : "notifications";
        if (json.is_object() && json.contains(key))
            for (const auto& entry : json[key])
                all.push_back(entry["sink"].get<std::string>() + " " + entry["state"].get<std::string>() + " " +
                              std::to_string(entry["attempts"].get<int>()));
        return all;
    }
    void expect_states(const fs::path& directory, const std::vector<std::string>& wanted) const {
        EXPECT_EQ(states(directory, "outbox.json"), wanted);
        EXPECT_EQ(states(directory, "report.json"), wanted);
    }
    /// How many messages each sink has got: gateway, slack, mail, nats.
    [[nodiscard]] std::vector<std::size_t> got() const {
        std::size_t events = 0;
        for (const auto& line : nats.messages())
            events += line.find("lockstep.run.finished") != std::string::npos ? 1U : 0U;
        return {web.taken("PUT").size(), web.taken("POST").size(), mail.mails().size(), events};
    }
};

class FaultRow44 : public ::testing::Test {
protected:
    void SetUp() override { LOCKSTEP_NEEDS_NIX(); }
};

using Counts = std::vector<std::size_t>;

TEST_F(FaultRow44, SinksThatAreDownCostNothingAndResumeDeliversOnce) {
    NotifyScene scene;
    ASSERT_TRUE(scene.mail.up() && scene.nats.up());
    scene.break_all();
    const auto end = scene.call({"run"});
    EXPECT_EQ(end.code, 0) << end.err;
    scene.expect_landed();
    scene.expect_states(end.run_dir, {"pushgateway waiting 1", "textfile waiting 1", "slack waiting 1",
                                      "mail waiting 1", "nats waiting 1"});
    EXPECT_THAT(end.err, HasSubstr("notifications: 5 waiting ("));
    EXPECT_THAT(end.err, HasSubstr("slack: the message was not taken: it answered 500"));
    EXPECT_THAT(end.err, HasSubstr("longer than 3s"));
    EXPECT_THAT(read_file(end.run_dir / "report.md"), HasSubstr("### Notifications"));
    EXPECT_EQ(scene.got(), (Counts{0, 0, 0, 0}));

    scene.mend_all();
    const auto resumed = scene.call({"resume"});
    EXPECT_EQ(resumed.code, 0) << resumed.err;
    EXPECT_EQ(scene.got(), (Counts{1, 1, 1, 1}));
    scene.expect_states(end.run_dir,
                        {"pushgateway sent 2", "textfile sent 2", "slack sent 2", "mail sent 2", "nats sent 2"});
    EXPECT_THAT(read_file(scene.lab / "node-exporter/lockstep.prom"), HasSubstr("outcome=\"landed\"} 1"));
    EXPECT_THAT(resumed.err, HasSubstr("notifications: 5 sent"));

    EXPECT_EQ(scene.call({"resume"}).code, 0);
    EXPECT_EQ(scene.call({"run"}, "trouble").code, 0) << "there is nothing to update";
    EXPECT_EQ(scene.got(), (Counts{2, 1, 1, 1})) << "what was sent is not sent again; metrics are pushed by every run";
}

TEST_F(FaultRow44, TheNextRunDeliversMessagesAndLetsOldMetricsBe) {
    NotifyScene scene(false);
    scene.break_all();
    const auto first = scene.call({"run"});
    EXPECT_EQ(first.code, 20) << first.err;
    scene.expect_proposed();
    scene.mend_all();
    const auto second = scene.call({"run"}, "change");
    EXPECT_EQ(second.code, 20) << second.err;
    scene.expect_states(second.run_dir, {"pushgateway sent 1", "textfile sent 1"});
    scene.expect_states(
        first.run_dir, {"pushgateway given_up 1", "textfile given_up 1", "slack sent 2", "mail sent 2", "nats sent 2"});
    EXPECT_EQ(scene.got(), (Counts{1, 1, 1, 1}));
    EXPECT_THAT(scene.web.taken("POST").at(0), HasSubstr("run " + first.run_dir.filename().string()));
    EXPECT_THAT(scene.web.taken("POST").at(0), HasSubstr("|pull request 1>"));
}

TEST_F(FaultRow44, TheAddressOfTheWebhookAndTheTokenAreNowhere) {
    NotifyScene scene(false);
    const auto end = scene.call({"run"});  // slack and the gateway say 500, the others take it
    EXPECT_EQ(end.code, 20) << end.err;
    std::string all = end.out + end.err + scene.mail.log();
    for (const auto& entry : fs::recursive_directory_iterator(scene.lockstep.state()))
        if (entry.is_regular_file() && !belongs_to_git(entry.path().lexically_relative(scene.lockstep.state())))
            all += read_file(entry.path());
    for (const auto& mail : scene.mail.mails()) all += mail;
    for (const auto& message : scene.nats.messages()) all += message;
    EXPECT_THAT(scene.mail.mails(), SizeIs(1));
    for (const auto& secret : {std::string(k_secret_path), std::string("kEepThisAddressSecret"), scene.forge->token()})
        EXPECT_EQ(all.find(secret), std::string::npos) << secret;
}

TEST_F(FaultRow44, ARunThatDiedBetweenVerdictAndOutboxIsToldByResume) {
    LOCKSTEP_NEEDS_FAILPOINTS();
    NotifyScene scene;
    scene.mend_all();
    ASSERT_EQ(scene.call({"run"}, "always", "report-temp=kill").code, k_killed);
    EXPECT_EQ(scene.got(), (Counts{0, 0, 0, 0}));
    const auto resumed = scene.call({"resume"});
    EXPECT_EQ(resumed.code, 0) << resumed.err;
    EXPECT_EQ(scene.got(), (Counts{1, 1, 1, 1}));
    EXPECT_EQ(scene.call({"resume"}).code, 0);
    EXPECT_EQ(scene.got(), (Counts{1, 1, 1, 1}));
}

TEST_F(FaultRow44, ARunThatDiedBeforeItsMessagesLeftIsToldByResume) {
    LOCKSTEP_NEEDS_FAILPOINTS();
    NotifyScene scene;
    scene.mend_all();
    ASSERT_EQ(scene.call({"run"}, "always", "notify:slack=kill").code, k_killed);
    EXPECT_EQ(scene.got(), (Counts{0, 0, 0, 0}));
    const auto run = scene.lockstep.run_dirs().front();
    EXPECT_THAT(NotifyScene::states(run, "outbox.json"), SizeIs(5));
    EXPECT_THAT(NotifyScene::states(run, "outbox.json"), Each(HasSubstr(" waiting 0")));
    EXPECT_EQ(scene.call({"resume"}).code, 0);
    EXPECT_EQ(scene.got(), (Counts{1, 1, 1, 1}));
}

TEST_F(FaultRow44, DryRunsAndBuildsTellNobody) {
    NotifyScene scene;
    scene.mend_all();
    EXPECT_EQ(scene.call({"run", "--dry-run"}).code, 0);
    EXPECT_EQ(scene.call({"build"}).code, 0);
    EXPECT_EQ(scene.got(), (Counts{0, 0, 0, 0}));
    EXPECT_THAT(read_file(scene.lab / "node-exporter/lockstep.prom"), IsEmpty());
}

TEST_F(FaultRow44, NotifyTestTellsPerSink) {
    NotifyScene scene;
    scene.mend_all();
    scene.nats_way.plan(fakes::Passage::refuse());
    const auto end = scene.call({"notify", "--test"});
    EXPECT_EQ(end.code, 40) << end.err;
    for (const char* sink : {"pushgateway", "textfile", "slack", "mail"})
        EXPECT_THAT(end.out, HasSubstr(std::string(sink) + std::string(13 - std::string(sink).size(), ' ') + "sent\n"));
    EXPECT_THAT(end.out, HasSubstr("nats         not sent: "));
    EXPECT_THAT(scene.web.taken("POST"), Each(HasSubstr("this is a test")));
    EXPECT_THAT(scene.web.taken("PUT"), Each(HasSubstr("/metrics/job/lockstep-test/")));
    EXPECT_THAT(read_file(scene.lab / "node-exporter/lockstep.prom"), IsEmpty());
    scene.nats_way.plan({});
    EXPECT_EQ(scene.call({"notify", "--test"}).code, 0);
    const auto nobody = scene.run({"notify", "--test"});
    EXPECT_EQ(nobody.code, 78);
    EXPECT_THAT(nobody.err, HasSubstr("no sink is configured"));
    EXPECT_EQ(scene.run({"notify"}).code, 64);
    EXPECT_THAT(scene.lockstep.run_dirs(), IsEmpty());
}

}  // namespace
}  // namespace lockstep::test
