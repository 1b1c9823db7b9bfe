// SPDX-License-Identifier: MIT
// Checks of what sources say about hosts. Names and addresses end up in arguments of ssh, in file names and in front of
// people, so the sets of characters are closed.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "lockstep/core/check.hpp"
#include "lockstep/core/fleet_record.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/target.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Letters, digits and `more`; other scripts' letters too when `wide`.
bool consists_of(std::string_view text, std::string_view more, bool wide = false) {
    if (wide && clean_line(text, text.size() + 1) != text) return false;
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return is_letter_or_digit(c) || more.find(c) != std::string_view::npos ||
               (wide && (static_cast<unsigned char>(c) & 0x80U) != 0);
    });
}

std::string not_this(std::string_view expected, std::string_view text) {
    return fmt::format("expects {}, not `{}`", expected, clean_line(text, 80));
}

std::string or_list(const std::vector<std::string>& words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i)
        text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
    return text;
}

std::optional<std::string> check_word(std::string_view text, const std::vector<std::string>& words) {
    if (std::find(words.begin(), words.end(), text) != words.end()) return std::nullopt;
    return not_this(or_list(words), text);
}

bool is_port(std::string_view text) {
    int port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

/// One hop of a jump in its parts; a port only behind a colon that is not part of an address in brackets.
struct Hop {
    std::string_view user, host, port;
    bool has_user = false, has_port = false;
};

Hop hop_of(std::string_view text) {
    Hop hop;
    if (const auto at = text.rfind('@'); at != std::string_view::npos) {
        hop.has_user = true;
        hop.user = text.substr(0, at);
        text.remove_prefix(at + 1);
    }
    const auto colon = text.rfind(':');
    const auto bracket = text.rfind(']');
    const bool has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    hop.host = text.substr(0, has_port ? colon : std::string_view::npos);
    hop.has_port = has_port;
    if (has_port) hop.port = text.substr(colon + 1);
    return hop;
}

std::string_view without_brackets(std::string_view host) {
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') return host.substr(1, host.size() - 2);
    return host;
}

/// "ConnectTimeout=5" → "connecttimeout": ssh does not tell capitals.
std::string option_name(std::string_view option) {
    std::string name(option.substr(0, option.find('=')));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return name;
}

template <class Check>
std::optional<std::string> check_each(const std::vector<std::string>& values, Check check) {
    for (const auto& value : values)
        if (auto complaint = check(value)) return complaint;
    return std::nullopt;
}

}  // namespace

const std::vector<std::string>& role_words() {
    static const std::vector<std::string> words{"deploy", "build_only", "monitor_only", "manual", "ignore"};
    return words;
}
const std::vector<std::string>& profile_words() {
    static const std::vector<std::string> words{"nixos", "darwin", "home_manager", "custom"};
    return words;
}
const std::vector<std::string>& reboot_words() {
    static const std::vector<std::string> words{"never", "if-needed", "always"};
    return words;
}
const std::vector<std::string>& action_words() {
    static const std::vector<std::string> words{"switch", "boot", "test", "dry-activate"};
    return words;
}
const std::vector<std::string>& risk_words() {
    static const std::vector<std::string> words{"by-change", "leaf", "critical"};
    return words;
}
const std::vector<std::string>& backend_words() {
    static const std::vector<std::string> words{"embedded", "colmena", "deploy-rs", "nixos-rebuild"};
    return words;
}

std::string_view word(HostRole role) {
    return role_words().at(static_cast<std::size_t>(role));
}
std::string_view word(ProfileType type) {
    return profile_words().at(static_cast<std::size_t>(type));
}

HostRole role_of(std::string_view word) {
    const auto& words = role_words();
    const auto at = std::find(words.begin(), words.end(), word);
    LOCKSTEP_CHECK(at != words.end());
    return static_cast<HostRole>(at - words.begin());
}
ProfileType profile_of(std::string_view word) {
    const auto& words = profile_words();
    const auto at = std::find(words.begin(), words.end(), word);
    LOCKSTEP_CHECK(at != words.end());
    return static_cast<ProfileType>(at - words.begin());
}

