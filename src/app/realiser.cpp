// SPDX-License-Identifier: MIT
// The steps of one wave, each a child process that the runner reports on.
#include "app/realiser.hpp"

#include <algorithm>
#include <optional>

#include "lockstep/core/sanitize.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_max_wave = 10'000;  // derivations on one command line: well below 2 MiB
constexpr std::size_t k_max_paths = 10'000;
/// A wave before all evaluations have ended holds back what becomes ready meanwhile, so it must be worth it.
constexpr auto k_patience = std::chrono::seconds(10);

struct Captured {
    std::string out, err;
};

/// Submits a command whose output is small, and hands everything over at its end.
ChildId ask(ProcessRunner& processes, Command command, std::function<void(const ExitStatus&, const Captured&)> done) {
    auto captured = std::make_shared<Captured>();
    return processes.submit(
        std::move(command),
        [captured](Stream stream, std::string_view chunk) {
            auto& into = stream == Stream::out ? captured->out : captured->err;
            if (into.size() < (64u << 20)) into.append(chunk);
        },
        [captured, done = std::move(done)](const ExitStatus& status) { done(status, *captured); });
}

std::vector<std::string> outputs_of(const Wave& wave) {
    std::vector<std::string> outputs;
    for (const auto& target : wave.targets) outputs.insert(outputs.end(), target.outputs.begin(), target.outputs.end());
    return outputs;
}

struct ValidityCheck : std::enable_shared_from_this<ValidityCheck> {
    const ProveRequest& request;
    const ProvePorts& ports;
    std::vector<std::string> paths;
    std::function<void(std::optional<std::set<std::string>>, ExitStatus, std::string)> done;
    std::set<std::string> invalid;
    std::size_t next = 0;
    ExitStatus last{.kind = ExitStatus::Kind::exited, .code = 0};

    ValidityCheck(const ProveRequest& r, const ProvePorts& p) : request(r), ports(p) {}

    void step() {
        if (next >= paths.size()) return done(std::move(invalid), last, "");
        const auto end = std::min(paths.size(), next + k_max_paths);
        std::vector<std::string> part(paths.begin() + static_cast<std::ptrdiff_t>(next),
                                      paths.begin() + static_cast<std::ptrdiff_t>(end));
        next = end;
        ask(ports.processes, nix::invalid_paths_command(request.setup, part),
            [self = shared_from_this()](const ExitStatus& status, const Captured& captured) {
                self->last = status;
                if (!status.ok()) {
                    auto why = nix::first_error_line(captured.err);
                    if (why.empty()) why = "nix-store " + describe(status);
                    return self->done(std::nullopt, status, why);
                }
                self->invalid.merge(nix::parse_invalid_paths(captured.out));
                self->step();
            });
    }
};

}  // namespace

void check_validity(const ProveRequest& request, const ProvePorts& ports, std::vector<std::string> paths,
                    std::function<void(std::optional<std::set<std::string>>, ExitStatus, std::string)> done) {
    auto check = std::make_shared<ValidityCheck>(request, ports);
    std::sort(paths.begin(), paths.end());
    paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
    check->paths = std::move(paths);
    check->done = std::move(done);
    check->step();
}

bool lacks_output(const ReadyTarget& target, const std::set<std::string>& invalid) {
    return target.outputs.empty() || std::any_of(target.outputs.begin(), target.outputs.end(),
                                                 [&](const auto& path) { return invalid.count(path) > 0; });
}

Realiser::Realiser(const ProveRequest& request, const ProvePorts& ports, Steps steps)
    : request_(request), ports_(ports), steps_(std::move(steps)) {}

void Realiser::add(ReadyTarget target) {
    {
        const std::lock_guard lock(mutex_);
        if (queue_.empty()) oldest_ = ports_.clock.steady();
        queue_.push_back(std::move(target));
    }
    start_if_due();
}

void Realiser::flush() {
    {
        const std::lock_guard lock(mutex_);
        flushed_ = true;
    }
    start_if_due();
}

void Realiser::again(std::vector<ReadyTarget> targets, Millis pause) {
    auto put_back = [self = shared_from_this(), targets = std::move(targets)] {
        {
            const std::lock_guard lock(self->mutex_);
            for (const auto& target : targets) self->queue_.push_back(target);
        }
        self->start_if_due();
    };
    if (pause.count() <= 0) return put_back();
    // A child keeps the time: no thread waits, and an interruption ends it like any other.
    Command wait{.argv = {"sleep", std::to_string((pause.count() + 999) / 1000)}, .label = "pause before another try"};
    const auto child = ports_.processes.submit(std::move(wait), nullptr, [put_back](const ExitStatus&) { put_back(); });
    hold_child(child);
}

void Realiser::hold(std::vector<ReadyTarget> targets) {
    const std::lock_guard lock(mutex_);
    for (auto& target : targets) held_.push_back(std::move(target));
}

void Realiser::release(std::size_t target) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = std::find_if(held_.begin(), held_.end(),
                                        [&](const auto& held) { return held.evaluation.target == target; });
        if (found == held_.end()) return;
        if (queue_.empty()) oldest_ = ports_.clock.steady();
        queue_.push_back(std::move(*found));
        held_.erase(found);
    }
    start_if_due();
}

