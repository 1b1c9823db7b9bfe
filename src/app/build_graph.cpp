// SPDX-License-Identifier: MIT
// The proof as one oneTBB flow graph. The only file that knows TBB.
//
//   Fleet ─► [evaluate] ─result×N─► [triage] ──ready──► [realise] ─wave─► [validate] ─► [settle] ─host×n─► [collect]
//             processes                └──── failed, foreign, interrupted ─────────────────────────────────►┘
//
// evaluate, realise and validate stand for children that the process runner owns: their bodies only submit and return,
// so no TBB worker ever waits for a process, and slots live with the children (an async_node bounds body calls, not
// outside work). Bodies never throw: trouble becomes a result. Interruption ends the children; the graph is never
// cancelled, so that every target still gets its result.
#include <oneapi/tbb/flow_graph.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "app/settle.hpp"
#include "lockstep/app/prove.hpp"
#include "lockstep/core/check.hpp"
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
    /// `graph` is shared with the other nodes under `mutex`; `state` is the triage's own.
    Triage(const ProveRequest& request, const ProvePorts& ports, ProofState& state, ProofState& graph,
           std::mutex& mutex)
        : request_(request), ports_(ports), state_(state), graph_(graph), mutex_(mutex) {}

    ReadyPtr ready(const EvalResult& result) {
        ReadyTarget target{.evaluation = result};
        const auto text = ports_.files.read(result.drv);
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
        {
            const std::lock_guard lock(mutex_);
            target.suspects = suspects_of(result.drv, request_, ports_, graph_);
        }
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
    ProofState& graph_;
    std::mutex& mutex_;
    std::set<std::string> warned_;
    HostPtr settled_;
};

HostState unbuilt_state(const EvalResult& result) {
    if (result.interrupted) return HostState::interrupted;
    return state_of(result.cls, true);
}

ProofResult finish(const ProveRequest& request, std::map<std::string, HostResult> results,
                   const std::set<std::size_t>& contradicted, ProofState& built, ProofState& unbuilt) {
    for (const auto index : contradicted) {
        auto& host = results[request.targets[index].name];
        if (!is_proved(host.state) && host.state != HostState::evaluated) continue;
        host.state = HostState::infra_error;
        host.detail = "the evaluation contradicted itself about this host's derivation";
    }
    ProofResult proof;
    for (auto& [name, host] : results) proof.hosts.push_back(std::move(host));
    built.causes.merge(unbuilt.causes);
    proof.causes = number_causes(std::move(built.causes), proof.hosts);
    proof.logs = std::move(built.logs);
    proof.logs.insert(proof.logs.end(), unbuilt.logs.begin(), unbuilt.logs.end());
    std::sort(proof.logs.begin(), proof.logs.end(), [](const auto& a, const auto& b) { return a.file < b.file; });
    proof.realiser_runs = built.realiser_runs;
    proof.derivations_built = built.derivations_built;
    return proof;
}

}  // namespace

ProofResult prove(const ProveRequest& request, const ProvePorts& ports) {
    ProofState built, unbuilt;
    std::map<std::string, HostResult> results;
    std::mutex mutex;  // of `contradicted`, and of `built`, which two nodes use
    std::set<std::size_t> contradicted;
    std::size_t evaluated = 0;
    const std::size_t total = request.targets.size();
    if (total == 0) return {};

    flow::graph g;
    std::shared_ptr<Realiser> realiser;
    Triage sort(request, ports, unbuilt, built, mutex);

    EvaluateNode evaluate(g, flow::serial, [&](int, EvaluateNode::gateway_type& gateway) noexcept {
        gateway.reserve_wait();
        std::make_shared<Evaluator>(
            request, ports,
            [&gateway](const EvalResult& result) { gateway.try_put(std::make_shared<EvalResult>(result)); },
            [&](std::size_t target) {
                const std::lock_guard lock(mutex);
                contradicted.insert(target);
            },
            [&gateway] { gateway.release_wait(); })
            ->start();
    });
    RealiseNode realise(g, flow::serial, [&](const ReadyPtr& ready, RealiseNode::gateway_type& gateway) noexcept {
        if (!ready) {
            if (realiser) realiser->flush();
            return;
        }
        if (!realiser)
            realiser = std::make_shared<Realiser>(request, ports, [&gateway](const WavePtr& wave) {
                const auto count = wave->targets.size();
                gateway.try_put(wave);
                for (std::size_t i = 0; i < count; ++i) gateway.release_wait();
            });
        gateway.reserve_wait();
        realiser->add(*ready);
    });
    TriageNode triage(g, flow::serial, [&](const EvalPtr& result, TriageNode::output_ports_type& out) noexcept {
        auto ready =
            result->ok ? sort.ready(*result) : sort.refuse(*result, unbuilt_state(*result), "", result->first_error);
        if (ready) std::get<0>(out).try_put(ready);
        if (auto settled = sort.settled()) std::get<1>(out).try_put(settled);
        if (++evaluated == total) std::get<0>(out).try_put(nullptr);  // nothing more will come
    });
    ValidateNode validate(g, flow::serial, [&](const WavePtr& wave, ValidateNode::gateway_type& gateway) noexcept {
        std::vector<std::string> paths;
        {
            const std::lock_guard lock(mutex);
            paths = paths_to_validate(*wave, built);
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
        const std::lock_guard lock(mutex);
        for (auto& host : settle(request, ports, *wave, built))
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
    LOCKSTEP_CHECK(results.size() == total);
    return finish(request, std::move(results), contradicted, built, unbuilt);
}

}  // namespace lockstep
