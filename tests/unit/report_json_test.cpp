// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "lockstep/core/report.hpp"
#include "lockstep/core/sanitize.hpp"
#include "support/sample_report.hpp"
#include "support/temp_dir.hpp"
#include "support/utf8.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::json;

class ReportSchema {
public:
    ReportSchema() {
        valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
        const auto document = Json::parse(report_schema());
        parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(document), schema_);
    }
    /// "" when it fits, else what does not.
    std::string problem(const Json& document) const {
        valijson::Validator validator(valijson::Validator::kStrongTypes);
        valijson::ValidationResults results;
        valijson::adapters::NlohmannJsonAdapter target(document);
        if (validator.validate(schema_, target, &results)) return {};
        std::string text = "invalid";
        valijson::ValidationResults::Error error;
        while (results.popError(error)) {
            text += "\n";
            for (const auto& part : error.context) text += part;
            text += ": " + error.description;
        }
        return text;
    }

private:
    valijson::Schema schema_;
};

TEST(ReportJson, IsReadBackExactly) {
    for (const auto& report : {RunReport{}, test::green_report(), test::sample_report()}) {
        const auto back = report_from_json(report_json(report));
        ASSERT_TRUE(back.ok()) << back.error().why;
        auto sorted = report;
        std::sort(sorted.hosts.begin(), sorted.hosts.end(), [](auto& a, auto& b) { return a.name < b.name; });
        EXPECT_EQ(*back, sorted);
    }
    for (std::uint32_t seed = 0; seed < 500; ++seed) {
        const auto report = test::random_report(seed);
        const auto back = report_from_json(report_json(report));
        ASSERT_TRUE(back.ok()) << "seed " << seed << ": " << back.error().why;
        EXPECT_EQ(*back, report) << "seed " << seed;
    }
}

TEST(ReportJson, FitsThePublishedSchema) {
    const ReportSchema schema;
    EXPECT_EQ(schema.problem(Json::parse(report_json(test::sample_report()))), "");
    EXPECT_EQ(schema.problem(Json::parse(report_json(test::green_report()))), "");
    EXPECT_EQ(schema.problem(Json::parse(report_json(test::hostile_report(20, 5)))), "");
    for (std::uint32_t seed = 0; seed < 50; ++seed)
        EXPECT_EQ(schema.problem(Json::parse(report_json(test::random_report(seed)))), "") << "seed " << seed;
}

/// Every object and every key of the sample: a key more, a key less and a wrong kind must fail.
void spoil(const ReportSchema& schema, Json& root, Json& node, const std::string& place, int& tried) {
    if (node.is_array()) {
        for (std::size_t i = 0; i < node.size(); ++i)
            spoil(schema, root, node[i], place + "/" + std::to_string(i), tried);
        return;
    }
    if (!node.is_object()) return;
    const bool all_optional = node.contains("narHash");
    node["misspelt"] = 1;
    EXPECT_NE(schema.problem(root), "") << "an unknown key is accepted in " << place;
    node.erase("misspelt");
    const auto keys = node;
    for (const auto& [key, value] : keys.items()) {
        node.erase(key);
        EXPECT_EQ(schema.problem(root).empty(), all_optional) << place << "/" << key << " may be missing";
        node[key] = Json::array({Json::array()});
        EXPECT_NE(schema.problem(root), "") << place << "/" << key << " may be anything";
        node[key] = value;
        ++tried;
        spoil(schema, root, node[key], place + "/" + key, tried);
    }
}

TEST(ReportJson, SchemaRefusesEveryTypo) {
    const ReportSchema schema;
    auto report = test::sample_report();
    report.hosts.resize(1);
    report.causes.resize(1);
    report.stages.resize(1);
    auto root = Json::parse(report_json(report));
    int tried = 0;
    spoil(schema, root, root, "", tried);
    EXPECT_GT(tried, 100);
    root["hosts"][0]["state"] = "biult";
    EXPECT_NE(schema.problem(root), "");
}