void Realiser::start_if_due() {
    auto wave = std::make_shared<Wave>(request_, ports_);
    {
        const std::lock_guard lock(mutex_);
        if (busy_ || queue_.empty()) return;
        if (!flushed_ && ports_.clock.steady() - oldest_ < k_patience) return;
        // A last try is made target by target: one derivation file that cannot be read makes Nix give up on all.
        const bool alone = queue_.front().attempt > 1;
        const auto size = alone ? std::size_t{1} : std::min(queue_.size(), k_max_wave);
        for (std::size_t i = 0; i < size; ++i) {
            wave->targets.push_back(std::move(queue_.front()));
            queue_.pop_front();
        }
        oldest_ = ports_.clock.steady();
        busy_ = true;
    }
    check_before(wave);
}

void Realiser::check_before(const WavePtr& wave) {
    check_validity(request_, ports_, outputs_of(*wave),
                   [self = shared_from_this(), wave](auto invalid, const ExitStatus& status, const std::string& why) {
                       if (!invalid) {
                           wave->trouble = why;
                           wave->interrupted = status.kind == ExitStatus::Kind::interrupted;
                           return self->done(wave);
                       }
                       wave->invalid_before = wave->invalid = std::move(*invalid);
                       if (wave->invalid.empty()) return self->done(wave);
                       self->steps_.look(wave);
                   });
}

/// A dry run says what is to be built and what to be fetched. Nix below 2.24 gives up on everything when it meets a
/// derivation that nobody here can build; such ones matter only when they would really have to be built.
void Realiser::proceed(const WavePtr& wave) {
    std::vector<std::string> asked;
    for (const auto& target : wave->targets)
        if (lacks_output(target, wave->invalid) && wave->proved_before.count(target.evaluation.drv) == 0)
            asked.push_back(target.evaluation.drv);
    std::sort(asked.begin(), asked.end());
    asked.erase(std::unique(asked.begin(), asked.end()), asked.end());
    if (asked.empty()) return done(wave);
    if (take_halt(*wave)) return done(wave);
    hold_child(ask(ports_.processes, nix::dry_run_command(request_.setup, asked),
                   [self = shared_from_this(), wave](const ExitStatus& status, const Captured& captured) {
                       const bool interrupted = status.kind == ExitStatus::Kind::interrupted;
                       wave->interrupted = !self->take_halt(*wave) && interrupted;
                       if (interrupted) return self->done(wave);
                       wave->dry_run = nix::parse_dry_run(captured.err);
                       wave->dry_run_known = status.ok();
                       self->steps_.weigh(wave);
                   }));
}

bool Realiser::take_halt(Wave& wave) {
    const std::lock_guard lock(mutex_);
    wave.halted = halt_.reason;
    wave.time_up = halt_.time_up;
    return !halt_.reason.empty();
}

void Realiser::hold_child(ChildId child) {
    const std::lock_guard lock(mutex_);
    children_.push_back(child);  // one that has ended meanwhile does not mind being stopped
    if (!halt_.reason.empty()) ports_.processes.stop(child);
}

void Realiser::realise(const WavePtr& wave) {
    std::set<std::string> drvs;
    for (const auto& target : wave->targets) {
        const auto& drv = target.evaluation.drv;
        if (lacks_output(target, wave->invalid) && wave->unsupported.count(drv) == 0 &&
            wave->known_failures.count(drv) == 0 && wave->proved_before.count(drv) == 0)
            drvs.insert(drv);
    }
    if (drvs.empty()) return done(wave);
    if (take_halt(*wave)) return done(wave);
    wave->ran = true;
    nix::RealiseRequest realise{.drvs = {drvs.begin(), drvs.end()},
                                .slots = request_.slots,
                                .build_timeout = request_.build_timeout,
                                .silent_timeout = request_.silent_timeout};
    Command command = nix::realise_command(request_.setup, realise);
    command.label = "realise " + std::to_string(drvs.size()) + " derivations";
    hold_child(ports_.processes.submit(
        std::move(command),
        [wave](Stream stream, std::string_view chunk) {
            if (stream == Stream::err) wave->logs.feed(chunk);
        },
        [self = shared_from_this(), wave](const ExitStatus& status) {
            wave->logs.finish();
            wave->realise = {.status = status,
                             .errors = wave->logs.errors(),
                             .waiting = wave->logs.waiting(),
                             .build_timeout = self->request_.build_timeout,
                             .silent_timeout = self->request_.silent_timeout,
                             .interrupted = status.kind == ExitStatus::Kind::interrupted};
            wave->interrupted = !self->take_halt(*wave) && wave->realise.interrupted;
            self->check_after(wave);
        }));
}

void Realiser::halt(const Halt& halt) {
    const std::lock_guard lock(mutex_);
    if (!halt_.reason.empty()) return;
    halt_ = halt;
    for (const auto child : children_) ports_.processes.stop(child);
}

void Realiser::check_after(const WavePtr& wave) {
    check_validity(request_, ports_, outputs_of(*wave),
                   [self = shared_from_this(), wave](auto invalid, const ExitStatus& status, const std::string& why) {
                       if (invalid)
                           wave->invalid = std::move(*invalid);
                       else if (status.kind == ExitStatus::Kind::interrupted)
                           wave->interrupted = true;
                       else
                           wave->trouble = "the store could not be asked after building: " + why;
                       self->done(wave);
                   });
}

void Realiser::done(const WavePtr& wave) {
    {
        const std::lock_guard lock(mutex_);
        busy_ = false;
    }
    start_if_due();
    steps_.done(wave);  // last: after the last wave nothing of the proof may be touched any more
}

}  // namespace lockstep
