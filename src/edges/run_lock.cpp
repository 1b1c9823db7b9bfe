// SPDX-License-Identifier: MIT
// flock, and words for who holds it.
#include "edges/run_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <nlohmann/json.hpp>

#include "lockstep/core/sanitize.hpp"

namespace lockstep {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& object, const char* key) {
    const auto member = object.find(key);
    if (member == object.end()) return "";
    return clean_line(member->is_string() ? member->get_ref<const std::string&>() : member->dump());
}

/// "process 1234, run 2026…, since 2026-11-21T02:00:00Z" of holder_json; any other line as it is.
std::string holder_words(std::string_view line) {
    const auto object = Json::parse(line, nullptr, false);
    if (!object.is_object()) return clean_line(line);
    std::string result;
    for (const auto& [label, key] : {std::pair{"process ", "pid"}, {"run ", "run"}, {"since ", "since"}})
        if (const auto value = text_of(object, key); !value.empty())
            result += (result.empty() ? "" : ", ") + std::string(label) + value;
    return result;
}

Error lock_error(const fs::path& file) {
    return {ErrorKind::infrastructure, "the run lock " + file.string() + " cannot be taken", std::strerror(errno),
            "check the state directory and its file system"};
}

}  // namespace

std::string holder_json(std::string_view run_id, std::string_view since) {
    return Json{{"pid", getpid()}, {"run", run_id}, {"since", since}}.dump(-1, ' ', false,
                                                                           Json::error_handler_t::replace) +
           "\n";
}

Result<std::unique_ptr<RunLock>> RunLock::acquire(const fs::path& file, const std::string& holder) {
    std::error_code failed;
    fs::create_directories(file.parent_path(), failed);
    Fd fd(open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600));
    if (!fd.open()) return lock_error(file);
    if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return lock_error(file);
        std::array<char, 4096> text{};
        const auto got = pread(fd.get(), text.data(), text.size(), 0);
        const auto who = holder_words({text.data(), got > 0 ? static_cast<std::size_t>(got) : 0});
        return Error{ErrorKind::locked, "another run of this repository and base is under way",
                     "the lock " + file.string() + " is held by " + (who.empty() ? "another process" : who),
                     "wait for it to end or stop it; its lock goes when its process does"};
    }
    // Who it is, is only for people: a full disk does not make the lock less.
    (void)!ftruncate(fd.get(), 0);
    (void)!pwrite(fd.get(), holder.data(), holder.size(), 0);
    return std::unique_ptr<RunLock>(new RunLock(std::move(fd)));
}

RunLock::~RunLock() {
    (void)!ftruncate(fd_.get(), 0);
}

}  // namespace lockstep
