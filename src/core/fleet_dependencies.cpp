// SPDX-License-Identifier: MIT
// Which hosts come after which. Explicit wishes first; the order of jump hosts is added where it does not contradict
// them. Nothing here recurses: fleets may be chains of thousands of hosts.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <set>

#include "lockstep/core/fleet.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

using Index = std::uint32_t;
constexpr Index k_none = ~Index{0};

struct Edge {
    Index to;         ///< the host that comes first
    std::string why;  ///< "after: lockstep.yaml:7", "jump: FLEET_NODES"
};

class Dependencies {
public:
    explicit Dependencies(const Fleet& fleet)
        : fleet_(fleet), names_(fleet.names()), members_(fleet.members()), edges_(names_.size()) {
        for (Index i = 0; i < names_.size(); ++i) index_[names_[i]] = i;
    }

    Result<void> connect() {
        for (const auto& [name, host] : fleet_.hosts) add_after(index_.at(name), host.after, host.origin.at("after"));
        for (const auto& [tag, says] : fleet_.tags) {
            const auto carriers = members_.find(tag);
            if (carriers == members_.end()) continue;
            for (const auto& name : carriers->second)
                add_after(index_.at(name), says.after, fmt::format("{}, @{}", says.origin, tag));
        }
        if (auto found = cycle()) return std::move(*found);
        add_jumps();
        if (auto found = cycle()) return std::move(*found);
        return {};
    }

    /// Selected hosts that can be reached from each selected one, whether the way leads through others or not; those
    /// behind another selected host follow from that one's own order.
    std::map<std::string, std::vector<std::string>> among(const std::vector<std::string>& selected) const {
        std::vector<bool> wanted(names_.size(), false);
        for (const auto& name : selected)
            if (const auto found = index_.find(name); found != index_.end()) wanted[found->second] = true;
        std::map<std::string, std::vector<std::string>> result;
        std::vector<Index> seen(names_.size(), k_none);
        for (Index from = 0; from < names_.size(); ++from) {
            if (!wanted[from]) continue;
            auto& before = result[names_[from]];
            std::vector<Index> open{from};
            while (!open.empty()) {
                const auto at = open.back();
                open.pop_back();
                for (const auto& edge : edges_[at]) {
                    if (seen[edge.to] == from) continue;
                    seen[edge.to] = from;
                    if (wanted[edge.to]) {
                        before.push_back(names_[edge.to]);
                    } else {
                        open.push_back(edge.to);
                    }
                }
            }
            std::sort(before.begin(), before.end());
        }
        return result;
    }

private:
    void add(Index from, Index to, const std::string& why) {
        if (from == to) return;
        const bool known =
            std::any_of(edges_[from].begin(), edges_[from].end(), [&](const Edge& edge) { return edge.to == to; });
        if (!known) edges_[from].push_back({to, why});
    }

    void add_after(Index from, const std::vector<std::string>& entries, const std::string& origin) {
        for (const auto& entry : entries) {
            const auto why = fmt::format("after {}: {}", entry, origin);
            if (!entry.starts_with('@')) {
                if (const auto found = index_.find(entry); found != index_.end()) {
                    if (found->second == from) own_.insert(from);
                    add(from, found->second, why);
                }
                continue;
            }
            // A host that carries the tag itself comes after the others.
            if (const auto found = members_.find(entry.substr(1)); found != members_.end())
                for (const auto& name : found->second) add(from, index_.at(name), why);
        }
    }

    /// Hosts are reached through others: these come first, unless somebody wants it otherwise.
    void add_jumps() {
        std::map<std::string, Index> places;
        for (const auto& [name, host] : fleet_.hosts) {
            places.emplace(name, index_.at(name));
            for (const auto& address : host.addresses) places.emplace(address, index_.at(name));
        }
        struct Wish {
            Index from, to;
            std::string why;
        };
        std::vector<Wish> wishes;
        for (const auto& [name, host] : fleet_.hosts) {
            for (const auto& hop : fleet::jump_hosts(host.jump)) {
                const auto found = places.find(hop);
                if (found == places.end()) continue;
                const auto from = index_.at(name);
                if (!leads(found->second, from))
                    wishes.push_back({from, found->second, "jump: " + host.origin.at("jump")});
            }
        }
        for (const auto& wish : wishes) add(wish.from, wish.to, wish.why);
    }

    [[nodiscard]] bool leads(Index from, Index to) const {
        std::vector<bool> seen(names_.size(), false);
        std::vector<Index> open{from};
        seen[from] = true;
        while (!open.empty()) {
            const auto at = open.back();
            open.pop_back();
            if (at == to) return true;
            for (const auto& edge : edges_[at])
                if (!seen[edge.to]) {
                    seen[edge.to] = true;
                    open.push_back(edge.to);
                }
        }
        return false;
    }

    /// Depth first, with the way that led here; the first host that is met again closes a cycle.
    [[nodiscard]] std::optional<Error> cycle() const {
        if (!own_.empty()) {
            const auto& name = names_[*own_.begin()];
            return told(fmt::format("{} comes after itself ({})", name, fleet_.hosts.at(name).origin.at("after")));
        }
        enum class Mark : char { fresh, open, done };
        std::vector<Mark> marks(names_.size(), Mark::fresh);
        struct Step {
            Index host;
            std::size_t next;
        };
        for (Index start = 0; start < names_.size(); ++start) {
            if (marks[start] != Mark::fresh) continue;
            std::vector<Step> way{{start, 0}};
            marks[start] = Mark::open;
            while (!way.empty()) {
                auto& step = way.back();
                if (step.next == edges_[step.host].size()) {
                    marks[step.host] = Mark::done;
                    way.pop_back();
                    continue;
                }
                const auto to = edges_[step.host][step.next++].to;
                if (marks[to] == Mark::done) continue;
                if (marks[to] == Mark::fresh) {
                    marks[to] = Mark::open;
                    way.push_back({to, 0});
                    continue;
                }
                const auto begin =
                    std::find_if(way.begin(), way.end(), [&](const Step& each) { return each.host == to; });
                std::string text;
                for (auto at = begin; at != way.end(); ++at) {
                    const auto& edge = edges_[at->host][at->next - 1];
                    text += fmt::format("{}{} comes after {} ({})", text.empty() ? "" : "\n", names_[at->host],
                                        names_[edge.to], edge.why);
                }
                return told(text);
            }
        }
        return std::nullopt;
    }

    static Error told(std::string why) {
        return {ErrorKind::config, "the order of hosts is a cycle", std::move(why), "take one of these lines away"};
    }

    const Fleet& fleet_;
    std::vector<std::string> names_;
    std::map<std::string, Index> index_;
    std::map<std::string, std::vector<std::string>> members_;
    std::vector<std::vector<Edge>> edges_;
    std::set<Index> own_;  ///< hosts that name themselves
};

}  // namespace

Result<std::map<std::string, std::vector<std::string>>> resolve_dependencies(const Fleet& fleet,
                                                                             const std::vector<std::string>& selected) {
    Dependencies dependencies(fleet);
    LOCKSTEP_TRY_VOID(dependencies.connect());
    return dependencies.among(selected);
}

}  // namespace lockstep
