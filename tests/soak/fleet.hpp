// SPDX-License-Identifier: MIT
// The fleet of the soak: two numbers, the lock's and the flake's, say which hosts exist as which derivations and which
// of them build. The fake nix and the model of the world read it alike.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace lockstep::test::soak {

/// The two lowest bits of a version are what it breaks or mends; the rest counts.
struct Versions {
    int lock = 0, flake = 0;
    friend bool operator==(const Versions&, const Versions&) = default;
};

enum LockBits { breaks_db1 = 1, breaks_web1 = 2 };
enum FlakeBits { mends_web1 = 1, breaks_web2 = 2 };
inline constexpr int k_bits = 4;

inline constexpr std::array k_hosts{"db1", "web1", "web2"};

struct Drv {
    std::string name, path, out;
    std::vector<Drv> inputs;
    bool builds = true;
};

[[nodiscard]] std::string lock_text(int version);
[[nodiscard]] std::string flake_text(int version);
[[nodiscard]] Versions versions_of(const std::string& lock, const std::string& flake);

[[nodiscard]] Drv drv_of(const std::string& host, Versions at);
/// The derivation of a path that drv_of made.
[[nodiscard]] std::optional<Drv> find_drv(const std::string& path);
[[nodiscard]] bool fleet_builds(Versions at);
[[nodiscard]] std::string aterm(const Drv& drv);

}  // namespace lockstep::test::soak
