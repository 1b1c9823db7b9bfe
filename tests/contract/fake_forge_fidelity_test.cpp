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

}  // namespace
}  // namespace lockstep::fakes
