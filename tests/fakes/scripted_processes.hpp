// SPDX-License-Identifier: MIT
// A runner without processes: a function says how each command ends. By default inside submit(); while `held`, later
// and one by one.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "lockstep/ports/process.hpp"

namespace lockstep::fakes {

class ScriptedProcesses final : public ProcessRunner {
public:
    struct Ending {
        ExitStatus status{.kind = ExitStatus::Kind::exited, .code = 0};
        std::string err;
    };
    static Ending fails(std::string err, int code = 1) {
        return {{.kind = ExitStatus::Kind::exited, .code = code}, std::move(err)};
    }
    static Ending ends(ExitStatus::Kind kind) { return {{.kind = kind}, ""}; }

    std::function<Ending(const Command&)> script = [](const Command&) { return Ending{}; };
    bool held = false;

    ChildId submit(Command command, OnOutput on_output, OnExit on_exit) override {
        bool now = false;
        {
            const std::lock_guard lock(mutex_);
            commands_.push_back(command);
            now = !held;
            if (!now) waiting_.push_back({std::move(command), std::move(on_output), std::move(on_exit)});
        }
        if (now) end({std::move(command), std::move(on_output), std::move(on_exit)});
        return 1;
    }
    void stop(ChildId) override {}
    void stop_all(bool) override {}

    /// Ends the oldest command that is held; false when there is none.
    bool end_next() {
        Child child;
        {
            const std::lock_guard lock(mutex_);
            if (waiting_.empty()) return false;
            child = std::move(waiting_.front());
            waiting_.pop_front();
        }
        end(child);
        return true;
    }
    [[nodiscard]] std::vector<Command> commands() {
        const std::lock_guard lock(mutex_);
        return commands_;
    }

private:
    struct Child {
        Command command;
        OnOutput on_output;
        OnExit on_exit;
    };
    void end(const Child& child) {
        const auto ending = script(child.command);
        if (!ending.err.empty()) child.on_output(Stream::err, ending.err);
        child.on_exit(ending.status);
    }

    std::mutex mutex_;
    std::vector<Command> commands_;
    std::deque<Child> waiting_;
};

}  // namespace lockstep::fakes
