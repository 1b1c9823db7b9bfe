// SPDX-License-Identifier: MIT
// Versions to texts and derivations, and back. No library: the fake nix must start fast.
#include "soak/fleet.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace lockstep::test::soak {

namespace {

constexpr const char* k_system = "nixos-system-";

int number_after(const std::string& text, const std::string& mark) {
    const auto at = text.find(mark);
    return at == std::string::npos ? 0 : std::atoi(text.c_str() + at + mark.size());
}

std::string letters(const std::string& text) {
    constexpr const char* k_alphabet = "0123456789abcdfghijklmnpqrsvwxyz";
    std::string result;
    std::uint64_t state = 14695981039346656037U;
    for (int i = 0; i < 32; ++i) {
        for (const char c : text) state = (state ^ static_cast<unsigned char>(c)) * 1099511628211U;
        result += k_alphabet[(state >> 32U) % 32];
    }
    return result;
}

/// "db1" at 8 and 4: what does not matter to a host is 0 in its name, so that it stays the same derivation.
Drv make(const std::string& what, Versions at) {
    Drv drv;
    const bool host = what != "glue";
    drv.name = (host ? k_system : "") + what + "-" + std::to_string(at.lock) + "-" + std::to_string(at.flake);
    drv.path = "/nix/store/" + letters(drv.name + ".drv") + "-" + drv.name + ".drv";
    drv.out = "/nix/store/" + letters(drv.name) + "-" + drv.name;
    if (what == "db1") drv.builds = (at.lock & breaks_db1) == 0;
    if (what == "web1") drv.builds = (at.lock & breaks_web1) == 0 || (at.flake & mends_web1) != 0;
    if (what == "web2") drv.builds = (at.flake & breaks_web2) == 0;
    if (what == "db1" || what == "web1") drv.inputs.push_back(make("glue", {at.lock, 0}));
    return drv;
}

}  // namespace

std::string lock_text(int version) {
    char revision[41];
    std::snprintf(revision, sizeof revision, "%040d", version);
    return R"({"nodes":{"catalogue":{"locked":{"lastModified":)" + std::to_string(1'700'000'000 + version) +
           R"(,"narHash":"sha256-)" + letters(std::to_string(version)) +
           R"(","owner":"ada","repo":"catalogue","rev":")" + revision +
           R"(","type":"github"},"original":{"owner":"ada","repo":"catalogue","type":"github"}},)" +
           R"("root":{"inputs":{"catalogue":"catalogue"}}},"root":"root","version":7})" + "\n";
}

std::string flake_text(int version) {
    return "{ outputs = _: { }; } # version " + std::to_string(version) + "\n";
}

Versions versions_of(const std::string& lock, const std::string& flake) {
    return {number_after(lock, R"("rev":")"), number_after(flake, "# version ")};
}

Drv drv_of(const std::string& host, Versions at) {
    if (host == "db1") at.flake = 0;
    if (host == "web2") at.lock = 0;
    return make(host, at);
}

std::optional<Drv> find_drv(const std::string& path) {
    constexpr std::size_t k_hash_end = 44;  // "/nix/store/", 32 letters, "-"
    if (path.size() < k_hash_end) return std::nullopt;
    std::string name = path.substr(k_hash_end);
    if (name.rfind(k_system, 0) == 0) name.erase(0, std::string(k_system).size());
    const auto first = name.find('-');
    const auto second = name.find('-', first + 1);
    if (first == std::string::npos || second == std::string::npos) return std::nullopt;
    auto drv = make(name.substr(0, first), {std::atoi(name.c_str() + first + 1), std::atoi(name.c_str() + second + 1)});
    return drv.path == path || drv.out == path ? std::optional(drv) : std::nullopt;
}

bool fleet_builds(Versions at) {
    for (const auto* host : k_hosts)
        if (!drv_of(host, at).builds) return false;
    return true;
}

std::string aterm(const Drv& drv) {
    std::string inputs;
    for (const auto& input : drv.inputs) inputs += (inputs.empty() ? "(\"" : ",(\"") + input.path + "\",[\"out\"])";
    return "Derive([(\"out\",\"" + drv.out + "\",\"\",\"\")],[" + inputs +
           "],[],\"x86_64-linux\",\"/bin/sh\",[],[(\"name\",\"" + drv.name + "\"),(\"out\",\"" + drv.out + "\")])";
}

}  // namespace lockstep::test::soak
