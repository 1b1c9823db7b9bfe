// SPDX-License-Identifier: MIT
// The proof with the real edges and the real Nix of a lab, for tests.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "edges/dir_run_store.hpp"
#include "edges/disk_files.hpp"
#include "edges/supervisor.hpp"
#include "edges/system_clock.hpp"
#include "lockstep/app/prove.hpp"
#include "support/nix_lab.hpp"

namespace lockstep::test {

class RecordingSink final : public EventSink {
public:
    void on(const Event& event) noexcept override;
    [[nodiscard]] std::vector<Event> events() const;
    /// Called for each event, on the thread it comes on.
    std::function<void(const Event&)> hook;

private:
    mutable std::mutex mutex_;
    std::vector<Event> events_;
};

/// Edges over a lab; a run directory of its own.
struct ProveBench {
    explicit ProveBench(const NixLab& lab, const std::string& run = "run");

    /// All hosts of a pinned flake, with limits that tests may change before prove().
    [[nodiscard]] ProveRequest request(const std::string& flake, const std::string& set = "nixosConfigurations") const;
    [[nodiscard]] ProofResult prove(const ProveRequest& request);
    [[nodiscard]] std::string log_of(const std::string& relative) const;

    const NixLab& lab;
    SystemClock clock;
    DiskFiles files;
    Supervisor processes;
    std::unique_ptr<DirRunStore> store;
    RecordingSink events;
};

/// The result of one host; fails the test when there is none.
[[nodiscard]] const HostResult& host_of(const ProofResult& proof, const std::string& name);

}  // namespace lockstep::test
