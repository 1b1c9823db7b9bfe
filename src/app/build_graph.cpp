// SPDX-License-Identifier: MIT
// The proof as one oneTBB flow graph. The only file that knows TBB.
//
//   Fleet ─► [evaluate] ─result×N─► [triage] ──ready──► [realise] ─wave─► [validate] ─► [settle] ─host×n─► [collect]
//             processes                │                 ▲ [plan] ▲──────── once more ──────┘                   ▲
//                                      └──── failed, foreign, interrupted ──────────────────────────────────────┘
//
// A wave of [realise] passes [plan] twice: when it is known what is invalid, and when it is known what a realisation
// would do. evaluate, realise and validate stand for children that the process runner owns: their bodies only submit
// and return, so no TBB worker ever waits for a process, and slots live with the children (an async_node bounds body
// calls, not outside work). Bodies never throw: trouble becomes a result. Interruption ends the children; the graph is
// never cancelled, so that every target still gets its result.
#include <oneapi/tbb/flow_graph.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "app/eta_watch.hpp"
#include "app/settle.hpp"
#include "app/wave_plan.hpp"
#include "lockstep/adapters/nix_store.hpp"
#include "lockstep/app/prove.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/critical_path.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep {

namespace {

namespace flow = oneapi::tbb::flow;

using EvalPtr = std::shared_ptr<const EvalResult>;
using ReadyPtr = std::shared_ptr<const ReadyTarget>;
using HostPtr = std::shared_ptr<const HostResult>;

using EvaluateNode = flow::async_node<int, EvalPtr>;
using TriageNode = flow::multifunction_node<EvalPtr, std::tuple<ReadyPtr, HostPtr>>;
using RealiseNode = flow::async_node<ReadyPtr, WavePtr>;
using ValidateNode = flow::async_node<WavePtr, WavePtr>;
using SettleNode = flow::multifunction_node<WavePtr, std::tuple<HostPtr>>;
using CollectNode = flow::function_node<HostPtr>;

/// Sorts one evaluated target: ready to build, or settled already. Serial, so it may touch the proof state of its own.
class Triage {
public:
    Triage(const ProveRequest& request, const ProvePorts& ports, ProofState& state)
        : request_(request), ports_(ports), state_(state) {}

    ReadyPtr ready(const EvalResult& result) {
        ReadyTarget target{.evaluation = result};
        const auto text = ports_.files.read(nix::store_file(request_.setup, result.drv));
        const auto drv = text.ok() ? parse_derivation(text.value()) : Result<Derivation>(text.error());
        if (!drv.ok())
            return refuse(result, HostState::infra_error, "", "its derivation cannot be read: " + drv.error().why);
        target.system = drv->system;
        for (const auto& output : drv->outputs)
            if (!output.path.empty()) target.outputs.push_back(output.path);
        std::stable_sort(target.outputs.begin(), target.outputs.end());
        if (const auto out = std::find_if(drv->outputs.begin(), drv->outputs.end(),
                                          [](const auto& o) { return o.name == "out" && !o.path.empty(); });
            out != drv->outputs.end())
            std::swap(*std::find(target.outputs.begin(), target.outputs.end(), out->path), target.outputs.front());
        if (target.outputs.empty())
            return refuse(result, HostState::infra_error, target.system,
                          "it has no output path that is known before building");
        if (!request_.build) return refuse(result, HostState::evaluated, target.system, "");
        const bool foreign = target.system != "builtin" && request_.can.systems.count(target.system) == 0;
        if (!foreign) return std::make_shared<ReadyTarget>(std::move(target));
        if (request_.foreign == ForeignPolicy::evaluate)
            return refuse(result, HostState::evaluated, target.system,
                          "evaluated only: nobody here builds for " + target.system);
        if (request_.foreign == ForeignPolicy::ignore)
            return refuse(result, HostState::skipped, target.system,
                          "left out: nobody here builds for " + target.system);
        if (warned_.insert(target.system).second)
            ports_.events.on(Notice{
                true,
                "some hosts need " + clean_line(target.system, 100) +
                    ", which neither this machine nor its builders offer: unless a cache has them they cannot be proved"
                    " (add a builder, or set `targets.foreign: evaluate`)"});
        return std::make_shared<ReadyTarget>(std::move(target));
    }

    HostPtr settled() { return std::exchange(settled_, nullptr); }

