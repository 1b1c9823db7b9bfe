// SPDX-License-Identifier: MIT
// A ping, and a command, on many hosts. Children are submitted, never waited for one by one: what they say comes in the
// order in which it is said.
#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>

#include <fmt/format.h>

#include "app/in_parallel.hpp"
#include "lockstep/app/fleet_commands.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

using deploy::Connection;
using deploy::ReachTrouble;
using std::chrono::duration_cast;

namespace {

constexpr Millis k_ping_limit{30'000};
/// Of all hosts together, waiting for a slow reader.
constexpr std::size_t k_most_waiting = 32U << 20U;
constexpr const char* k_no_address = "nobody says how to reach it: set fleet.hosts.<name>.addresses";

FleetPing ping(const FleetTarget& target, const FleetPorts& ports) {
    FleetPing result{.name = target.name, .address = "", .required = target.required, .trouble = k_no_address};
    for (const auto& address : target.addresses) {
        if (ports.interrupted && ports.interrupted() != 0) break;
        result.address = address.host;
        auto command = deploy::ssh_command(address, Connection::fresh, {"true"});
        command.deadline = k_ping_limit;
        const auto begin = ports.clock.steady();
        const auto done = run_to_end(ports.processes, command, 1U << 20U);
        result.took = duration_cast<Millis>(ports.clock.steady() - begin);
        const auto reach = deploy::judge_ssh(done.status, done.err);
        result.trouble = clean_line(done.err.empty() ? describe(done.status) : done.err, 400);
        // A login shell that knows no `true` has let us in all the same.
        if (reach == ReachTrouble::none && done.status.kind == ExitStatus::Kind::exited) {
            result.end = PingEnd::answered;
            result.trouble.clear();
            return result;
        }
        const bool there = reach == ReachTrouble::host_key || reach == ReachTrouble::refused;
        result.end = there ? PingEnd::not_let_in : PingEnd::unreachable;
        if (there) return result;
    }
    return result;
}

class Execution {
public:
    Execution(const std::vector<FleetTarget>& targets, const FleetOrder& order, const FleetPorts& ports,
              const OnHostText& on_text)
        : targets_(targets), order_(order), ports_(ports), on_text_(on_text) {
        std::size_t width = 0;
        for (const auto& target : targets) width = std::max(width, target.name.size());
        for (const auto& target : targets) {
            const auto prefix = fmt::format("{:<{}} | ", target.name, width);
            hosts_.push_back({.lines = {PrefixedLines(prefix), PrefixedLines(prefix)}});
            hosts_.back().result.name = target.name;
            hosts_.back().result.required = target.required;
        }
    }

    std::vector<FleetExec> all() {
        std::size_t next = 0;
        for (;;) {
            while (next < hosts_.size() && running_ < std::max<std::size_t>(1, ports_.parallel) && goes_on())
                begin(next++);
            if (running_ == 0) break;
            for (auto& news : wait()) take(news);
        }
        if (lost_ > 0)
            tell(Stream::err, fmt::format("{} of output were dropped: they came faster than somebody read them\n",
                                          human_size(lost_)));
        for (const auto at : cut_) hosts_[at].result.truncated = true;
        std::vector<FleetExec> results;
        for (auto& host : hosts_) results.push_back(std::move(host.result));
        return results;
    }

private:
    struct Host {
        PrefixedLines lines[2];
        FleetExec result;
        std::size_t address = 0;
        std::string heard;  ///< the end of what ssh or the command said on standard error: why ssh failed
        std::chrono::steady_clock::time_point begun{};
    };
    struct News {
        std::size_t host = 0;
        std::optional<ExitStatus> end;
        Stream stream = Stream::out;
        std::string text;
    };

    [[nodiscard]] bool goes_on() const {
        if (ports_.interrupted && ports_.interrupted() != 0) return false;
        return !order_.tolerate || failures_ <= *order_.tolerate;
    }

    void begin(std::size_t at) {
        auto& host = hosts_[at];
        if (targets_[at].addresses.empty()) return end(at, ExecEnd::unreachable, k_no_address);
        host.begun = ports_.clock.steady();
        submit(at);
    }

    void submit(std::size_t at) {
        auto& host = hosts_[at];
        const auto& address = targets_[at].addresses[host.address];
        host.result.address = address.host;
        host.heard.clear();
        ++running_;
        (void)ports_.processes.submit(
            deploy::ssh_command(address, Connection::fresh, order_.argv),
            [this, at](Stream stream, std::string_view text) {
                post({.host = at, .end = std::nullopt, .stream = stream, .text = std::string(text)});
            },
            [this, at](const ExitStatus& status) { post({.host = at, .end = status, .text = ""}); });
    }

    /// On the supervisor's thread: nothing here waits for the reader.
    void post(News news) {
        const std::lock_guard lock(mutex_);
        if (!news.end) {
            if (waiting_ + news.text.size() > k_most_waiting) {
                lost_ += news.text.size();
                cut_.insert(news.host);
                return;
            }
            waiting_ += news.text.size();
        }
        news_.push_back(std::move(news));
        arrived_.notify_all();
    }

    std::deque<News> wait() {
        std::unique_lock lock(mutex_);
        arrived_.wait(lock, [&] { return !news_.empty(); });
        waiting_ = 0;
        return std::exchange(news_, {});
    }

    void take(News& news) {
        auto& host = hosts_[news.host];
        if (news.end) return ended(news.host, *news.end);
        auto& kept = news.stream == Stream::out ? host.result.out : host.result.err;
        const auto room = order_.keep_bytes - std::min(order_.keep_bytes, kept.size());
        kept += news.text.substr(0, room);
        host.result.truncated = host.result.truncated || (order_.keep_bytes > 0 && news.text.size() > room);
        if (news.stream == Stream::err) {
            constexpr std::size_t k_heard = 4096;
            host.heard += news.text;
            if (host.heard.size() > 2 * k_heard) host.heard.erase(0, host.heard.size() - k_heard);
        }
        tell(news.stream, host.lines[news.stream == Stream::out ? 0 : 1].take(news.text));
    }

    void tell(Stream stream, const std::string& text) {
        if (on_text_ && !text.empty()) on_text_(stream, text);
    }

    void ended(std::size_t at, const ExitStatus& status) {
        --running_;
        auto& host = hosts_[at];
        const auto reach = deploy::judge_ssh(status, host.heard);
        // Nothing has run there: another address may be the right one.
        if (reach == ReachTrouble::unreachable && host.address + 1 < targets_[at].addresses.size() && goes_on()) {
            ++host.address;
            return submit(at);
        }
        tell(Stream::out, host.lines[0].rest());
        tell(Stream::err, host.lines[1].rest());
        const auto heard = clean_line(host.heard, 300);
        if (status.kind == ExitStatus::Kind::interrupted)
            return end(at, ExecEnd::interrupted, "what runs on the host may go on");
        if (status.kind == ExitStatus::Kind::not_started) return end(at, ExecEnd::unreachable, describe(status));
        if (reach == ReachTrouble::lost || status.kind != ExitStatus::Kind::exited)
            return end(at, ExecEnd::lost, heard.empty() ? describe(status) : heard);
        if (reach != ReachTrouble::none) return end(at, ExecEnd::unreachable, heard);
        host.result.code = status.code;
        end(at, status.code == 0 ? ExecEnd::done : ExecEnd::failed, "");
    }

    void end(std::size_t at, ExecEnd how, const std::string& trouble) {
        auto& result = hosts_[at].result;
        result.end = how;
        result.trouble = clean_line(trouble, 400);
        if (hosts_[at].begun.time_since_epoch().count() != 0)
            result.took = duration_cast<Millis>(ports_.clock.steady() - hosts_[at].begun);
        failures_ += is_failure(result) ? 1U : 0U;
    }

    const std::vector<FleetTarget>& targets_;
    const FleetOrder& order_;
    const FleetPorts& ports_;
    const OnHostText& on_text_;
    std::vector<Host> hosts_;
    std::size_t running_ = 0, failures_ = 0;

    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<News> news_;
    std::size_t waiting_ = 0, lost_ = 0;
    std::set<std::size_t> cut_;  ///< hosts of which something was lost
};

}  // namespace

std::vector<FleetPing> ping_fleet(const std::vector<FleetTarget>& targets, const FleetPorts& ports) {
    std::vector<FleetPing> pings(targets.size());
    in_parallel(targets.size(), ports.parallel, [&](std::size_t n) { pings[n] = ping(targets[n], ports); });
    return pings;
}

std::vector<FleetExec> exec_on_fleet(const std::vector<FleetTarget>& targets, const FleetOrder& order,
                                     const FleetPorts& ports, const OnHostText& on_text) {
    LOCKSTEP_CHECK(!order.argv.empty());
    return Execution(targets, order, ports, on_text).all();
}

}  // namespace lockstep
