// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "lockstep/core/derivation.hpp"

namespace lockstep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::string aterm(const std::vector<std::string>& inputs, const std::string& env = "",
                  const std::string& outputs = R"(("out","/s/o","",""))") {
    std::string text = "Derive([" + outputs + "],[";
    for (const auto& input : inputs) text += (&input == &inputs.front() ? "(\"" : ",(\"") + input + R"(",["out"]))";
    return text + R"(],[],"x86_64-linux","/bin/sh",[],[)" + env + "])";
}

/// A store of texts that counts what is read.
struct FakeStore {
    std::map<std::string, std::string> files;
    std::map<std::string, int> reads;
    DrvGraph::Reader reader() {
        return [this](const std::string& path) -> Result<std::string> {
            ++reads[path];
            if (const auto file = files.find(path); file != files.end()) return file->second;
            return Error{ErrorKind::infrastructure, "no " + path, "", ""};
        };
    }
};

std::vector<std::string> paths(const DrvGraph& graph, const std::vector<std::uint32_t>& indices) {
    std::vector<std::string> result;
    for (const auto index : indices) result.push_back(graph.node(index).path);
    return result;
}

TEST(DrvGraph, ReadsSharedInputsOnce) {
    FakeStore store;
    store.files = {{"/h1", aterm({"/a", "/b"})}, {"/h2", aterm({"/b"})}, {"/a", aterm({"/b"})}, {"/b", aterm({})}};
    DrvGraph graph;
    const auto h1 = graph.add("/h1", store.reader());
    const auto h2 = graph.add("/h2", store.reader());
    ASSERT_TRUE(h1.ok() && h2.ok());
    EXPECT_EQ(graph.size(), 4u);
    for (const auto& [path, reads] : store.reads) EXPECT_EQ(reads, 1) << path;
    EXPECT_THAT(paths(graph, graph.closure(*h1)), ElementsAre("/b", "/a", "/h1"));
    EXPECT_THAT(paths(graph, graph.closure(*h2)), UnorderedElementsAre("/b", "/h2"));
    EXPECT_EQ(*graph.find("/h2"), *h2);
    EXPECT_EQ(graph.find("/nowhere"), nullptr);
}

TEST(DrvGraph, ChainIsAShortestOne) {
    FakeStore store;
    store.files = {{"/h", aterm({"/a", "/x"})}, {"/a", aterm({"/b"})}, {"/b", aterm({"/bad"})},
                   {"/x", aterm({"/bad"})},     {"/bad", aterm({})},   {"/alone", aterm({})}};
    DrvGraph graph;
    const auto h = graph.add("/h", store.reader()).value();
    const auto alone = graph.add("/alone", store.reader()).value();
    const auto bad = *graph.find("/bad");
    EXPECT_THAT(paths(graph, graph.chain(h, bad)), ElementsAre("/h", "/x", "/bad"));
    EXPECT_THAT(paths(graph, graph.chain(h, h)), ElementsAre("/h"));
    EXPECT_THAT(graph.chain(h, alone), IsEmpty());
    EXPECT_THAT(graph.chain(bad, h), IsEmpty());
}

TEST(DrvGraph, AnUnreadableInputLeavesOnlyWholeNodesBehind) {
    FakeStore store;
    store.files = {{"/h", aterm({"/a", "/z"})}, {"/a", aterm({})}};
    DrvGraph graph;
    const auto failed = graph.add("/h", store.reader());
    ASSERT_FALSE(failed.ok());
    EXPECT_THAT(failed.error().what, HasSubstr("/z"));
    EXPECT_NE(graph.find("/a"), nullptr);
    EXPECT_EQ(graph.find("/h"), nullptr);
    store.files["/z"] = aterm({});
    const auto again = graph.add("/h", store.reader());
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(graph.node(*again).inputs.size(), 2u);
}

TEST(DrvGraph, BrokenTextIsAnErrorWithItsPath) {
    FakeStore store;
    store.files = {{"/h", aterm({"/a"})}, {"/a", "Derive("}};
    DrvGraph graph;
    const auto failed = graph.add("/h", store.reader());
    ASSERT_FALSE(failed.ok());
    EXPECT_THAT(failed.error().what, HasSubstr("/a"));
}

TEST(DrvGraph, ACycleIsAnErrorAndNoEndlessLoop) {
    FakeStore store;
    store.files = {{"/a", aterm({"/b"})}, {"/b", aterm({"/a"})}};
    DrvGraph graph;
    EXPECT_FALSE(graph.add("/a", store.reader()).ok());
}

TEST(DrvGraph, AHundredThousandDeepDoesNotTouchTheStack) {
    constexpr int k_depth = 100'000;
    const auto read = [](const std::string& path) -> Result<std::string> {
        const auto number = std::stoi(path.substr(1));
        return number == k_depth ? aterm({}) : aterm({"/" + std::to_string(number + 1)});
    };
    DrvGraph graph;
    const auto root = graph.add("/0", read);
    ASSERT_TRUE(root.ok());
    EXPECT_EQ(graph.closure(*root).size(), k_depth + 1u);
    EXPECT_EQ(graph.chain(*root, *graph.find("/" + std::to_string(k_depth))).size(), k_depth + 1u);
}

TEST(DrvGraph, NodesKnowWhatTheyNeed) {
    FakeStore store;
    store.files = {
        {"/plain", aterm({}, R"(("requiredSystemFeatures","kvm  big-parallel"))")},
        {"/json", aterm({}, R"(("__json","{\"requiredSystemFeatures\":[\"kvm\",1],\"x\":2}"))")},
        {"/badjson", aterm({}, R"(("__json","{"))")},
        {"/fixed", aterm({}, "", R"(("out","/s/o","sha256","00ff"))")},
        {"/impure", aterm({}, "", R"(("out","","sha256","impure"))")},
        {"/floating", aterm({}, "", R"(("out","","r:sha256",""))")},
    };
    DrvGraph graph;
    const auto node = [&](const char* path) { return graph.node(graph.add(path, store.reader()).value()); };
    EXPECT_THAT(node("/plain").required_features, ElementsAre("kvm", "big-parallel"));
    EXPECT_EQ(node("/plain").system, "x86_64-linux");
    EXPECT_THAT(node("/plain").outputs, ElementsAre("/s/o"));
    EXPECT_FALSE(node("/plain").fixed_output);
    EXPECT_THAT(node("/json").required_features, ElementsAre("kvm"));
    EXPECT_THAT(node("/badjson").required_features, IsEmpty());
    EXPECT_TRUE(node("/fixed").fixed_output);
    EXPECT_FALSE(node("/impure").fixed_output);
    EXPECT_THAT(node("/floating").outputs, IsEmpty());
    EXPECT_FALSE(node("/floating").fixed_output);
}

}  // namespace
}  // namespace lockstep
