// SPDX-License-Identifier: MIT
// Small moves of symbolic links. Nothing here follows one: what they point at is the store.
#include "edges/gc_roots.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "edges/state_paths.hpp"

namespace lockstep {

namespace fs = std::filesystem;

namespace {

Error refuse(const std::string& path, const std::string& why) {
    return {ErrorKind::infrastructure, "the garbage collector root " + path + " cannot be made", why, ""};
}

void remove_links(const fs::path& path) {
    std::error_code failed;
    const auto type = fs::symlink_status(path, failed).type();
    if (type == fs::file_type::directory) {
        std::vector<fs::path> inside;
        for (fs::directory_iterator it(path, failed), end; !failed && it != end; it.increment(failed))
            inside.push_back(it->path());
        for (const auto& entry : inside) remove_links(entry);
    } else if (type != fs::file_type::symlink) {
        return;
    }
    fs::remove(path, failed);
}

}  // namespace

Result<void> DiskRootLinks::make_folder(const std::string& folder) {
    std::error_code failed;
    if (fs::is_directory(folder, failed)) return {};
    fs::create_directories(folder, failed);
    if (failed) return refuse(folder, failed.message());
    fs::permissions(folder, fs::perms::owner_all, failed);
    if (failed) return refuse(folder, failed.message());
    return {};
}

Result<void> DiskRootLinks::point(const std::string& link, const std::string& target) {
    const auto fresh = link + ".new";
    if (symlink(target.c_str(), fresh.c_str()) != 0) {
        if (errno != EEXIST || unlink(fresh.c_str()) != 0 || symlink(target.c_str(), fresh.c_str()) != 0)
            return refuse(link, std::strerror(errno));
    }
    if (rename(fresh.c_str(), link.c_str()) == 0) return {};
    const auto why = std::string(std::strerror(errno));
    unlink(fresh.c_str());
    return refuse(link, why);
}

std::map<std::string, std::string> DiskRootLinks::links(const std::string& folder) {
    std::map<std::string, std::string> found;
    std::error_code failed;
    for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
        std::error_code unreadable;
        auto target = fs::read_symlink(it->path(), unreadable);
        if (!unreadable) found.emplace(it->path().filename().string(), target.string());
    }
    return found;
}

std::vector<std::string> DiskRootLinks::folders(const std::string& folder) {
    std::vector<std::string> found;
    std::error_code failed;
    for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
        std::error_code ignored;
        if (it->symlink_status(ignored).type() == fs::file_type::directory)
            found.push_back(it->path().filename().string());
    }
    return found;
}

void DiskRootLinks::remove(const std::string& path) {
    remove_links(path);
}

void release_dead_roots(const fs::path& runs) {
    DiskRootLinks links;
    for (const auto& run : links.folders(runs.string()))
        if (is_run_id(run) && !run_is_alive(runs / run)) remove_links(runs / run / k_run_roots);
}

}  // namespace lockstep
