// SPDX-License-Identifier: MIT
// Runs the fidelity tables against the fake forge of every kind and version.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "edges/curl_http.hpp"
#include "fidelity_cases.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::fakes {
namespace {

using nlohmann::json;
using test::GitRepo;

struct Server {
    std::string name;  ///< "gitea 1.20"
    ForgeKind kind;
    std::string version;
};

void PrintTo(const Server& server, std::ostream* out) {
    *out << server.name;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

class Fidelity : public ::testing::TestWithParam<Server> {
protected:
    Fidelity() {
        const auto repo = GitRepo::make_bare(dir_ / "template.git");
        const auto base = repo.commit("main", {{"flake.lock", "{}"}});
        repo.set_ref("refs/heads/same", base);
        repo.set_ref("refs/heads/update", base);
        tip_ = repo.commit("update", {{"flake.lock", "1"}});
    }

    /// Servers are named by kind or by kind and version.
    [[nodiscard]] bool concerns(const FidelityCase& given) const {
        const auto& name = GetParam().name;
        for (const auto& wanted : given.servers)
            if (wanted == name || wanted == name.substr(0, name.find(' '))) return true;
        return false;
    }

    void play(const FidelityCase& given) {
        const auto path = dir_ / ("case-" + std::to_string(++cases_) + ".git");
        std::filesystem::copy(dir_ / "template.git", path, std::filesystem::copy_options::recursive);
        FakeForge forge({.kind = GetParam().kind, .version = GetParam().version, .repository = path});
        const auto token = token_for(forge, given.token);
        if (given.before) given.before(forge);
        const auto response = http_.send(request_of(given, forge, token));
        ASSERT_TRUE(response.ok()) << response.error().why;
        EXPECT_EQ(response->status, given.status) << response->body.substr(0, 500);
        for (const auto& [where, wanted] : given.essential) expect(*response, where, replaced(wanted, "TIP", tip_));
        if (!given.lawful && forge.validates()) {
            EXPECT_FALSE(forge.take_violations().empty()) << "the description allows this";
        }
    }

    static std::string token_for(FakeForge& forge, const std::string& word) {
        if (word == "none") return "";
        if (word == "wrong") return "wrong";
        if (word == "job") return forge.add_token({.job = true}, "bot");
        if (word == "reader")
            return forge.add_token({.push = false, .pulls = false, .issues = false, .statuses = false, .user = false},
                                   "eve");
        return forge.token();
    }

    [[nodiscard]] HttpRequest request_of(const FidelityCase& given, const FakeForge& forge,
                                         const std::string& token) const {
        HttpRequest request;
        request.method = given.method;
        auto path = replaced(given.path, "TIP", tip_);
        if (path.rfind("/repo", 0) == 0 && path.rfind("/repositories", 0) != 0)
            path = "/repos/ada/fleet" + path.substr(5);
        request.url = forge.api_base() + path;
        request.headers = {
            {"User-Agent", "test"}, {"Accept", "application/vnd.github+json"}, {"X-GitHub-Api-Version", "2022-11-28"}};
        if (!token.empty()) request.headers.emplace_back("Authorization", "token " + token);
        if (!given.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
        request.body = replaced(given.body, "TIP", tip_);
        return request;
    }

    static void expect(const HttpResponse& response, const std::string& where, const std::string& wanted) {
        std::string actual;
        if (where.rfind("header: ", 0) == 0) {
            auto name = where.substr(8);
            for (auto& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            actual = std::string(response.header(name));
        } else {
            const auto body = json::parse(response.body, nullptr, false);
            const json::json_pointer pointer(where);
            actual = body.contains(pointer) ? body[pointer].dump() : where.empty() ? body.dump() : "absent";
        }
        if (wanted.rfind('~', 0) == 0) {
            EXPECT_NE(actual.find(wanted.substr(1)), std::string::npos) << where << " is " << actual;
        } else {
            EXPECT_EQ(actual, wanted) << where;
        }
    }

    test::TempDir dir_;
    std::string tip_;
    int cases_ = 0;
    CurlHttp http_;
};

std::string name_of(const ::testing::TestParamInfo<Server>& info) {
    return replaced(replaced(info.param.name, " ", "_"), ".", "_");
}
INSTANTIATE_TEST_SUITE_P(Servers, Fidelity,
                         ::testing::Values(Server{"github", ForgeKind::github, "3.17.0"},
                                           Server{"gitea 1.20", ForgeKind::gitea, "1.20.6"},
                                           Server{"gitea 1.26", ForgeKind::gitea, "1.26.3"},
                                           Server{"forgejo 15", ForgeKind::forgejo, "15.0.3"},
                                           Server{"forgejo 16", ForgeKind::forgejo, "16.0.0"}),
                         name_of);

TEST_P(Fidelity, AnswersAsTheRealOneDoes) {
    int played = 0;
    for (const auto& table :
         {github_pull_cases(), github_other_cases(), gitea_pull_cases(), gitea_label_cases(), gitea_other_cases()}) {
        for (const auto& given : table) {
            if (!concerns(given)) continue;
            SCOPED_TRACE(given.name + " (" + given.source + ")");
            play(given);
            ++played;
        }
    }
    EXPECT_GT(played, 30);
}

TEST_P(Fidelity, AttachmentsAreTakenAsTheVersionTakesThem) {
    FakeForge forge({.kind = GetParam().kind, .version = GetParam().version, .repository = dir_ / "template.git"});
    forge.add_pull({.title = "Update", .head = "update", .base = "main"});
    const auto assets = forge.api_base() + "/repos/ada/fleet/issues/1/assets";
    const auto upload = [&](const std::string& name, const std::string& content) {
        HttpRequest request;
        request.method = "POST";
        request.url = assets + "?name=" + name;
        request.headers = {{"Authorization", "token " + forge.token()},
                           {"Content-Type", "multipart/form-data; boundary=edge"}};
        request.body = "--edge\r\nContent-Disposition: form-data; name=\"attachment\"; filename=\"file\"\r\n\r\n" +
                       content + "\r\n--edge--\r\n";
        const auto response = http_.send(request);
        return response ? *response : HttpResponse{};
    };
    if (GetParam().kind == ForgeKind::github) {  // no interface for attachments
        EXPECT_EQ(upload("host.log", "x").status, 404);
        (void)forge.take_violations();
        return;
    }
    const std::string bytes("a\0b\r\n--ed", 11);
    const auto taken = upload("host.log.gz", bytes);
    ASSERT_EQ(taken.status, 201) << taken.body;
    ASSERT_EQ(forge.attachments(1).size(), 1U);
    EXPECT_EQ(forge.attachments(1)[0].name, "host.log.gz");
    EXPECT_EQ(forge.attachments(1)[0].content, bytes);

    // Forbidden types were an error of the server before 1.23; sizes are looked at from 1.26 on.
    EXPECT_EQ(upload("host.log.zst", "x").status, GetParam().name == "gitea 1.20" ? 500 : 422);
    forge.with_state([](ForgeState& state) { state.settings.attachment_mib = 1; });
    EXPECT_EQ(upload("big.log", std::string((1 << 20) + 1, 'x')).status, GetParam().name == "gitea 1.26" ? 413 : 201);

    HttpRequest removal;
    removal.method = "DELETE";
    removal.url = assets + "/" + std::to_string(forge.attachments(1)[0].id);
    removal.headers = {{"Authorization", "token " + forge.token()}};
    EXPECT_EQ(http_.send(removal)->status, 204);
    EXPECT_EQ(http_.send(removal)->status, 404);
}

}  // namespace
}  // namespace lockstep::fakes
