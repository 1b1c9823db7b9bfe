// SPDX-License-Identifier: MIT
// Closures as hosts list them: complete, or nothing.
#include "lockstep/adapters/deploy_closure.hpp"

#include <gmock/gmock.h>

namespace lockstep::deploy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string k_one = "/nix/store/00000000000000000000000000000000-a-1";
const std::string k_two = "/nix/store/11111111111111111111111111111111-b-2";

TEST(DeployClosure, IsCompleteOrNothing) {
    const auto whole = "Welcome 12!\n120 " + k_one + "\n7 " + k_two + "\nend=n1 2\n";
    const auto paths = parse_closure(whole, "n1");
    ASSERT_TRUE(paths);
    EXPECT_THAT(*paths, ElementsAre(ClosurePath{k_one, 120}, ClosurePath{k_two, 7}));
    for (std::size_t cut = 0; cut < whole.size(); ++cut)
        EXPECT_EQ(parse_closure(whole.substr(0, cut), "n1"), std::nullopt) << cut;
    EXPECT_EQ(parse_closure(whole, "n2"), std::nullopt);
    EXPECT_EQ(parse_closure("120 " + k_one + "\nend=n1 2\n", "n1"), std::nullopt) << "a line is missing";
    EXPECT_EQ(parse_closure("120 /nix/store/../../etc\nend=n1 1\n", "n1"), std::nullopt);
    EXPECT_EQ(parse_closure("-1 " + k_one + "\nend=n1 1\n", "n1"), std::nullopt);
    EXPECT_EQ(parse_closure("end=n1 none\n", "n1"), std::nullopt);
    EXPECT_EQ(parse_closure("end=n1 0\n", "n1"), std::nullopt);
}

TEST(DeployClosure, AsksWithoutWritingThePathIntoACommandLine) {
    SshTarget target;
    target.host = "web1";
    const auto command = closure_command(target, Connection::fresh, k_one, "n1");
    EXPECT_EQ(command.argv.back(), "sh -s");
    EXPECT_THAT(command.stdin_text, HasSubstr("lockstep_path=" + k_one + "\n"));
}

}  // namespace
}  // namespace lockstep::deploy