    ReadyPtr refuse(const EvalResult& result, HostState state, const std::string& system, const std::string& detail) {
        settled_ =
            std::make_shared<HostResult>(settle_unbuilt(request_, ports_, result, state, system, detail, state_));
        return nullptr;
    }

private:
    const ProveRequest& request_;
    const ProvePorts& ports_;
    ProofState& state_;
    std::set<std::string> warned_;
    HostPtr settled_;
};

HostState unbuilt_state(const EvalResult& result) {
    if (result.interrupted) return result.not_started ? HostState::not_started : HostState::interrupted;
    return state_of(result.cls, true);
}

/// What is known about the base commit, for one host.
void compare(HostResult& host, const std::map<std::size_t, std::string>& base_drvs, std::size_t target) {
    const auto base = base_drvs.find(target);
    if (base == base_drvs.end()) return;
    host.base_drv = base->second;
    if (host.state == HostState::cached && host.base_drv == host.drv) host.state = HostState::unchanged;
    if (host.state == HostState::eval_failed && base->second.empty())
        host.detail += " (it does not evaluate on the base commit either)";
}

/// All results together: the targets' own, and what two nodes noted apart.
ProofResult finish(const ProveRequest& request, std::map<std::string, HostResult> results,
                   const std::set<std::size_t>& contradicted, ProofState& built, ProofState& unbuilt) {
    for (const auto index : contradicted) {
        auto& host = results[request.targets[index].name];
        if (!is_proved(host.state) && host.state != HostState::evaluated) continue;
        host.state = HostState::infra_error;
        host.detail = "the evaluation contradicted itself about this host's derivation";
    }
    for (std::size_t i = 0; i < request.targets.size(); ++i)
        compare(results[request.targets[i].name], built.base_drvs, i);
    ProofResult proof;
    for (auto& [name, host] : results) proof.hosts.push_back(std::move(host));
    built.causes.merge(unbuilt.causes);
    proof.causes = number_causes(std::move(built.causes), proof.hosts);
    proof.logs = std::move(built.logs);
    proof.logs.insert(proof.logs.end(), unbuilt.logs.begin(), unbuilt.logs.end());
    std::sort(proof.logs.begin(), proof.logs.end(), [](const auto& a, const auto& b) { return a.file < b.file; });
    proof.realiser_runs = built.realiser_runs;
    proof.derivations_built = built.derivations_built;
    proof.download_bytes = built.download_bytes;
    proof.builds = std::move(built.builds);
    proof.critical_path = critical_path(proof.builds, built.graph);
    return proof;
}

/// Everything that the nodes share.
struct Shared {
    Shared(const ProveRequest& r, const ProvePorts& p)
        : eta(r, p.clock, p.events), request(r), ports{p.processes, p.store, p.clock, eta, p.files} {
        ports.building = p.building;
        ports.proved = p.proved;
        built.began = p.clock.steady();
        for (std::size_t i = 0; i < r.targets.size(); ++i) {
            if (const auto known = r.base_drvs.find(r.targets[i].name); known != r.base_drvs.end())
                built.base_drvs[i] = known->second;
            else if (Evaluator::asks_base(r, i))
                built.base_pending.insert(i);
        }
    }

    EtaWatch eta;
    const ProveRequest& request;
    ProvePorts ports;  ///< with the events going through `eta`
    std::mutex mutex;  // of `contradicted`, and of `built`, which several nodes use
    ProofState built;
    std::set<std::size_t> contradicted;
    std::shared_ptr<Evaluator> evaluator;
    std::shared_ptr<Realiser> realiser;
};

/// A result about the base commit: whoever waits for it may go on.
void take_base(Shared& shared, const EvalResult& result) {
    {
        const std::lock_guard lock(shared.mutex);
        shared.built.base_pending.erase(result.target);
        if (result.ok || result.cls == CauseClass::evaluation)
            shared.built.base_drvs[result.target] = result.ok ? result.drv : "";
    }
    shared.realiser->release(result.target);
}

std::vector<std::string> paths_of(const Wave& wave) {
    std::vector<std::string> paths;
    for (const auto& target : wave.targets) {
        paths.push_back(target.evaluation.drv);
        paths.insert(paths.end(), target.outputs.begin(), target.outputs.end());
    }
    return paths;
}

struct PlanStep {
    WavePtr wave;
    bool weigh = false;  ///< false: look
};

void plan_step(Shared& shared, const PlanStep& step) {
    {
        const std::lock_guard lock(shared.mutex);
        if (step.weigh) {
            weigh(shared.ports, *step.wave, shared.built);
            shared.eta.planned(step.wave->dry_run.build);
            if (shared.ports.building) shared.ports.building(paths_of(*step.wave));
        } else {
            shared.realiser->hold(look(shared.request, shared.ports, *step.wave, shared.built));
        }
    }
    if (step.weigh)
        shared.realiser->realise(step.wave);
    else
        shared.realiser->proceed(step.wave);
}

}  // namespace

