// SPDX-License-Identifier: MIT
// Checks of single configuration values: what would fail later, or be taken for an option by git or Nix, is refused
// here.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <set>

#include "core/config_keys_types.hpp"
#include "lockstep/core/lock_alarms.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/target.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::keys {

namespace {

constexpr std::string_view k_letters_digits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

bool has_control(std::string_view text) {
    for (const char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
    return false;
}

bool consists_of(std::string_view text, std::string_view more) {
    for (const char c : text)
        if (k_letters_digits.find(c) == std::string_view::npos && more.find(c) == std::string_view::npos) return false;
    return true;
}

/// git's own rules (git-check-ref-format), and no leading dash.
bool is_ref_name(std::string_view name) {
    if (name.empty() || name.size() > 200 || name.front() == '-' || name == "@" || name.back() == '.') return false;
    if (has_control(name) || name.find_first_of(" ~^:?*[\\") != std::string_view::npos) return false;
    if (name.find("..") != std::string_view::npos || name.find("@{") != std::string_view::npos) return false;
    for (const auto& part : split(name, '/'))
        if (part.empty() || part.front() == '.' || part.ends_with(".lock")) return false;
    return true;
}

/// The template for a sample date, or "" when it holds something else than digits-only conversions.
std::string sample_of(const std::string& text) {
    for (std::size_t at = text.find('%'); at != std::string::npos; at = text.find('%', at + 2))
        if (at + 1 == text.size() || std::string_view("YmdHMSyjVGguwF%").find(text[at + 1]) == std::string_view::npos)
            return "";
    std::tm sample{};
    sample.tm_year = 126, sample.tm_mon = 10, sample.tm_mday = 21, sample.tm_wday = 6, sample.tm_yday = 324;
    std::array<char, 512> buffer{};
    const auto size = std::strftime(buffer.data(), buffer.size(), text.c_str(), &sample);
    return {buffer.data(), size};
}

}  // namespace

Complaint one_line(const std::string& text) {
    if (!trim(text).empty() && !has_control(text)) return std::nullopt;
    return "expects one line of text, not empty";
}

Complaint remote_name(const std::string& text) {
    if (is_ref_name(text) && consists_of(text, "._/-")) return std::nullopt;
    return "expects the name of a git remote, such as origin";
}

Complaint ref_name_or_empty(const std::string& text) {
    if (text.empty() || is_ref_name(text)) return std::nullopt;
    return "expects the name of a branch, such as main";
}

Complaint branch_template(const std::string& text) {
    if (is_ref_name(sample_of(text))) return std::nullopt;
    return "expects a branch name with date parts out of %Y %m %d %H %M %S %y %j %V %G %g %u %w %F, such as "
           "flake-update/%Y-%m-%d";
}

Complaint time_zone_name(const std::string& text) {
    const bool plausible = !text.empty() && text.size() <= 64 && consists_of(text, "_+-/") && text.front() != '/' &&
                           text.front() != '-' && text.back() != '/' && text.find("//") == std::string::npos;
    if (plausible) return std::nullopt;
    return "expects a time zone name, such as UTC or Europe/Brussels";
}

Complaint subject_template(const std::string& text) {
    if (auto complaint = one_line(text)) return complaint;
    for (std::size_t at = text.find('{'); at != std::string::npos; at = text.find('{', at + 1)) {
        const auto end = text.find('}', at);
        const auto word = end == std::string::npos ? std::string() : text.substr(at, end - at + 1);
        if (word != "{inputs}" && word != "{count}" && word != "{date}" && word != "{flake}")
            return "expects text with no other braces than {inputs}, {count}, {date} and {flake}";
    }
    return std::nullopt;
}

Complaint person_name(const std::string& text) {
    if (!has_control(text) && text.find_first_of("<>") == std::string::npos) return std::nullopt;
    return "expects a name without < and >";
}

Complaint mail_address(const std::string& text) {
    if (!has_control(text) && text.find_first_of("<> ") == std::string::npos) return std::nullopt;
    return "expects a mail address, such as lockstep@example.org";
}

Complaint forge_kind(const std::string& text) {
    for (const std::string_view kind : {"auto", "github", "gitea", "forgejo", "none"})
        if (text == kind) return std::nullopt;
    if (text.starts_with("directory:") && text.size() > 10 && !has_control(text)) return std::nullopt;
    return "expects auto, github, gitea, forgejo, none or directory:DIR";
}

Complaint web_address(const std::string& text) {
    if (text.empty()) return std::nullopt;
    const auto start = text.starts_with("https://") ? 8U : text.starts_with("http://") ? 7U : 0U;
    const auto rest = std::string_view(text).substr(start);
    const bool plausible = start > 0 && !rest.empty() && rest.front() != '/' && !has_control(rest) &&
                           rest.find_first_of(" ?#@\\\"<>") == std::string_view::npos;
    if (plausible) return std::nullopt;
    return "expects the web address of the server without user name or query, such as https://git.example.org";
}

Complaint store_address(const std::string& text) {
    constexpr std::string_view k_expected =
        "expects the URL of a Nix store without a password, such as file:///srv/cache, s3://bucket or ssh-ng://host";
    if (text.empty()) return std::nullopt;
    const auto end = text.find("://");
    const auto scheme = text.substr(0, end);
    const auto rest = std::string_view(text).substr(std::min(text.size(), scheme.size() + 3));
    bool known = false;
    for (const std::string_view word : {"file", "s3", "http", "https", "ssh", "ssh-ng", "local", "unix"})
        known = known || scheme == word;
    // An ssh host that begins with a dash would be an option of ssh.
    if (end == std::string::npos || !known || has_control(rest) || rest.find_first_of(" #") != std::string_view::npos ||
        rest.starts_with('-'))
        return std::string(k_expected);
    const auto user = rest.substr(0, rest.find_first_of("/?"));
    const auto at = user.find('@');
    if (at != std::string_view::npos &&
        (!scheme.starts_with("ssh") || user.substr(0, at).find(':') != std::string_view::npos))
        return std::string(k_expected);
    if (rest.find("secret-key") != std::string_view::npos)
        return "expects a URL without the signing key: that is `cache.signing_key_file`";
    return std::nullopt;
}

Complaint path_or_empty(const std::string& text) {
    if (!has_control(text)) return std::nullopt;
    return "expects a path";
}

Complaint target_sets(const std::vector<std::string>& entries) {
    constexpr std::string_view k_expected =
        "expects attribute sets out of nixosConfigurations, darwinConfigurations, homeConfigurations, "
        "packages.<system>, "
        "checks.<system> and devShells.<system>";
    if (entries.empty()) return fmt::format("{}, at least one", k_expected);
    std::set<std::string> seen;
    for (const auto& entry : entries) {
        if (!target_kind_of_set(entry).ok()) return std::string(k_expected);
        if (!seen.insert(entry).second) return fmt::format("names {} twice", entry);
    }
    return std::nullopt;
}

Complaint globs(const std::vector<std::string>& entries) {
    for (const auto& entry : entries)
        if (entry.empty() || has_control(entry)) return "expects names or globs such as web-*, none of them empty";
    return std::nullopt;
}

Complaint input_names(const std::vector<std::string>& entries) {
    for (const auto& entry : entries)
        if (entry.empty() || has_control(entry) || entry.front() == '-')
            return "expects names of flake inputs, none of them empty or with a leading dash";
    return std::nullopt;
}

Complaint alarm_globs(const std::vector<std::string>& entries) {
    std::vector<std::string> codes;
    for (const auto code : alarm_codes()) codes.emplace_back(code);
    for (const auto& entry : entries) {
        if (std::any_of(codes.begin(), codes.end(), [&](const auto& code) { return glob_match(entry, code); }))
            continue;
        const auto near = nearest(entry, codes);
        const auto hint = near.empty() ? "" : fmt::format(" (did you mean {}?)", near);
        return fmt::format("expects alarms or globs of them, out of {}{}", join(codes, ", "), hint);
    }
    return std::nullopt;
}

Complaint labels(const std::vector<std::string>& entries) {
    for (const auto& entry : entries)
        if (one_line(entry) || entry.size() > 50 || entry.find(',') != std::string::npos)
            return "expects labels of 1 to 50 bytes without commas";
    return std::nullopt;
}

Complaint nix_options(const std::vector<std::pair<std::string, std::string>>& entries) {
    for (const auto& [name, value] : entries)
        if (name.empty() || name.front() == '-' || !consists_of(name, "-_") || has_control(value))
            return "expects names and values of nix.conf options, each value on one line";
    return std::nullopt;
}

Complaint read_sub_directory(const RawValue& raw, std::string& into) {
    constexpr std::string_view k_expected = "expects a directory inside the repository, such as nixos";
    std::string text;
    if (auto complaint = read(raw, text)) return complaint;
    if (text.starts_with("/") || has_control(text)) return std::string(k_expected);
    std::vector<std::string> kept;
    for (auto& part : split(text, '/')) {
        if (part == ".." || part.starts_with("-")) return std::string(k_expected);
        if (!part.empty() && part != ".") kept.push_back(std::move(part));
    }
    into = join(kept, "/");
    return std::nullopt;
}

bool nix_option_moves_trust(std::string_view name) {
    if (name.starts_with("extra-")) name.remove_prefix(6);
    for (const std::string_view prefix : {"trusted-", "allow", "sandbox", "access-", "secret-", "ssh"})
        if (name.starts_with(prefix)) return true;
    for (const std::string_view part :
         {"hook", "plugin", "netrc", "ssl-cert", "builders", "store", "sig", "users", "impure", "external-builder",
          "accept-flake-config", "flake-registry", "log-dir"})
        if (name.find(part) != std::string_view::npos) return true;
    return false;
}

}  // namespace lockstep::keys
