// SPDX-License-Identifier: MIT
// Which kind of forge an unknown server is.
#include "cli/forge_maker.hpp"

#include <gtest/gtest.h>

#include "fakes/scripted_http.hpp"

namespace lockstep::cli {
namespace {

constexpr const char* k_root = "https://git.example.org";

TEST(AskKind, KnowsAForgeByItsOwnAnswer) {
    fakes::ScriptedHttp http;
    http.on("GET /api/forgejo/v1/version", 404);
    http.on("GET /api/v1/version", 200, R"({"version":"1.22.0"})");
    const auto kind = ask_kind(k_root, http);
    ASSERT_TRUE(kind.ok());
    EXPECT_EQ(*kind, "gitea");
}

TEST(AskKind, APageForEverythingIsNoForge) {
    fakes::ScriptedHttp http;
    for (const auto* path : {"GET /api/forgejo/v1/version", "GET /api/v1/version", "GET /api/v3/meta"})
        http.on(path, 200, "<html>please log in</html>");
    const auto kind = ask_kind(k_root, http);
    ASSERT_FALSE(kind.ok());
    EXPECT_EQ(kind.error().kind, ErrorKind::config);
    EXPECT_EQ(kind.error().why, "it answers, but not as a forge");
}

}  // namespace
}  // namespace lockstep::cli
