// SPDX-License-Identifier: MIT
#include "app/eta_watch.hpp"

#include <gtest/gtest.h>

#include "fakes/manual_clock.hpp"
#include "support/prove_bench.hpp"

namespace lockstep::test {
namespace {

using namespace std::chrono_literals;

std::vector<std::optional<Millis>> told(const RecordingSink& sink) {
    std::vector<std::optional<Millis>> list;
    for (const auto& event : sink.events())
        if (const auto* eta = std::get_if<EtaChanged>(&event)) list.push_back(eta->remaining);
    return list;
}

struct Watched {
    Recollection memory;
    ProveRequest request;
    fakes::ManualClock clock;
    RecordingSink sink;

    Watched() {
        memory.take(DerivationBuilt{"kernel", 60s});
        memory.take(DerivationBuilt{"tls", 20s});
        request.memory = &memory;
        request.slots = 1;
    }
};

TEST(EtaWatch, TellsWhatIsLeftFromHistory) {
    Watched w;
    EtaWatch watch(w.request, w.clock, w.sink);
    watch.planned({"/s/0123456789abcdfghijklmnpqrsvwxyz-kernel.drv", "/s/1123456789abcdfghijklmnpqrsvwxyz-tls.drv"});
    watch.on(BuildStarted{"/s/0123456789abcdfghijklmnpqrsvwxyz-kernel.drv", "kernel", ""});
    ASSERT_EQ(told(w.sink).size(), 1U);
    EXPECT_EQ(told(w.sink)[0], Millis(80s));
    w.clock.sleep_for(60s);
    watch.on(BuildEnded{"/s/0123456789abcdfghijklmnpqrsvwxyz-kernel.drv", "kernel", true, 60s});
    ASSERT_EQ(told(w.sink).size(), 2U);
    EXPECT_EQ(told(w.sink)[1], Millis(20s));
}

TEST(EtaWatch, TellsSeldomAndPassesEverythingOn) {
    Watched w;
    EtaWatch watch(w.request, w.clock, w.sink);
    for (int i = 0; i < 5; ++i) watch.on(BuildStarted{"/s/0123456789abcdfghijklmnpqrsvwxyz-tls.drv", "tls", ""});
    EXPECT_EQ(told(w.sink).size(), 1U);
    EXPECT_EQ(w.sink.events().size(), 6U);
}

TEST(EtaWatch, IsSilentWithoutAPast) {
    Watched w;
    w.request.memory = nullptr;
    EtaWatch watch(w.request, w.clock, w.sink);
    watch.on(BuildStarted{"/s/0123456789abcdfghijklmnpqrsvwxyz-tls.drv", "tls", ""});
    EXPECT_TRUE(told(w.sink).empty());
}

}  // namespace
}  // namespace lockstep::test
