// SPDX-License-Identifier: MIT
// First the new links, then the old ones go: at no moment is a kept path without a root.
#include "app/keep_generations.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "app/keep_child.hpp"
#include "lockstep/adapters/nix_keep.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

/// Run → outputs in their order, oldest run first.
using Generations = std::map<std::string, std::vector<std::string>>;

Generations read_generations(RootLinks& links, const std::string& folder) {
    std::map<std::string, std::map<std::size_t, std::string>> found;
    for (const auto& [name, target] : links.links(folder)) {
        const auto dot = std::min(name.find('.'), name.size());
        const auto number = dot == name.size() ? "0" : name.substr(dot + 1);
        const bool ours =
            !number.empty() && number.size() < 6 && number.find_first_not_of("0123456789") == std::string::npos;
        if (ours) found[name.substr(0, dot)].emplace(std::stoul(number), target);
    }
    Generations generations;
    for (auto& [run, outputs] : found)
        for (auto& [index, target] : outputs) generations[run].push_back(target);
    return generations;
}

std::string link_name(const std::string& run, std::size_t index) {
    return index == 0 ? run : run + "." + std::to_string(index);
}

/// What stands below hosts/ now, and what shall.
class Shelf {
public:
    Shelf(const KeepRequest& request, RootLinks& links)
        : links_(links), hosts_(request.folder + "/hosts"), limit_(static_cast<std::size_t>(request.generations)) {
        std::set<std::string> fleet;
        for (const auto& name : request.fleet) fleet.insert(file_slug(name));
        for (const auto& slug : links_.folders(hosts_)) {
            auto generations = read_generations(links_, hosts_ + "/" + slug);
            if (fleet.count(slug) > 0 && limit_ > 0)
                kept_[slug] = std::move(generations);
            else
                dropped_.push_back(hosts_ + "/" + slug);
        }
        if (limit_ == 0) return;
        for (const auto& host : request.landed) add(file_slug(host.name), request.run_id, host.outputs);
        for (auto& [slug, generations] : kept_) trim(slug, generations);
    }

    [[nodiscard]] bool changed() const { return !added_.empty() || !dropped_.empty(); }

    /// Every path that needs a root.
    [[nodiscard]] std::set<std::string> paths() const {
        std::set<std::string> all;
        for (const auto& [slug, generations] : kept_)
            for (const auto& [run, outputs] : generations) all.insert(outputs.begin(), outputs.end());
        return all;
    }

    Result<void> write_added() {
        for (const auto& [slug, run] : added_) {
            LOCKSTEP_TRY_VOID(links_.make_folder(hosts_ + "/" + slug));
            const auto& outputs = kept_.at(slug).at(run);
            for (std::size_t i = 0; i < outputs.size(); ++i)
                LOCKSTEP_TRY_VOID(links_.point(hosts_ + "/" + slug + "/" + link_name(run, i), outputs[i]));
        }
        return {};
    }

    void remove_added() {
        for (const auto& [slug, run] : added_)
            for (std::size_t i = 0; i < kept_.at(slug).at(run).size(); ++i)
                links_.remove(hosts_ + "/" + slug + "/" + link_name(run, i));
    }

    void remove_dropped() {
        for (const auto& path : dropped_) links_.remove(path);
    }

private:
    void add(const std::string& slug, const std::string& run, const std::vector<std::string>& outputs) {
        auto& generations = kept_[slug];
        if (!generations.empty() && generations.rbegin()->second == outputs) return;
        generations[run] = outputs;
        added_.emplace_back(slug, run);
    }

    void trim(const std::string& slug, Generations& generations) {
        while (generations.size() > limit_) {
            const auto& [run, outputs] = *generations.begin();
            for (std::size_t i = 0; i < outputs.size(); ++i)
                dropped_.push_back(hosts_ + "/" + slug + "/" + link_name(run, i));
            generations.erase(generations.begin());
        }
    }

    RootLinks& links_;
    const std::string hosts_;
    const std::size_t limit_;
    std::map<std::string, Generations> kept_;
    std::vector<std::pair<std::string, std::string>> added_;  ///< host, run
    std::vector<std::string> dropped_;
};

Result<void> make_slots(const KeepRequest& request, const std::string& folder, const std::set<std::string>& paths,
                        ProcessRunner& processes, RootLinks& links) {
    LOCKSTEP_TRY_VOID(links.make_folder(folder));
    const auto base = folder + "/r";
    const auto ran = run_to_end(processes, nix::register_roots_command(request.setup, base, paths.size()), 1u << 20);
    if (!ran.status.ok())
        return Error{ErrorKind::infrastructure, "landed generations could not be protected from garbage collection",
                     why_it_failed(ran.status, ran.err), ""};
    std::size_t index = 0;
    for (const auto& path : paths) LOCKSTEP_TRY_VOID(links.point(nix::root_link(base, index++), path));
    return {};
}

bool are_rooted(std::set<std::string> paths, const std::string& slots, const std::vector<std::string>& folders,
                RootLinks& links) {
    for (const auto& folder : folders)
        for (const auto& [name, target] : links.links(slots + "/" + folder)) paths.erase(target);
    return paths.empty();
}

}  // namespace

Result<void> keep_landed(const KeepRequest& request, ProcessRunner& processes, RootLinks& links) {
    Shelf shelf(request, links);
    const auto slots = request.folder + "/slots";
    const auto fresh = slots + "/" + request.run_id;
    const auto earlier = links.folders(slots);
    const auto paths = shelf.paths();
    if (!shelf.changed() && are_rooted(paths, slots, earlier, links)) return {};
    if (!paths.empty()) {
        auto made = make_slots(request, fresh, paths, processes, links);
        if (made.ok()) made = shelf.write_added();
        if (!made.ok()) {
            shelf.remove_added();
            links.remove(fresh);
            return made;
        }
    }
    shelf.remove_dropped();
    for (const auto& folder : earlier)
        if (folder != request.run_id) links.remove(slots + "/" + folder);
    return {};
}

std::string last_landed(const std::string& folder, const std::string& host, RootLinks& links) {
    const auto generations = read_generations(links, folder + "/hosts/" + file_slug(host));
    return generations.empty() ? "" : generations.rbegin()->second.front();
}

}  // namespace lockstep
