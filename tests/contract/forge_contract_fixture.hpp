// SPDX-License-Identifier: MIT
// A forge session of every dialect and version against the fake forge, over real HTTP, with a clock that does not wait.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>

#include "app/forge_session.hpp"
#include "edges/curl_http.hpp"
#include "fakes/fake_forge.hpp"
#include "fakes/manual_clock.hpp"
#include "support/git_fixture.hpp"
#include "support/temp_dir.hpp"

namespace lockstep {

struct ForgeVersion {
    std::string dialect, version;
};

inline void PrintTo(const ForgeVersion& value, std::ostream* out) {
    *out << value.dialect << " " << value.version;
}

/// Oldest and newest that is supported.
inline std::vector<ForgeVersion> forge_versions() {
    return {
        {"github", "3.17.0"}, {"gitea", "1.20.6"}, {"gitea", "1.26.3"}, {"forgejo", "15.0.3"}, {"forgejo", "16.0.0"}};
}

inline std::string forge_version_name(const testing::TestParamInfo<ForgeVersion>& instance) {
    std::string name = instance.param.dialect + "_" + instance.param.version;
    for (char& c : name)
        if (c == '.') c = '_';
    return name;
}

class ForgeContract : public testing::TestWithParam<ForgeVersion> {
protected:
    ForgeContract() : repository_(test::GitRepo::make_bare(temp_ / "fleet.git")), forge_(options(repository_.path())) {
        repository_.set_ref("refs/heads/main", repository_.make_commit("", {{"flake.lock", "1"}}));
        branch("topic");
    }

    /// A branch with one commit on top of main.
    std::string branch(const std::string& name) {
        const auto commit = repository_.make_commit(repository_.ref("main"), {{"flake.lock", name}});
        repository_.set_ref("refs/heads/" + name, commit);
        return commit;
    }

    [[nodiscard]] ForgeSession session(const std::string& token) {
        const auto& dialect = GetParam().dialect;
        const auto web = forge_.web_root();
        for (const auto& row : forge::registry())
            if (row.name == dialect)
                return {row.make({web, forge::api_base(dialect, web), "ada", "fleet"}), http_, clock_, token, {}};
        std::abort();
    }
    [[nodiscard]] ForgeSession session() { return session(forge_.token()); }
    [[nodiscard]] bool is_github() const { return GetParam().dialect == "github"; }

    /// Fails the test with the error's text.
    template <class T>
    static T value_of(Result<T> result) {
        if (result.ok()) return std::move(result).value();
        ADD_FAILURE() << result.error().what << "\n" << result.error().why << "\n" << result.error().hint;
        return T();
    }
    static void expect_ok(const Result<void>& result) {
        EXPECT_TRUE(result.ok()) << result.error().what << "\n" << result.error().why << "\n" << result.error().hint;
    }

    test::TempDir temp_;
    test::GitRepo repository_;
    fakes::FakeForge forge_;
    CurlHttp http_;
    fakes::ManualClock clock_;

private:
    static fakes::ForgeOptions options(const std::filesystem::path& repository) {
        const auto& dialect = GetParam().dialect;
        fakes::ForgeOptions result;
        result.kind = dialect == "github"  ? fakes::ForgeKind::github
                      : dialect == "gitea" ? fakes::ForgeKind::gitea
                                           : fakes::ForgeKind::forgejo;
        result.version = GetParam().version;
        result.repository = repository;
        if (dialect != "github") result.sub_path = "/sub";
        return result;
    }
};

}  // namespace lockstep