TEST(ReportJson, SchemaKnowsEveryWord) {
    const ReportSchema schema;
    auto report = test::sample_report();
    auto& host = report.hosts.front();
    for (int state = 0; state <= static_cast<int>(HostState::interrupted); ++state) {
        host.state = static_cast<HostState>(state);
        EXPECT_EQ(schema.problem(Json::parse(report_json(report))), "") << state_word(host.state);
    }
    for (int cls = 0; cls <= static_cast<int>(CauseClass::unknown); ++cls) {
        report.causes.front().cls = static_cast<CauseClass>(cls);
        EXPECT_EQ(schema.problem(Json::parse(report_json(report))), "") << cause_word(static_cast<CauseClass>(cls));
    }
    for (int outcome = 0; outcome <= static_cast<int>(Outcome::stopped); ++outcome) {
        report.ending.outcome = static_cast<Outcome>(outcome);
        EXPECT_EQ(schema.problem(Json::parse(report_json(report))), "") << outcome_word(report.ending.outcome);
    }
}

TEST(ReportJson, CommittedSchemaIsTheBuiltInOne) {
    EXPECT_EQ(test::read_file(std::string(LOCKSTEP_SOURCE_DIR) + "/workflows/report.schema.json"), report_schema());
}

TEST(ReportJson, IsGolden) {
    test::expect_golden("report/report.json", report_json(test::sample_report()));
}

TEST(ReportJson, CleansForeignText) {
    const auto text = report_json(test::hostile_report(30, 10));
    EXPECT_TRUE(test::is_valid_utf8(text));
    EXPECT_EQ(text, clean_text(text));
    EXPECT_EQ(text.find("\\u001b"), std::string::npos);
    EXPECT_EQ(text.find("\\u0000"), std::string::npos);
}

TEST(ReportJson, NeverShowsCredentialsOfAnInput) {
    auto report = test::green_report();
    report.inputs.front().to->url = "https://ada:hunter22@git.example.org/x";
    EXPECT_EQ(report_json(report).find("hunter22"), std::string::npos);
}

TEST(ReportJson, NeverShowsCredentialsThatAnEscapeTakesApart) {
    auto report = test::green_report();
    report.inputs.front().to->url = "https:\x1b\x30//ada:hunter22@git.example.org/x";
    report.inputs.front().to->type = "git";
    EXPECT_EQ(report_json(report).find("hunter22"), std::string::npos);
}

TEST(ReportJson, LeavesOutWhatIsEmptyOnceItIsClean) {
    auto report = test::green_report();
    report.inputs.front().to->dir = "\x10";
    const auto text = report_json(report);
    const auto read = report_from_json(text);
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(report_json(*read), text);
}

TEST(ReportJson, SortsHostsByTheNameThatIsShown) {
    auto report = test::green_report();
    report.hosts.resize(2);
    report.hosts[0].name = "\x1b[31mzulu";
    report.hosts[1].name = "alpha";
    const auto text = report_json(report);
    EXPECT_LT(text.find("\"alpha\""), text.find("\"zulu\""));
    const auto read = report_from_json(text);
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(report_json(*read), text);
}

TEST(ReportJson, TimesKeepMilliseconds) {
    auto report = test::green_report();
    report.run.started += std::chrono::milliseconds(7);
    const auto text = report_json(report);
    EXPECT_NE(text.find("\"started\": \"2026-11-21T02:00:00.007Z\""), std::string::npos);
    EXPECT_EQ(report_from_json(text)->run.started, report.run.started);
}

