// SPDX-License-Identifier: MIT
// A submitted child as a test sees it: what it printed so far, how it ended, both to be waited for.
#pragma once

#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill

#include <cerrno>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "lockstep/ports/process.hpp"

namespace lockstep::test {

/// "tests/children/<name>".
inline std::string child(const std::string& name) {
    return std::string(LOCKSTEP_CHILDREN_DIR) + "/" + name;
}

inline Command command(std::vector<std::string> argv) {
    Command result;
    result.argv = std::move(argv);
    if (result.argv.front().find('/') == std::string::npos) result.argv.front() = child(result.argv.front());
    return result;
}

class Job {
public:
    static std::shared_ptr<Job> start(ProcessRunner& runner, Command command) {
        auto job = std::make_shared<Job>();
        job->id_ = runner.submit(
            std::move(command), [job](Stream stream, std::string_view chunk) { job->on_output(stream, chunk); },
            [job](const ExitStatus& status) { job->on_exit(status); });
        return job;
    }

    [[nodiscard]] ChildId id() const { return id_; }

    /// Waits until stdout holds `text`; false when the child ended without it.
    bool await_output(const std::string& text) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return exits_ > 0 || out_.find(text) != std::string::npos; });
        return out_.find(text) != std::string::npos;
    }
    ExitStatus await_exit() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return exits_ > 0; });
        return status_;
    }
    [[nodiscard]] std::string out() const { return with_lock(out_); }
    [[nodiscard]] std::string err() const { return with_lock(err_); }
    [[nodiscard]] int exits() const { return with_lock(exits_); }
    [[nodiscard]] bool output_after_exit() const { return with_lock(output_after_exit_); }
    [[nodiscard]] std::thread::id thread() const { return with_lock(thread_); }

    /// The number after "word " on stdout; 0 when it is not there.
    [[nodiscard]] pid_t pid_after(const std::string& word) const {
        const std::string text = out();
        const auto at = text.find(word + " ");
        return at == std::string::npos ? 0 : static_cast<pid_t>(std::stol(text.substr(at + word.size() + 1)));
    }

private:
    void on_output(Stream stream, std::string_view chunk) {
        const std::lock_guard lock(mutex_);
        (stream == Stream::out ? out_ : err_).append(chunk);
        output_after_exit_ = output_after_exit_ || exits_ > 0;
        changed_.notify_all();
    }
    void on_exit(const ExitStatus& status) {
        const std::lock_guard lock(mutex_);
        status_ = status;
        ++exits_;
        thread_ = std::this_thread::get_id();
        changed_.notify_all();
    }
    template <class T>
    T with_lock(const T& value) const {
        const std::lock_guard lock(mutex_);
        return value;
    }

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    ChildId id_ = 0;
    std::string out_, err_;
    ExitStatus status_;
    int exits_ = 0;
    bool output_after_exit_ = false;
    std::thread::id thread_;
};

inline bool exists(pid_t pid) {
    return pid > 0 && (kill(pid, 0) == 0 || errno != ESRCH);
}

}  // namespace lockstep::test
