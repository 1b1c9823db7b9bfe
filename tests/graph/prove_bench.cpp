// SPDX-License-Identifier: MIT
#include "support/prove_bench.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace lockstep::test {

void RecordingSink::on(const Event& event) noexcept {
    {
        const std::lock_guard lock(mutex_);
        events_.push_back(event);
    }
    if (hook) hook(event);
}

std::vector<Event> RecordingSink::events() const {
    const std::lock_guard lock(mutex_);
    return events_;
}

ProveBench::ProveBench(const NixLab& the_lab, const std::string& run) : lab(the_lab), processes(the_lab.environment()) {
    auto made = DirRunStore::create(lab.root() / run, run, clock);
    EXPECT_TRUE(made.ok());
    store = std::move(made).value();
}

ProveRequest ProveBench::request(const std::string& flake, const std::string& set) const {
    ProveRequest request;
    request.setup = lab.setup();
    const auto settings = lab.run(nix::settings_command(lab.setup()));
    auto can = nix::parse_settings(settings.out, [](const std::string&) { return std::string(); });
    EXPECT_TRUE(can.ok()) << settings.err;
    if (can.ok()) request.can = std::move(can).value();
    request.flake = flake;
    for (const auto& name : lab.names(flake, set))
        request.targets.push_back(make_target(set, target_kind_of_set(set).value(), name));
    request.required.assign(request.targets.size(), true);
    request.slots = 2;
    request.evaluators = 2;
    request.nonce_seed = "0123456789abcdef0123456789abcdef";
    return request;
}

ProofResult ProveBench::prove(const ProveRequest& request) {
    return lockstep::prove(request, {processes, *store, clock, events, files});
}

std::string ProveBench::log_of(const std::string& relative) const {
    return read_file(store->root() / relative);
}

const HostResult& host_of(const ProofResult& proof, const std::string& name) {
    for (const auto& host : proof.hosts)
        if (host.name == name) return host;
    ADD_FAILURE() << "no result for " << name;
    static const HostResult none;
    return none;
}

}  // namespace lockstep::test
