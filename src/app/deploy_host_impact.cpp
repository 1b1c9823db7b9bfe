// SPDX-License-Identifier: MIT
// What a switch would change on a host: closures compared, kernel, units by the new system's own word, and room.
// Without staging nothing is changed there.
#include <filesystem>

#include <fmt/format.h>

#include "app/deploy_host.hpp"
#include "lockstep/adapters/deploy_closure.hpp"
#include "lockstep/app/read_closure.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

using deploy::Connection;

namespace {

constexpr std::size_t k_units = 200;

std::vector<std::string> cleaned(const std::vector<std::string>& names) {
    std::vector<std::string> clean;
    for (const auto& name : names)
        if (auto text = clean_line(name, 300); !text.empty() && clean.size() < k_units)
            clean.push_back(std::move(text));
    return clean;
}

/// Bytes of a kernel and an initrd that were not booted; nullopt: they are not here.
std::optional<std::uint64_t> boot_bytes(const deploy::BootParts& booted, const deploy::BootParts& wanted) {
    std::uint64_t bytes = 0;
    for (const char* name : {"kernel", "initrd"}) {
        const auto was = booted.find(name), is = wanted.find(name);
        if (is == wanted.end()) return std::nullopt;
        if (was != booted.end() && was->second == is->second) continue;
        std::error_code failed;
        const auto size = std::filesystem::file_size(is->second, failed);
        if (failed) return std::nullopt;
        bytes += size;
    }
    return bytes;
}

}  // namespace

std::optional<std::vector<ClosurePath>> DeployHostSession::closure(const deploy::SshTarget& where,
                                                                   const std::string& path) {
    if (!deploy::is_store_path(path)) return std::nullopt;
    const auto mark = nonce();
    const auto command = deploy::closure_command(where, Connection::shared, path, mark);
    return read_closure(ports_.processes, command, mark);
}

HostImpact DeployHostSession::impact(HostMeasure& measure) {
    HostImpact impact;
    if (!seen_) return impact;
    deploy::SshTarget here;
    here.local = true;
    const auto after = closure(here, target_.path);
    const auto before = after ? closure(ssh_, seen_->running) : std::nullopt;
    if (before && after) {
        const auto diff = diff_closures(*before, *after);
        auto told = tell_packages(diff);
        impact.packages = std::move(told.summary);
        impact.package_lines = std::move(told.lines);
        if (diff.bytes_added > 0 || diff.paths_added == 0) measure.copy_bytes = diff.bytes_added;
    }
    const auto& parts = seen_->candidate_parts.empty() ? target_.parts : seen_->candidate_parts;
    impact.kernel = deploy::kernel_change(seen_->booted_parts, parts);
    measure.store_free = seen_->store.free;
    measure.boot_free = seen_->boot.free;
    measure.boot_needed = boot_bytes(seen_->booted_parts, target_.parts);
    return impact;
}

std::optional<UnitImpact> DeployHostSession::stage_and_ask() {
    // Only switch-to-configuration tells about units.
    if (target_.type != ProfileType::nixos || bring()) return std::nullopt;
    stage("ask");
    const auto mark = nonce();
    const auto asked = deploy::parse_asked(ask(deploy::ask_command(ssh_, target_.path, false, mark)).out, mark);
    (void)ask(deploy::unpin_command(ssh_, request_.run, mark));
    stage("");
    if (!asked) return std::nullopt;
    UnitImpact units{.stop = cleaned(asked->units.stop),
                     .start = cleaned(asked->units.start),
                     .restart = cleaned(asked->units.restart),
                     .reload = cleaned(asked->units.reload),
                     .by_boot = asked->inhibited};
    return units;
}

void DeployHostSession::set_approver(const std::string& who) {
    record_.approver = who;
    tell();
}

}  // namespace lockstep
