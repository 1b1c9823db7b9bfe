// SPDX-License-Identifier: MIT
// One stream of records taken apart into logs, tails and errors, however it is cut into chunks.
#include "app/build_logs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "fakes/manual_clock.hpp"

namespace lockstep::test {
namespace {

using ::testing::ElementsAre;

struct MemoryStore final : RunStore {
    struct Sink final : LogSink {
        explicit Sink(std::string& kept) : text(kept) {}
        void write(std::string_view bytes) noexcept override {
            text += bytes;
            ++writes;
        }
        [[nodiscard]] std::string path() const override { return "log"; }
        [[nodiscard]] std::uint64_t bytes() const noexcept override { return text.size(); }
        [[nodiscard]] std::uint64_t dropped() const noexcept override { return 0; }
        void close() noexcept override {}
        std::string& text;
        inline static int writes = 0;
    };
    [[nodiscard]] const std::string& run_id() const override { return id; }
    [[nodiscard]] const std::filesystem::path& root() const override { return path; }
    [[nodiscard]] Result<std::unique_ptr<LogSink>> open_log(std::string_view, std::string_view name,
                                                            std::uint64_t) override {
        return std::unique_ptr<LogSink>(std::make_unique<Sink>(logs[std::string(name)]));
    }
    [[nodiscard]] Result<void> write_file(std::string_view, std::string_view) override { return {}; }
    [[nodiscard]] Result<std::string> read_tail(std::string_view, std::uint64_t) override { return std::string(); }
    [[nodiscard]] Result<void> journal(std::string_view, std::string_view, std::string_view) override { return {}; }
    void log(std::string_view) noexcept override {}
    std::map<std::string, std::string> logs;
    std::string id;
    std::filesystem::path path;
};
struct NoProcesses final : ProcessRunner {
    ChildId submit(Command, OnOutput, OnExit) override { return 0; }
    void stop(ChildId) override {}
    void stop_all(bool) override {}
};
struct NoFiles final : Files {
    [[nodiscard]] Result<std::string> read(const std::string&, std::uint64_t) override { return std::string(); }
};
struct CountedEvents final : EventSink {
    void on(const Event&) noexcept override { ++count; }
    int count = 0;
};

std::string start_of(int id, const std::string& name) {
    return R"(@nix {"action":"start","fields":["/nix/store/00000000000000000000000000000000-)" + name +
           R"(.drv","",1,1],"id":)" + std::to_string(id) + R"(,"level":3,"parent":0,"text":"building","type":105})" +
           "\n";
}
std::string line_of(int id, const std::string& escaped) {
    return R"(@nix {"action":"result","fields":[")" + escaped + R"("],"id":)" + std::to_string(id) + R"(,"type":101})" +
           "\n";
}
std::string stop_of(int id) {
    return R"(@nix {"action":"stop","id":)" + std::to_string(id) + "}\n";
}

/// What came out, in a form that can be compared.
struct Told {
    std::map<std::string, std::string> logs;
    std::map<std::string, std::vector<std::string>> tails;
    std::map<std::string, bool> stopped;
    std::vector<std::string> errors;
    int events = 0, writes = 0;
    bool operator==(const Told& other) const {
        return logs == other.logs && tails == other.tails && stopped == other.stopped && errors == other.errors &&
               events == other.events;
    }
};

/// `chunks`: their lengths, in turn.
Told told_by(const std::string& stream, const std::function<std::size_t()>& chunk, std::size_t tail_lines = 3) {
    NoProcesses processes;
    MemoryStore store;
    fakes::ManualClock clock;
    CountedEvents events;
    NoFiles files;
    ProveRequest request;
    request.tail_lines = tail_lines;
    const ProvePorts ports{processes, store, clock, events, files};
    MemoryStore::Sink::writes = 0;
    BuildLogs logs(request, ports);
    for (std::string_view rest = stream; !rest.empty();) {
        const auto size = std::min(rest.size(), std::max<std::size_t>(1, chunk()));
        logs.feed(rest.substr(0, size));
        rest.remove_prefix(size);
    }
    logs.finish();
    Told told{.logs = store.logs, .errors = logs.errors(), .events = events.count, .writes = MemoryStore::Sink::writes};
    for (const auto& [drv, build] : logs.builds()) {
        told.tails[drv.substr(44)] = build.facts.tail;
        told.stopped[drv.substr(44)] = build.facts.stopped;
    }
    return told;
}

Told told_at_once(const std::string& stream, std::size_t tail_lines = 3) {
    return told_by(
        stream, [&] { return stream.size(); }, tail_lines);
}

