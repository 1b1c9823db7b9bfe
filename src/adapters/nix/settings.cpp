// SPDX-License-Identifier: MIT
// The effective settings of Nix, and what this machine and its builders can build with them.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "adapters/nix/call.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::nix {

namespace {

using nlohmann::json;
using ReadMachines = std::function<std::string(const std::string&)>;

constexpr int k_max_machine_files = 16;

/// A setting's value as text, lists joined by spaces.
std::string text_of(const json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
    if (value.is_number_unsigned()) return std::to_string(value.get<std::uint64_t>());
    if (value.is_number_integer()) return std::to_string(value.get<std::int64_t>());
    if (!value.is_array()) return {};
    std::vector<std::string> parts;
    for (const auto& element : value) parts.push_back(text_of(element));
    return join(parts, " ");
}

class Settings {
public:
    explicit Settings(const json& all) : all_(all) {}
    [[nodiscard]] std::string text(const char* name) const {
        const auto entry = all_.find(name);
        if (entry == all_.end() || !entry->is_object()) return {};
        const auto value = entry->find("value");
        return value == entry->end() ? std::string() : text_of(*value);
    }
    [[nodiscard]] int number(const char* name, int otherwise) const {
        const auto value = text(name);
        if (value.empty() || value.size() > 8 || value.find_first_not_of("0123456789") != std::string::npos)
            return otherwise;
        return std::stoi(value);
    }

private:
    const json& all_;
};

/// Comma-separated field of a machine line; "-" is nothing.
void add_field(std::set<std::string>& to, const std::vector<std::string>& fields, std::size_t index) {
    if (index >= fields.size() || fields[index] == "-") return;
    for (auto& part : split(fields[index], ','))
        if (!part.empty()) to.insert(std::move(part));
}

/// URI SYSTEMS KEY JOBS SPEED FEATURES MANDATORY HOSTKEY: all but the first may be missing or "-".
void add_machine(Capabilities& can, const std::string& line) {
    const auto fields = words(line);
    if (fields.size() < 2 || fields[1] == "-")
        can.systems.insert(can.system);
    else
        add_field(can.systems, fields, 1);
    add_field(can.features, fields, 5);
    add_field(can.features, fields, 6);
}

/// Machines stand on lines or between semicolons; "@file" names a file of them; "#" begins a comment.
void add_machines(Capabilities& can, const std::string& text, const ReadMachines& read_machines, int& files_left) {
    for (const auto& whole_line : lines_of(text)) {
        for (const auto& entry : split(whole_line.substr(0, whole_line.find('#')), ';')) {
            const auto machine = std::string(trim(entry));
            if (machine.empty()) continue;
            if (machine.front() != '@') {
                add_machine(can, machine);
            } else if (files_left > 0) {
                --files_left;
                add_machines(can, read_machines(std::string(trim(std::string_view(machine).substr(1)))), read_machines,
                             files_left);
            }
        }
    }
}

}  // namespace

Command settings_command(const Setup& setup) {
    auto command = setup.version.has_config_show() ? start_call(setup, "nix", {"config", "show"})
                                                   : start_call(setup, "nix", {"show-config"});
    command.argv.emplace_back("--json");
    add_options(command, setup);
    command.deadline = std::chrono::seconds(60);
    command.label = "nix settings";
    return command;
}

Result<Capabilities> parse_settings(std::string_view json_text, const ReadMachines& read_machines) {
    const auto all = json::parse(json_text, nullptr, false);
    if (!all.is_object())
        return Error{ErrorKind::infrastructure, "cannot read the settings of Nix", "they are no JSON object",
                     "run `nix config show --json` (`nix show-config --json` before 2.20) by hand"};
    const Settings settings(all);
    Capabilities can;
    can.system = settings.text("system");
    can.systems = {can.system};
    for (auto& system : words(settings.text("extra-platforms"))) can.systems.insert(std::move(system));
    for (auto& feature : words(settings.text("system-features"))) can.features.insert(std::move(feature));
    int files_left = k_max_machine_files;
    add_machines(can, settings.text("builders"), read_machines, files_left);
    can.max_jobs = settings.number("max-jobs", 1);
    can.cores = settings.number("cores", 0);
    can.store = settings.text("store");
    for (const char* name :
         {"substituters", "timeout", "max-silent-time", "max-build-log-size", "max-jobs", "cores", "sandbox",
          "builders", "system", "trusted-users", "keep-going", "fallback", "experimental-features", "build-dir"})
        can.raw[name] = settings.text(name);
    if (can.system.empty())
        return Error{ErrorKind::infrastructure, "cannot read the settings of Nix", "they name no `system`",
                     "run `nix config show --json` (`nix show-config --json` before 2.20) by hand"};
    return can;
}

}  // namespace lockstep::nix
