// SPDX-License-Identifier: MIT
// The parts of keeping, tied to a run.
#include "app/keep_run.hpp"

#include "lockstep/core/sanitize.hpp"

namespace lockstep {

RunKeep::RunKeep(const RunSettings& settings, const RunPorts& ports, HaltSwitch& halt, Tell tell)
    : settings_(settings), ports_(ports), halt_(halt), tell_(std::move(tell)) {}

RunKeep::~RunKeep() {
    watch_.reset();
    if (copier_) (void)copier_->finish(false);
    if (roots_) roots_->release();
}

Result<void> RunKeep::begin(const Config& config, const nix::Setup& setup, const nix::Capabilities& can) {
    if (ports_.disk != nullptr) {
        const std::vector<std::string> paths{
            can.store_dir, ports_.store.root().string(),
            nix::build_directory(setup.version, can, ports_.getenv("TMPDIR"), ports_.getenv("NIX_STATE_DIR"))};
        const auto need = disk_need(config);
        LOCKSTEP_TRY_VOID(check_room(*ports_.disk, paths, need));
        watch_ = std::make_unique<DiskWatch>(*ports_.disk, paths, need, [this](const Error& shortage) {
            halt_.pull({shortage.what + (shortage.why.empty() ? "" : ": " + shortage.why)});
        });
    }
    if (ports_.roots != nullptr && !roots_)
        roots_ = std::make_shared<RunRoots>(setup, (ports_.store.root() / k_run_roots).string(), ports_.processes,
                                            *ports_.roots, ports_.events);
    if (!config.cache.to.empty() && !settings_.dry_run && !copier_)
        copier_ = std::make_shared<CacheCopier>(cache_target(config, setup), ports_.processes, ports_.clock);
    return {};
}

void RunKeep::attach(ProvePorts& ports) {
    ports.halt = &halt_;
    ports.building = [this](const std::vector<std::string>& paths) {
        if (roots_) roots_->add(paths);
    };
    ports.proved = [this](const std::vector<std::string>& outputs) {
        if (copier_) copier_->add(outputs);
    };
}

void RunKeep::end(const Config& config, bool green) {
    watch_.reset();
    if (!copier_) return;
    halt_.connect([this](const Halt& halt) {
        if (halt.time_up) copier_->stop();
    });
    const auto outcome = copier_->finish(green);
    halt_.connect({});
    copier_.reset();
    if (const auto warning = copy_warning(outcome, config.cache.to); !warning.empty())
        tell_(warning, true);
    else if (outcome.copied > 0)
        tell_("copied to " + clean_line(config.cache.to, 200) + ": " + std::to_string(outcome.copied) + " outputs",
              false);
}

void RunKeep::landed(const Config& config, const nix::Setup& setup, const std::string& base,
                     const std::vector<HostResult>& hosts) {
    if (ports_.roots == nullptr || settings_.state_dir.empty()) return;
    KeepRequest request{.setup = setup,
                        .folder = keep_folder(settings_.state_dir.string(), base, config.flake),
                        .run_id = ports_.store.run_id(),
                        .generations = config.keep.generations,
                        .landed = landed_hosts(hosts)};
    for (const auto& host : hosts) request.fleet.push_back(host.name);
    if (const auto kept = keep_landed(request, ports_.processes, *ports_.roots); !kept.ok())
        tell_(
            "the landed generation has no roots of its own: " + kept.error().what + ": " + clean_line(kept.error().why),
            true);
}

}  // namespace lockstep