ProofResult prove(const ProveRequest& request, const ProvePorts& given) {
    const std::size_t total = request.targets.size();
    if (total == 0) return {};
    Shared shared(request, given);
    const auto& ports = shared.ports;
    ProofState unbuilt;
    std::map<std::string, HostResult> results;
    std::size_t evaluated = 0;

    flow::graph g;
    Triage sort(request, ports, unbuilt);

    EvaluateNode evaluate(g, flow::serial, [&](int, EvaluateNode::gateway_type& gateway) noexcept {
        gateway.reserve_wait();
        shared.evaluator = std::make_shared<Evaluator>(
            request, ports,
            [&gateway](const EvalResult& result) { gateway.try_put(std::make_shared<EvalResult>(result)); },
            [&](std::size_t target) {
                const std::lock_guard lock(shared.mutex);
                shared.contradicted.insert(target);
            },
            [&gateway] { gateway.release_wait(); });
        shared.evaluator->start();
        if (given.halt != nullptr)
            given.halt->connect([&shared](const Halt& halt) {
                shared.realiser->halt(halt);
                if (halt.time_up) shared.evaluator->halt(halt.reason);
            });
    });
    RealiseNode realise(g, flow::serial, [&](const ReadyPtr& ready, RealiseNode::gateway_type& gateway) noexcept {
        if (!ready) return shared.realiser->flush();
        gateway.reserve_wait();  // once per target, until the wave that settles it is done
        shared.realiser->add(*ready);
    });
    flow::function_node<PlanStep> plan(g, flow::serial,
                                       [&](const PlanStep& step) noexcept { plan_step(shared, step); });
    shared.realiser = std::make_shared<Realiser>(request, ports,
                                                 Realiser::Steps{[&](const WavePtr& wave) {
                                                                     plan.try_put({wave, false});
                                                                 },
                                                                 [&](const WavePtr& wave) {
                                                                     plan.try_put({wave, true});
                                                                 },
                                                                 [&](const WavePtr& wave) {
                                                                     const auto count = wave->targets.size();
                                                                     if (count > 0) realise.gateway().try_put(wave);
                                                                     for (std::size_t i = 0; i < count; ++i)
                                                                         realise.gateway().release_wait();
                                                                 }});
    TriageNode triage(g, flow::serial, [&](const EvalPtr& result, TriageNode::output_ports_type& out) noexcept {
        if (result->base) return take_base(shared, *result);
        auto ready =
            result->ok ? sort.ready(*result) : sort.refuse(*result, unbuilt_state(*result), "", result->first_error);
        if (ready) std::get<0>(out).try_put(ready);
        if (auto settled = sort.settled()) std::get<1>(out).try_put(settled);
        if (++evaluated == total) std::get<0>(out).try_put(nullptr);  // nothing more will come
    });
    ValidateNode validate(g, flow::serial, [&](const WavePtr& wave, ValidateNode::gateway_type& gateway) noexcept {
        std::vector<std::string> paths;
        {
            const std::lock_guard lock(shared.mutex);
            paths = paths_to_validate(*wave, shared.built);
        }
        if (paths.empty()) {
            gateway.try_put(wave);
            return;
        }
        gateway.reserve_wait();
        check_validity(request, ports, std::move(paths),
                       [&gateway, wave](auto invalid, const ExitStatus& status, const std::string& why) {
                           if (invalid)
                               wave->invalid.merge(*invalid);
                           else if (status.kind != ExitStatus::Kind::interrupted)
                               wave->trouble = "the store could not be asked after building: " + why;
                           gateway.try_put(wave);
                           gateway.release_wait();
                       });
    });
    SettleNode settled(g, flow::serial, [&](const WavePtr& wave, SettleNode::output_ports_type& out) noexcept {
        const std::lock_guard lock(shared.mutex);
        if (auto retries = take_retries(request, ports, *wave, shared.built); !retries.empty()) {
            for (std::size_t i = 0; i < retries.size(); ++i) realise.gateway().reserve_wait();
            const auto pause = request.retry_pause * (1L << std::min(retries.front().attempt - 1, 10));
            shared.realiser->again(std::move(retries), pause);
        }
        for (auto& host : settle(request, ports, *wave, shared.built))
            std::get<0>(out).try_put(std::make_shared<HostResult>(std::move(host)));
    });
    CollectNode collect(g, flow::serial, [&](const HostPtr& host) noexcept { results[host->name] = *host; });

    flow::make_edge(evaluate, triage);
    flow::make_edge(flow::output_port<0>(triage), realise);
    flow::make_edge(flow::output_port<1>(triage), collect);
    flow::make_edge(realise, validate);
    flow::make_edge(validate, settled);
    flow::make_edge(flow::output_port<0>(settled), collect);

    evaluate.try_put(0);
    g.wait_for_all();
    if (given.halt != nullptr) given.halt->connect({});
    LOCKSTEP_CHECK(results.size() == total);
    if (given.learn) {
        auto lessons = shared.evaluator->lessons();
        lessons.insert(lessons.end(), shared.built.lessons.begin(), shared.built.lessons.end());
        given.learn(lessons);
    }
    return finish(request, std::move(results), shared.contradicted, shared.built, unbuilt);
}

}  // namespace lockstep
