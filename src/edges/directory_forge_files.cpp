// SPDX-License-Identifier: MIT
// POSIX files of the embedded forge.
#include "edges/directory_forge_files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "lockstep/core/text.hpp"

namespace lockstep {

namespace fs = std::filesystem;

namespace {

Error file_error(const std::string& action, const fs::path& path, const std::string& why) {
    return {ErrorKind::infrastructure, "cannot " + action + " " + path.string(), why,
            "check the directory given to --forge directory:DIR, its owner and the free space"};
}

Error system_error(const std::string& action, const fs::path& path, int number = errno) {
    return file_error(action, path, std::strerror(number));
}

/// A descriptor that closes itself.
struct Descriptor {
    int number;
    ~Descriptor() {
        if (number >= 0) ::close(number);
    }
};

std::int64_t number_of(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() && value > 0 ? value : 0;
}

Result<void> make_directories(const fs::path& directory) {
    std::error_code error;
    fs::create_directories(directory, error);
    if (error) return file_error("make the directory", directory, error.message());
    return {};
}

bool write_all(int descriptor, std::string_view content) {
    while (!content.empty()) {
        const auto written = ::write(descriptor, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

Result<DirectoryForgeLock> DirectoryForgeLock::take(const fs::path& directory) {
    LOCKSTEP_TRY_VOID(make_directories(directory));
    const auto path = directory / ".lock";
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) return system_error("open", path);
    DirectoryForgeLock lock(descriptor);
    while (::flock(descriptor, LOCK_EX) != 0)
        if (errno != EINTR) return system_error("lock", path);
    return lock;
}

DirectoryForgeLock::DirectoryForgeLock(DirectoryForgeLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

DirectoryForgeLock& DirectoryForgeLock::operator=(DirectoryForgeLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

DirectoryForgeLock::~DirectoryForgeLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::string> read_forge_file(const fs::path& path) {
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.number < 0 && errno == ENOENT) return std::string();
    if (file.number < 0) return system_error("open", path);
    std::string content;
    std::string buffer(64U << 10U, '\0');
    for (;;) {
        const auto count = ::read(file.number, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_error("read", path);
        if (count == 0) return content;
        content.append(buffer, 0, static_cast<std::size_t>(count));
    }
}

Result<void> replace_forge_file(const fs::path& path, std::string_view content) {
    LOCKSTEP_TRY_VOID(make_directories(path.parent_path()));
    auto temporary = (path.parent_path() / ".new-XXXXXX").string();
    const Descriptor file{::mkostemp(temporary.data(), O_CLOEXEC)};
    if (file.number < 0) return system_error("make a file in", path.parent_path());
    const bool written =
        write_all(file.number, content) && ::fchmod(file.number, 0644) == 0 && ::fsync(file.number) == 0;
    if (written && ::rename(temporary.c_str(), path.c_str()) == 0) return {};
    const int reason = errno;
    ::unlink(temporary.c_str());
    return system_error("write", path, reason);
}

Result<std::vector<std::int64_t>> numbered_entries(const fs::path& directory, std::string_view suffix) {
    std::vector<std::int64_t> numbers;
    std::error_code error;
    for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
        const auto name = at->path().filename().string();
        if (name.size() <= suffix.size() || name.substr(name.size() - suffix.size()) != suffix) continue;
        if (const auto number = number_of(std::string_view(name).substr(0, name.size() - suffix.size())); number > 0)
            numbers.push_back(number);
    }
    if (error && error != std::errc::no_such_file_or_directory) return file_error("list", directory, error.message());
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

Result<std::int64_t> next_number(const fs::path& directory, std::string_view suffix, const fs::path& counter) {
    LOCKSTEP_TRY(const auto present, numbered_entries(directory, suffix));
    LOCKSTEP_TRY(const auto remembered, read_forge_file(counter));
    const auto last = std::max(number_of(trim(remembered)), present.empty() ? 0 : present.back());
    LOCKSTEP_TRY_VOID(replace_forge_file(counter, std::to_string(last + 1) + "\n"));
    return last + 1;
}

std::string file_url(const fs::path& path) {
    constexpr std::string_view plain = "-._~/";
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string url = "file://";
    for (const char c : path.string()) {
        const auto byte = static_cast<unsigned char>(c);
        const bool letter =
            (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
        if (letter || plain.find(c) != std::string_view::npos) {
            url += c;
        } else {
            url += '%';
            url += digits[byte >> 4U];
            url += digits[byte & 15U];
        }
    }
    return url;
}

}  // namespace lockstep
