// SPDX-License-Identifier: MIT
// Capturing and wiping the environment; reading secret files.
#include "cli/environment.hpp"

#include <fcntl.h>
#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string_view>

#include "lockstep/adapters/runner.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::cli {

namespace {

/// What a hook or `git -c` leaves behind. Our own git commands are cleaned of it as well, but Nix starts git by itself,
/// and would read another repository.
bool points_git_elsewhere(std::string_view name) {
    static constexpr std::string_view k_names[] = {"GIT_DIR",          "GIT_WORK_TREE",
                                                   "GIT_INDEX_FILE",   "GIT_OBJECT_DIRECTORY",
                                                   "GIT_COMMON_DIR",   "GIT_ALTERNATE_OBJECT_DIRECTORIES",
                                                   "GIT_NAMESPACE",    "GIT_PREFIX",
                                                   "GIT_SHALLOW_FILE", "GIT_QUARANTINE_PATH"};
    return std::find(std::begin(k_names), std::end(k_names), name) != std::end(k_names);
}

}  // namespace

Environment Environment::take() {
    Environment result;
    std::vector<std::string> names;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view pair = *entry;
        const auto equals = pair.find('=');
        if (equals == std::string_view::npos || equals == 0) continue;
        std::string name(pair.substr(0, equals));
        result.values_[name] = std::string(pair.substr(equals + 1));
        if (!runner::is_private_variable(name)) continue;
        secrets().add_if_random(result.values_[name]);
        explicit_bzero(*entry + equals + 1, pair.size() - equals - 1);
        names.push_back(std::move(name));
    }
    for (const auto& name : names) unsetenv(name.c_str());
    return result;
}

std::string Environment::get(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? "" : found->second;
}

std::vector<std::string> Environment::for_children() const {
    std::vector<std::string> result;
    for (const auto& [name, value] : values_)
        if (!runner::is_private_variable(name) && !points_git_elsewhere(name)) result.push_back(name + "=" + value);
    return result;
}

Secrets& secrets() {
    static Secrets all;
    return all;
}

Result<std::string> read_secret_file(const std::string& path, SecretPlace place) {
    const auto refuse = [&](const std::string& why, const std::string& hint) {
        return Error{ErrorKind::credentials, "the token file " + path + " cannot be used", why, hint};
    };
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return refuse(std::strerror(errno), "check --token-file or forge.token_file");
    struct stat info {};
    std::string text(64u << 10, '\0');
    ssize_t got = -1;
    const bool regular = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    if (regular) got = read(fd, text.data(), text.size());
    close(fd);
    if (!regular) return refuse("it is not a regular file", "name a file that holds nothing but the token");
    if (info.st_uid != geteuid() && info.st_uid != 0)
        return refuse("it belongs to another user", "chown it to the user of lockstep");
    if ((info.st_mode & (place == SecretPlace::file ? 077 : 037)) != 0)
        return refuse("others can read or change it", "chmod 600 " + path);
    if (got < 0) return refuse(std::strerror(errno), "check its permissions");
    text.resize(static_cast<std::size_t>(got));
    const std::string token(trim(text));
    explicit_bzero(text.data(), text.size());
    if (token.empty()) return refuse("it is empty", "put the token into it");
    for (const char c : token)
        if (static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7f)
            return refuse("it holds more than one word", "put nothing but the token into it");
    secrets().add(token);
    return token;
}

}  // namespace lockstep::cli
