// SPDX-License-Identifier: MIT
// Everything that a run keeps, in one hand: room on the disk, roots, the cache, landed generations.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/keep.hpp"
#include "lockstep/app/prove.hpp"
#include "lockstep/app/run.hpp"

namespace lockstep {

/// For one run, over all its proofs. What is referred to must outlive it. Its end releases the run's roots.
class RunKeep {
public:
    using Tell = std::function<void(const std::string& text, bool warning)>;

    /// `halt` ends proofs; the disk pulls it, and others may.
    RunKeep(const RunSettings& settings, const RunPorts& ports, HaltSwitch& halt, Tell tell);
    ~RunKeep();
    RunKeep(const RunKeep&) = delete;
    RunKeep& operator=(const RunKeep&) = delete;

    /// Before a proof. Errors (infrastructure): too little room.
    [[nodiscard]] Result<void> begin(const Config& config, const nix::Setup& setup, const nix::Capabilities& can);
    /// Lets a proof tell what it finds.
    void attach(ProvePorts& ports);
    /// After the proof: waits for the copies, while the run has time. `green`: the update may land.
    void end(const Config& config, bool green);
    /// The update landed with these results.
    void landed(const Config& config, const nix::Setup& setup, const std::string& base,
                const std::vector<HostResult>& hosts);

private:
    const RunSettings& settings_;
    const RunPorts& ports_;
    HaltSwitch& halt_;
    Tell tell_;
    std::shared_ptr<RunRoots> roots_;
    std::shared_ptr<CacheCopier> copier_;
    std::unique_ptr<DiskWatch> watch_;
};

}  // namespace lockstep