TEST(BuildLogs, SortsLinesByTheirBuilds) {
    const auto told = told_at_once(start_of(1, "a") + start_of(2, "b") + line_of(1, "one") + line_of(2, "\\u001b[1mb") +
                                   line_of(9, "of nobody") + line_of(1, "") + line_of(1, "two\\nlines") + stop_of(1) +
                                   line_of(1, "late") + line_of(2, "\\\"quoted\\\""));
    EXPECT_EQ(told.logs.at("a"), "one\n\ntwo\nlines\n");
    EXPECT_EQ(told.logs.at("b"), "\x1b[1mb\n\"quoted\"\n");
    EXPECT_THAT(told.tails.at("a.drv"), ElementsAre("one", "", "two\nlines"));
    EXPECT_TRUE(told.stopped.at("a.drv"));
    EXPECT_FALSE(told.stopped.at("b.drv"));
    EXPECT_THAT(told.errors, ElementsAre());
}

TEST(BuildLogs, KeepsTheLastLinesOfEachBuild) {
    std::string stream = start_of(1, "a");
    for (int n = 0; n < 50; ++n) stream += line_of(1, "line " + std::to_string(n));
    stream += line_of(1, std::string(5000, 'x')) + stop_of(1);
    const std::string cut(2048, 'x');
    for (const std::size_t chunk : {1U, 70U, 100U, 1000U, 100'000U})
        EXPECT_THAT(told_by(stream, [&] { return chunk; }).tails.at("a.drv"), ElementsAre("line 48", "line 49", cut));
    EXPECT_THAT(told_at_once(stream, 0).tails.at("a.drv"), ElementsAre());
    EXPECT_EQ(told_at_once(stream, 100).tails.at("a.drv").size(), 51U);
}

TEST(BuildLogs, DoesNothingPerLineButCollectIt) {
    std::string stream = start_of(1, "a");
    for (int n = 0; n < 1000; ++n) stream += line_of(1, "text");
    const auto told = told_at_once(stream + stop_of(1));
    EXPECT_EQ(told.writes, 1);
    EXPECT_EQ(told.events, 2) << "started and ended";
}

/// The plain way: each line through the parser, one after the other.
std::map<std::string, std::string> logs_by_parser(const std::string& stream) {
    std::map<std::string, std::string> logs;
    std::map<std::uint64_t, std::string> names;
    nix::LineSplitter splitter;
    const auto take = [&](std::string_view line) {
        const auto record = nix::parse_log_line(line);
        if (record.kind == nix::LogRecord::Kind::build_start) names[record.id] = derivation_name(record.drv);
        if (record.kind == nix::LogRecord::Kind::stop) names.erase(record.id);
        if (record.kind == nix::LogRecord::Kind::build_line && names.count(record.id) != 0)
            logs[names[record.id]] += record.text + "\n";
    };
    splitter.feed(stream, take);
    splitter.finish(take);
    return logs;
}

TEST(BuildLogs, SaysTheSameWhateverTheChunksAre) {
    std::minstd_rand random(5);
    std::string stream;
    for (int id = 0; id < 4; ++id) stream += start_of(id, "build-" + std::to_string(id)) + line_of(id, "first");
    const std::vector<std::string> texts{
        "plain",   "",         "\\u001b[31mred",         "é",     "\xff",  "a\"],\"id\":1,\"type\":101}",
        "\\ud800", "\\\\\\\"", std::string(70'000, 'y'), "tab\t", "\\t\\n"};
    for (int n = 0; n < 400; ++n) {
        const auto id = static_cast<int>(random() % 5);
        switch (random() % 20) {
            case 0:
                stream += "no record at all\n";
                break;
            case 1:
                stream += R"(@nix {"action":"msg","level":0,"msg":"error: something"})"
                          "\n";
                break;
            case 2:
                if (id == 3 && n > 300) stream += stop_of(id);
                break;
            default:
                stream += line_of(id, texts[random() % texts.size()]);
        }
    }
    stream += line_of(0, "without an end");
    stream.pop_back();
    const auto whole = told_at_once(stream);
    EXPECT_EQ(whole.logs, logs_by_parser(stream));
    EXPECT_FALSE(whole.errors.empty());
    for (const std::size_t longest : {50U, 5'000U, 300'000U})
        for (int turn = 0; turn < 5; ++turn)
            EXPECT_TRUE(told_by(stream, [&] { return 1 + random() % longest; }) == whole) << longest;
}

}  // namespace
}  // namespace lockstep::test
