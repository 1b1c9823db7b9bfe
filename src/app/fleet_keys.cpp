// SPDX-License-Identifier: MIT
// Keys of hosts, taken down for a person who compares them. They are pinned by that person, never here.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "app/in_parallel.hpp"
#include "lockstep/app/fleet_doctor.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

using Level = Finding::Level;

constexpr Millis k_limit{30'000};
constexpr std::uint64_t k_longest = 1U << 20U;

struct Shown {
    std::string text;  ///< lines of known_hosts
    std::string fingerprints, trouble;
};

std::vector<std::string> lines_in(Files& files, const std::string& path) {
    const auto text = files.read(path, k_longest);
    return text.ok() ? lines_of(text.value()) : std::vector<std::string>{};
}

/// The first address that shows a key, whether or not it lets us in.
Shown shown_by(const FleetTarget& target, const std::string& file, Files& files, const FleetPorts& ports) {
    Shown shown{.text = "", .fingerprints = "", .trouble = "nobody says how to reach it"};
    for (auto address : target.addresses) {
        address.known_hosts_file = file;
        address.options.insert(address.options.begin(), {"StrictHostKeyChecking=accept-new", "HashKnownHosts=no"});
        auto command = deploy::ssh_command(address, deploy::Connection::fresh, {"true"});
        command.deadline = k_limit;
        const auto done = run_to_end(ports.processes, command, k_longest);
        if (const auto text = files.read(file, k_longest); text.ok() && !text->empty()) {
            shown.text = text.value();
            Command print;
            print.argv = {"ssh-keygen", "-l", "-f", file};
            print.deadline = k_limit;
            shown.fingerprints = run_to_end(ports.processes, print, k_longest).out;
            return shown;
        }
        shown.trouble = clean_line(done.err.empty() ? describe(done.status) : done.err, 300);
    }
    return shown;
}

/// "10.0.0.1 ssh-ed25519": whose key of which kind a line of known_hosts has.
std::string whose(const std::string& line) {
    const auto parts = words(line);
    return parts.size() < 3 ? "" : parts[0] + " " + parts[1];
}

Finding judged(const FleetTarget& target, const Shown& shown, const std::vector<std::string>& pinned) {
    const auto subject = "host " + target.name;
    if (shown.text.empty())
        return {target.required ? Level::failure : Level::note, subject, "shows no key: " + shown.trouble, "",
                target.required ? ExitCode::infrastructure : ExitCode::ok};
    std::vector<std::string> prints;
    for (const auto& line : lines_of(shown.fingerprints)) prints.push_back(clean_line(line, 200));
    const auto what = join(prints, "; ");
    const auto lines = lines_of(shown.text);
    const auto is_pinned = [&](const std::string& line) {
        return std::find(pinned.begin(), pinned.end(), line) != pinned.end();
    };
    if (std::all_of(lines.begin(), lines.end(), is_pinned)) return {Level::good, subject, "pinned: " + what, ""};
    for (const auto& line : lines)
        for (const auto& other : pinned)
            if (!is_pinned(line) && !whose(line).empty() && whose(line) == whose(other))
                return {Level::failure, subject, "shows ANOTHER key than the one that is pinned: " + what,
                        "find out why before anything else: it was installed anew, or this is another machine",
                        ExitCode::credentials};
    return {Level::note, subject, "shows a key that is not pinned: " + what,
            "compare it with `ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub` at its console"};
}

}  // namespace

LearnedKeys learn_host_keys(const std::vector<FleetTarget>& targets, const std::string& folder, Files& files,
                            const FleetPorts& ports) {
    std::vector<Shown> shown(targets.size());
    in_parallel(targets.size(), ports.parallel, [&](std::size_t n) {
        shown[n] = shown_by(targets[n], folder + "/" + std::to_string(n), files, ports);
    });
    LearnedKeys learned;
    std::set<std::string> seen;  // a jump host is on the way to many
    for (std::size_t n = 0; n < targets.size(); ++n) {
        const auto pinned = targets[n].addresses.empty()
                                ? std::vector<std::string>{}
                                : lines_in(files, targets[n].addresses.front().known_hosts_file);
        learned.findings.push_back(judged(targets[n], shown[n], pinned));
        for (const auto& line : lines_of(shown[n].text))
            if (seen.insert(line).second) learned.known_hosts += line + "\n";
    }
    return learned;
}

}  // namespace lockstep
