// SPDX-License-Identifier: MIT
// Store addresses, as far as they say where files are.
#include "lockstep/adapters/nix_store.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::nix {

namespace {

/// "/mnt" of "/mnt", "local?root=/mnt" and "local://?root=/mnt&…"; "" for the machine's own store and for others'.
std::string root_of(const std::string& store) {
    if (store.starts_with('/')) return store;
    const auto query = store.find('?');
    if (!store.starts_with("local") || query == std::string::npos) return "";
    for (const auto& part : split(store.substr(query + 1), '&'))
        if (part.starts_with("root=/")) return part.substr(5);
    return "";
}

}  // namespace

std::string store_file(const Setup& setup, const std::string& path) {
    const auto option = setup.options.find("store");
    auto root = option == setup.options.end() ? "" : root_of(option->second);
    while (root.ends_with('/')) root.pop_back();
    return root + path;
}

}  // namespace lockstep::nix