TEST(ReportRead, NamesThePlaceOfTrouble) {
    const auto why = [](auto change) {
        auto json = Json::parse(report_json(test::sample_report()));
        change(json);
        const auto report = report_from_json(json.dump());
        return report.ok() ? std::string("read") : report.error().why;
    };
    EXPECT_EQ(why([](Json&) {}), "read");
    EXPECT_EQ(why([](Json& j) { j["hosts"][3].erase("state"); }), "hosts[3].state is missing");
    EXPECT_EQ(why([](Json& j) { j["hosts"][3]["state"] = "biult"; }),
              "hosts[3].state is not a word that this version knows");
    EXPECT_EQ(why([](Json& j) { j["run"]["started"] = "yesterday"; }),
              "run.started is not a time like 2026-11-21T02:00:00Z");
    EXPECT_EQ(why([](Json& j) { j["run"]["started"] = "2026-02-30T02:00:00Z"; }),
              "run.started is not a time like 2026-11-21T02:00:00Z");
    EXPECT_EQ(why([](Json& j) { j["run"]["duration_s"] = 1e300; }), "run.duration_s is not a number of seconds");
    EXPECT_EQ(why([](Json& j) { j["logs"][0]["bytes"] = -1; }), "logs[0].bytes is not a count");
    EXPECT_EQ(why([](Json& j) { j["hosts"][2]["work"]["fetch"] = 1ULL << 32U; }), "hosts[2].work.fetch is too large");
    EXPECT_EQ(why([](Json& j) { j["timing"]["slowest"][1].erase("ok"); }), "timing.slowest[1].ok is missing");
    EXPECT_EQ(why([](Json& j) { j["pull_request"]["number"] = 1.5; }), "pull_request.number is not a whole number");
    EXPECT_EQ(why([](Json& j) { j["pull_request"]["number"] = ~0ULL; }), "pull_request.number is not a whole number");
    EXPECT_EQ(why([](Json& j) { j["verdict"]["exit_code"] = 3; }), "verdict.exit_code is not a known exit code");
    EXPECT_EQ(why([](Json& j) { j["causes"] = Json::object(); }), "causes is not a list");
    EXPECT_EQ(why([](Json& j) { j["lock"] = 1; }), "lock is not an object");
    EXPECT_EQ(why([](Json& j) { j["schema"] = "lockstep-report/2.0"; }),
              "its \"schema\" is not \"lockstep-report/1.x\"");
}

TEST(ReportRead, AcceptsALaterMinorVersion) {
    auto json = Json::parse(report_json(test::sample_report()));
    json["schema"] = "lockstep-report/1.7";
    json["deploy"] = {{"phases", Json::array()}};
    json["hosts"][0]["closure_bytes"] = 12;
    EXPECT_TRUE(report_from_json(json.dump()).ok());
}

/// What 1.0 had not got yet.
Json of_version_1_0() {
    auto json = Json::parse(report_json(test::sample_report()));
    json["schema"] = "lockstep-report/1.0";
    json.erase("timing");
    json.erase("notifications");
    for (auto& host : json["hosts"]) {
        host.erase("base_drv");
        host.erase("work");
        host.erase("change");
    }
    return json;
}

TEST(ReportRead, ReadsVersion10) {
    auto wanted = *report_from_json(report_json(test::sample_report()));
    wanted.timing = {};
    wanted.notifications.clear();
    for (auto& host : wanted.hosts) {
        host.base_drv.clear();
        host.work = {};
        host.change.reset();
    }
    const auto report = report_from_json(of_version_1_0().dump());
    ASSERT_TRUE(report.ok()) << report.error().why;
    EXPECT_EQ(*report, wanted);
}

TEST(ReportRead, LaterVersionsMustHaveWhatTheyAdded) {
    auto json = of_version_1_0();
    for (const auto* version : {"lockstep-report/1.1", "lockstep-report/1.2", "lockstep-report/1.12"}) {
        json["schema"] = version;
        EXPECT_EQ(report_from_json(json.dump()).error().why, "hosts[0].base_drv is missing");
    }
    for (const auto* version : {"lockstep-report/1.", "lockstep-report/1.x", "lockstep-report/1.0.1",
                                "lockstep-report/1.99999999999", "lockstep-report/10"}) {
        json["schema"] = version;
        EXPECT_EQ(report_from_json(json.dump()).error().why, "its \"schema\" is not \"lockstep-report/1.x\"");
    }
}

TEST(ReportRead, SurvivesNonsense) {
    for (const std::string text : {"", "null", "[]", "{", "{\"schema\": 1}", "\xff"})
        EXPECT_FALSE(report_from_json(text).ok());
    EXPECT_FALSE(report_from_json(std::string(1'000'000, '[')).ok());
    auto json = Json::parse(report_json(test::sample_report()));
    json["later"] = Json::parse(std::string(31, '[') + std::string(31, ']'));
    EXPECT_TRUE(report_from_json(json.dump()).ok());
    json["later"] = Json::parse(std::string(32, '[') + std::string(32, ']'));
    EXPECT_EQ(report_from_json(json.dump()).error().why, "it is nested too deeply");
    const auto text = report_json(test::sample_report());
    for (std::size_t cut = 0; cut + 2 < text.size(); cut += 97)
        EXPECT_FALSE(report_from_json(text.substr(0, cut)).ok());
}

}  // namespace
}  // namespace lockstep
