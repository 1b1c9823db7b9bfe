// SPDX-License-Identifier: MIT
// Writes a commented lockstep.yaml. A group's own line is never commented out, so that un-commenting one line is
// enough.
#include "lockstep/core/init_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lockstep/core/config_keys.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_width = 100;

std::string comment(std::string_view text, std::string_view indent) {
    std::string result;
    std::string line = fmt::format("{}#", indent);
    for (const auto& word : words(text)) {
        if (line.size() + 1 + word.size() > k_width) {
            result += line + "\n";
            line = fmt::format("{}#", indent);
        }
        line += " " + word;
    }
    return result + line + "\n";
}

/// A glob that matches exactly this name.
std::string glob_of(std::string_view name) {
    std::string glob;
    for (const char c : name) {
        if (std::string_view("*?[]\\").find(c) != std::string_view::npos) glob += '\\';
        glob += c;
    }
    return glob;
}

Config config_of(const InitFacts& facts) {
    Config config;
    config.flake = facts.flake;
    config.base = facts.base;
    if (!facts.forge_kind.empty()) config.forge.kind = facts.forge_kind;
    config.forge.url = facts.forge_url;
    if (!facts.attributes.empty()) config.targets.attributes = facts.attributes;
    if (!facts.foreign_hosts.empty()) config.targets.foreign = ForeignPolicy::evaluate;
    for (const auto& name : facts.likely_not_hosts) config.targets.exclude.push_back(glob_of(name));
    return config;
}

/// Why a value is set; "" when it speaks for itself.
std::string reason_of(std::string_view path, const InitFacts& facts) {
    if (path == "targets.exclude" && !facts.likely_not_hosts.empty())
        return "Proposal: these names look like installer images or virtual machines. Remove the # to leave "
               "them out.";
    if (path != "targets.foreign" || facts.foreign_hosts.empty()) return "";
    std::vector<std::string> hosts;
    for (const auto& [host, system] : facts.foreign_hosts) {
        if (hosts.size() == 10) {
            hosts.push_back(fmt::format("and {} more", facts.foreign_hosts.size() - hosts.size()));
            break;
        }
        hosts.push_back(fmt::format("{} ({})", clean_line(host, 60), clean_line(system, 40)));
    }
    return "Found here: hosts that this machine cannot build: " + join(hosts, ", ") +
           ". With `require`, no update lands without a builder for them.";
}

}  // namespace

std::string init_file(const InitFacts& facts) {
    const auto found = config_of(facts);
    std::string text = fmt::format("# yaml-language-server: $schema={}\n", clean_line(facts.schema, 200));
    text += comment(
        "What lockstep does with this repository. A line that is commented out shows the default, or says that it is a "
        "proposal. The file is read "
        "from the "
        "base branch, never from an update branch.",
        "");
    text += comment("Editors need the schema once: lockstep schema config > lockstep.schema.json", "");
    std::string group;
    for (const auto& key : config_keys()) {
        if (key.machine_only) continue;
        const auto dot = key.path.find('.');
        const bool grouped = dot != std::string_view::npos;
        const auto this_group = grouped ? std::string(key.path.substr(0, dot)) : std::string();
        const std::string_view indent = grouped ? "  " : "";
        const bool first = grouped && this_group != group;
        group = this_group;
        text += first ? fmt::format("\n{}:\n", group) : grouped ? "" : "\n";
        text += comment(key.doc, indent);
        if (!key.choices.empty()) text += comment("One of: " + join(key.choices, ", ") + ".", indent);
        if (const auto reason = reason_of(key.path, facts); !reason.empty()) text += comment(reason, indent);
        const auto value = key.show(found);
        // What is excluded is never proved, and a name may deceive: that line stays a proposal.
        const bool proposal = key.path == "targets.exclude";
        const bool set = key.path == "config_version" || (!proposal && value != key.show(Config{}));
        text +=
            fmt::format("{}{}{}: {}\n", indent, set ? "" : "# ", grouped ? key.path.substr(dot + 1) : key.path, value);
    }
    return text;
}

bool looks_like_image(std::string_view name) {
    std::string word;
    const auto is_image = [&word] {
        constexpr std::string_view k_words[] = {"iso",     "installer", "install",  "vm",      "image",   "sdimage",
                                                "netboot", "livecd",    "template", "minimal", "tarball", "kexec"};
        return std::find(std::begin(k_words), std::end(k_words), word) != std::end(k_words);
    };
    for (const char c : name) {
        const auto lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        if (lower >= 'a' && lower <= 'z') {
            word += lower;
            continue;
        }
        if (is_image()) return true;
        word.clear();
    }
    return is_image();
}

}  // namespace lockstep