namespace fleet {

Complaint check_name(std::string_view text) {
    const bool good = !text.empty() && text.size() <= 253 && text.front() != '-' && text.front() != '@' &&
                      text.front() != '.' && consists_of(text, "._+:@-", true);
    if (good) return std::nullopt;
    return not_this("a name of letters, digits and . _ + : @ -, with no dash, dot or @ in front", text);
}

Complaint check_tag(std::string_view text) {
    const bool good = !text.empty() && text.size() <= 100 && text.front() != '-' && consists_of(text, "._+:-", true);
    if (good) return std::nullopt;
    return not_this("a tag of letters, digits and . _ + : -, without @ or a dash in front", text);
}

Complaint check_address(std::string_view text) {
    const auto bare = without_brackets(text);
    const bool good = !bare.empty() && bare.size() <= 253 && bare.front() != '-' && consists_of(bare, "._:%-") &&
                      (bare.size() == text.size() || bare.find(':') != std::string_view::npos);
    if (good) return std::nullopt;
    if (text.find('@') != std::string_view::npos)
        return not_this("an address without a user, which is the field `user`", text);
    return not_this("a host name or an address, with no dash in front", text);
}

Complaint check_user(std::string_view text) {
    const bool good = !text.empty() && text.size() <= 64 && text.front() != '-' && consists_of(text, "._+-");
    if (good) return std::nullopt;
    return not_this("the name of a user", text);
}

Complaint check_identity_file(std::string_view text) {
    const bool good = !text.empty() && text.size() <= 4096 && text.front() != '-' &&
                      clean_line(text, text.size() + 1) == text && consists_of(text, "/._+:@~=,%-", true);
    if (good) return std::nullopt;
    return not_this("the path of a key file, without white space", text);
}

Complaint check_jump(std::string_view text) {
    for (const auto& part : split(text, ',')) {
        const auto hop = hop_of(part);
        const bool good = !check_address(hop.host) && (!hop.has_port || is_port(hop.port)) &&
                          (!hop.has_user || !check_user(hop.user));
        if (!good) return not_this("a host to go through, as [user@]host[:port]", text);
    }
    return std::nullopt;
}

Complaint check_after(std::string_view text) {
    const bool good = text.starts_with('@') ? !check_tag(text.substr(1)) : !check_name(text);
    if (good) return std::nullopt;
    return not_this("names of hosts or @tags", text);
}

Complaint check_ssh_option(std::string_view text) {
    // What has a field of its own must be said there: two places could contradict each other.
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> k_fields{
        {{"hostname", "addresses"},
         {"identityfile", "identity_file"},
         {"port", "port"},
         {"proxyjump", "jump"},
         {"user", "user"},
         {"host", "addresses"}}};
    for (const auto& [option, field] : k_fields)
        if (option_name(text) == option) return not_this(fmt::format("no option that is the field `{}`", field), text);
    const auto equals = text.find('=');
    const bool good = equals != std::string_view::npos && equals > 0 && text.size() <= 1000 &&
                      consists_of(text.substr(0, equals), "") && equals + 1 < text.size() &&
                      clean_line(text, text.size() + 1) == text;
    if (good) return std::nullopt;
    return not_this("options of ssh_config as Name=value, such as ConnectTimeout=5", text);
}

Complaint check_field(std::string_view field, const std::string& value) {
    if (field == "target") return check_name(value);
    if (field == "user") return check_user(value);
    if (field == "identity_file") return check_identity_file(value);
    if (field == "jump") return check_jump(value);
    if (field == "role") return check_word(value, role_words());
    if (field == "type") return check_word(value, profile_words());
    if (field == "reboot") return check_word(value, reboot_words());
    if (field == "action") return check_word(value, action_words());
    if (field == "risk") return check_word(value, risk_words());
    if (field == "backend") return check_word(value, backend_words());
    if (clean_line(value, 1000) == value) return std::nullopt;
    return not_this("one line of text", value);
}

Complaint check_field(std::string_view field, const std::vector<std::string>& value) {
    if (value.size() > 1000) return "expects at most 1000 entries";
    if (field == "addresses") return value.empty() ? "expects at least one address" : check_each(value, check_address);
    if (field == "tags") return check_each(value, check_tag);
    if (field == "after") return check_each(value, check_after);
    LOCKSTEP_CHECK(field == "ssh_options");
    return check_each(value, check_ssh_option);
}

Complaint check_field(std::string_view field, int value) {
    LOCKSTEP_CHECK(field == "port");
    if (value >= 1 && value <= 65535) return std::nullopt;
    return fmt::format("expects a port from 1 to 65535, not {}", value);
}

bool is_harmless_ssh_option(std::string_view option) {
    static constexpr std::array<std::string_view, 17> k_harmless{"addressfamily",
                                                                 "bindaddress",
                                                                 "ciphers",
                                                                 "compression",
                                                                 "connectionattempts",
                                                                 "connecttimeout",
                                                                 "hostkeyalgorithms",
                                                                 "identitiesonly",
                                                                 "ipqos",
                                                                 "kexalgorithms",
                                                                 "loglevel",
                                                                 "macs",
                                                                 "pubkeyacceptedalgorithms",
                                                                 "rekeylimit",
                                                                 "serveralivecountmax",
                                                                 "serveraliveinterval",
                                                                 "tcpkeepalive"};
    return std::find(k_harmless.begin(), k_harmless.end(), option_name(option)) != k_harmless.end();
}

std::vector<std::string> jump_hosts(std::string_view jump) {
    std::vector<std::string> hosts;
    for (const auto& part : split(jump, ',')) {
        const auto host = without_brackets(hop_of(part).host);
        if (!host.empty()) hosts.emplace_back(host);
    }
    return hosts;
}

}  // namespace fleet

}  // namespace lockstep
