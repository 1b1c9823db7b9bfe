// SPDX-License-Identifier: MIT
// The probe: one question, one answer.
#include <charconv>

#include "adapters/deploy/scripts.hpp"
#include "lockstep/adapters/deploy_probe.hpp"
#include "lockstep/core/closure_diff.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::deploy {

namespace {

constexpr const char* k_parts[] = {"kernel", "initrd", "kernel-modules", "kernel-params", "systemd"};

std::string line(const Answer& answer, std::string_view key) {
    return clean_line(answer.get(key));
}

std::string path(const Answer& answer, std::string_view key) {
    auto text = answer.get(key);
    return is_store_path(text) ? text : "";
}

std::optional<bool> flag(const Answer& answer, std::string_view key) {
    const auto text = answer.get(key);
    if (text == "1") return true;
    if (text == "0") return false;
    return std::nullopt;
}

std::vector<std::string> lines(const Answer& answer, std::string_view key) {
    std::vector<std::string> result;
    for (const auto& text : answer.all(key)) result.push_back(clean_line(text));
    return result;
}

BootParts parts(const Answer& answer, const std::string& prefix) {
    BootParts result;
    for (const char* part : k_parts)
        if (answer.has(prefix + "_" + part)) result[part] = clean_line(answer.get(prefix + "_" + part), 2048);
    return result;
}

Space space(const Answer& answer, const std::string& prefix) {
    Space result;
    const auto bytes = [&](const char* key) -> std::optional<std::uint64_t> {
        const auto kib = answer.number(prefix + key);
        if (!kib || *kib > UINT64_MAX / 1024) return std::nullopt;
        return *kib * 1024;
    };
    result.total = bytes("_total_kb");
    result.free = bytes("_free_kb");
    result.free_inodes = answer.number(prefix + "_free_inodes");
    return result;
}

/// "42:/nix/store/…"
void add_generation(HostProbe& probe, std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || !is_store_path(text.substr(colon + 1))) return;
    int number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + colon, number);
    if (failed == std::errc{} && end == text.data() + colon) probe.generations[number] = text.substr(colon + 1);
}

void read_locks(const Answer& answer, HostProbe& probe) {
    const auto lock = answer.get("switch_lock");
    if (lock == "held" || lock == "free") probe.switch_locked = lock == "held";
    if (lock == "held")
        probe.switch_lock_owner = "process " + line(answer, "switch_lock_pid") + ": " + line(answer, "switch_lock_by");
    probe.holder = line(answer, "holder");
    probe.holder_state = line(answer, "holder_state");
    probe.holder_alive = answer.get("holder_alive") == "1";
    for (const auto& run : lines(answer, "known_run"))
        if (const auto colon = run.find(':'); colon != std::string::npos)
            probe.known_runs[run.substr(0, colon)] = run.substr(colon + 1);
    probe.busy = lines(answer, "busy");
    probe.busy_known = answer.get("busy_known") == "1";
}

void read_system(const Answer& answer, HostProbe& probe) {
    probe.running = path(answer, "running");
    probe.booted = path(answer, "booted");
    probe.profile = path(answer, "profile");
    probe.profile_link = line(answer, "profile_link");
    probe.profile_system = path(answer, "profile_system");
    for (const auto& generation : answer.all("generation")) add_generation(probe, generation);
    probe.booted_parts = parts(answer, "booted");
    probe.running_parts = parts(answer, "running");
    probe.candidate_parts = parts(answer, "candidate");
    probe.candidate_present = flag(answer, "candidate_present");
    probe.candidate_valid = flag(answer, "candidate_valid");
    probe.candidate_switchable = flag(answer, "candidate_switchable");
    if (probe.candidate_present == false) probe.candidate_valid = probe.candidate_switchable = false;
    probe.systemd = answer.get("systemd") == "1";
    probe.systemd_version = line(answer, "systemd_version");
    probe.system_state = line(answer, "system_state");
    if (answer.get("failed_units_known") == "1") probe.failed_units = lines(answer, "failed_unit");
}

}  // namespace

Command probe_command(const SshTarget& target, Connection connection, const ProbeRequest& request) {
    return script_command(target, connection, "probe",
                          {{"lockstep_nonce", request.nonce},
                           {"lockstep_candidate", request.candidate},
                           {"lockstep_busy_files", join(request.busy_files, " ")},
                           {"lockstep_busy_command", request.busy_command},
                           {"lockstep_busy_limit", std::to_string(request.busy_limit)},
                           {"lockstep_type", std::string(word(request.type))}},
                          "probe");
}

std::optional<HostProbe> parse_probe(std::string_view text, std::string_view nonce) {
    const auto answer = parse_answer(text, nonce);
    if (!answer || answer->get("version") != "1") return std::nullopt;
    HostProbe probe;
    probe.boot_id = line(*answer, "boot_id");
    probe.machine_id = line(*answer, "machine_id");
    probe.hostname = line(*answer, "hostname");
    probe.user = line(*answer, "user");
    probe.root = answer->get("uid") == "0";
    probe.kernel = line(*answer, "kernel");
    probe.os = line(*answer, "os");
    probe.machine = line(*answer, "machine");
    probe.nixos = answer->get("nixos") == "1";
    probe.nix_version = line(*answer, "nix_version");
    probe.uptime_seconds = answer->number("uptime").value_or(0);
    probe.clock = static_cast<std::int64_t>(answer->number("time").value_or(0));
    probe.store = space(*answer, "store");
    probe.boot = space(*answer, "boot");
    read_system(*answer, probe);
    read_locks(*answer, probe);
    return probe;
}

std::optional<int> HostProbe::running_generation() const {
    std::optional<int> found;
    for (const auto& [number, target] : generations)
        if (!running.empty() && target == running) found = number;
    return found;
}

std::vector<std::string> reboot_reasons(const BootParts& booted, const BootParts& candidate) {
    std::vector<std::string> result;
    for (const char* part : k_parts) {
        const auto before = booted.find(part), after = candidate.find(part);
        if (before != booted.end() && after != candidate.end() && before->second != after->second)
            result.emplace_back(part);
    }
    return result;
}

std::string kernel_version(const BootParts& parts) {
    constexpr std::string_view k_store = "/nix/store/";
    const auto found = parts.find("kernel");
    if (found == parts.end() || !found->second.starts_with(k_store)) return "";
    // "/nix/store/HASH-linux-6.1.55/bzImage"
    return package_name(found->second.substr(0, found->second.find('/', k_store.size()))).version;
}

std::string kernel_change(const BootParts& before, const BootParts& after) {
    const auto was = before.find("kernel"), is = after.find("kernel");
    if (was == before.end() || is == after.end() || was->second == is->second) return "";
    const auto from = kernel_version(before), to = kernel_version(after);
    return clean_line(from == to || from.empty() || to.empty() ? "another build" : from + " → " + to, 200);
}

}  // namespace lockstep::deploy
