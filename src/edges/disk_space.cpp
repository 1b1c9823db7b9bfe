// SPDX-License-Identifier: MIT
// statvfs, and stat for the identity: f_fsid is 0 or shared on some file systems.
#include "edges/disk_space.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace lockstep {

Result<DiskSpace> MountedDisk::space(const std::string& path) {
    std::filesystem::path at(path);
    struct statvfs room {};
    int failed = 0;
    for (;;) {
        failed = statvfs(at.c_str(), &room) == 0 ? 0 : errno;
        if ((failed != ENOENT && failed != ENOTDIR) || !at.has_relative_path()) break;
        at = at.parent_path();
    }
    struct stat info {};
    if (failed == 0 && stat(at.c_str(), &info) != 0) failed = errno;
    if (failed != 0)
        return Error{ErrorKind::infrastructure, "the free space at " + path + " is not known", std::strerror(failed),
                     ""};
    DiskSpace space{.bytes = static_cast<std::uint64_t>(room.f_bavail) * room.f_frsize,
                    .file_system = static_cast<std::uint64_t>(info.st_dev)};
    if (room.f_files > 0) space.inodes = room.f_favail;
    return space;
}

}  // namespace lockstep
