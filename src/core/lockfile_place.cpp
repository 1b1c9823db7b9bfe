// SPDX-License-Identifier: MIT
// The source of a reference: which members count for which type.
#include "core/lockfile_place.hpp"

#include "core/lockfile_url.hpp"

namespace lockstep {

namespace {

bool is_store_path(std::string_view path) {
    return path.starts_with("/nix/store/");
}

bool same_site(const FlakeRef& a, const FlakeRef& b) {
    const auto one = split_url(a.url), other = split_url(b.url);
    return one.scheme == other.scheme && one.host == other.host && one.port == other.port;
}

bool same_repository(const FlakeRef& a, const FlakeRef& b) {
    return a.type == b.type && forge_host(a) == forge_host(b) && a.owner == b.owner && a.repo == b.repo;
}

}  // namespace

bool is_download(const FlakeRef& ref) {
    return ref.type == "tarball" || ref.type == "file";
}

bool same_origin(const FlakeRef& a, const FlakeRef& b) {
    if (!same_repository(a, b)) return false;
    if (is_download(a) ? !same_site(a, b) : a.url != b.url) return false;
    return a.path == b.path || (is_store_path(a.path) && is_store_path(b.path));
}

bool same_wish(const FlakeRef& a, const FlakeRef& b) {
    if ((a.type == "indirect") != (b.type == "indirect")) return true;
    return same_repository(a, b) && a.url == b.url && a.path == b.path && a.id == b.id;
}

}  // namespace lockstep
