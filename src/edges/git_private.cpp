// SPDX-License-Identifier: MIT
// Sets up the private repository and its objects/info/alternates.
#include "edges/git_private.hpp"

#include <fmt/format.h>

#include <fstream>
#include <system_error>

#include "edges/git_trouble.hpp"

namespace lockstep {

namespace fs = std::filesystem;

namespace {

Error cannot_make(const fs::path& dir, const std::string& why) {
    return {ErrorKind::infrastructure, fmt::format("cannot make the run's repository at {}", dir.string()), why,
            "check the disk space and the permissions of the run directory"};
}

bool partial(const fs::path& objects, const GitConfig& config) {
    if (config.get("extensions.partialclone")) return true;
    if (config.any([](std::string_view key, std::string_view) {
            return key.starts_with("remote.") && (key.ends_with(".promisor") || key.ends_with(".partialclonefilter"));
        }))
        return true;
    std::error_code ignored;
    for (fs::directory_iterator pack(objects / "pack", ignored), end; !ignored && pack != end; pack.increment(ignored))
        if (pack->path().extension() == ".promisor") return true;
    return false;
}

/// git follows a borrowed repository's own alternates only when they are absolute.
bool borrows_relatively(const fs::path& objects) {
    std::ifstream file(objects / "info" / "alternates");
    for (std::string line; std::getline(file, line);)
        if (!line.empty() && line.front() != '/' && line.front() != '#') return true;
    return false;
}

bool safe_to_borrow(const CheckoutStore& store, const fs::path& objects, const GitConfig& config) {
    return !store.shallow && !partial(objects, config) && !borrows_relatively(objects);
}

}  // namespace

Result<void> make_private_repository(const GitCli& git, const fs::path& dir, const CheckoutStore& store,
                                     const GitConfig& config, Borrow borrow) {
    std::error_code trouble;
    fs::create_directories(dir, trouble);
    if (!trouble) fs::permissions(dir, fs::perms::owner_all, trouble);
    if (trouble) return cannot_make(dir, trouble.message());
    GitCall init;
    init.args = {"init", "--quiet",   "--bare", "--template=", "--initial-branch=lockstep", "--object-format=sha1",
                 "--",   dir.string()};
    if (const GitAnswer answer = git.run(init); !answer.ok())
        return git_error(answer, fmt::format("cannot make the run's repository at {}", dir.string()));

    const fs::path objects = store.common / "objects";
    const bool one_line = objects.string().find('\n') == std::string::npos;
    if (one_line && (borrow == Borrow::always || safe_to_borrow(store, objects, config))) {
        fs::create_directories(dir / "objects" / "info", trouble);
        std::ofstream file(dir / "objects" / "info" / "alternates", std::ios::binary);
        file << objects.string() << '\n';
        file.close();
        if (!file) return cannot_make(dir, "objects/info/alternates cannot be written");
    }
    if (borrow == Borrow::always && store.shallow) {
        fs::copy_file(store.common / "shallow", dir / "shallow", fs::copy_options::overwrite_existing, trouble);
        if (trouble) return cannot_make(dir, trouble.message());
    }
    return {};
}

}  // namespace lockstep
