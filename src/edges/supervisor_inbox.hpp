// SPDX-License-Identifier: MIT
// What others ask of the supervisor's thread, in the order in which they asked.
#pragma once

#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "edges/fd.hpp"
#include "lockstep/ports/process.hpp"

namespace lockstep {

/// Processes that children left behind: "123 (sleep)".
struct Leftovers {
    std::vector<std::string> ended;   ///< killed, and gone
    std::vector<std::string> living;  ///< still there, for whatever reason
};

struct SubmitRequest {
    ChildId id = 0;
    Command command;
    ProcessRunner::OnOutput on_output;
    ProcessRunner::OnExit on_exit;
    int attempts = 0;
};
struct StopRequest {
    ChildId id = 0;
};
struct StopAllRequest {
    bool hard = false;
};
struct AdmitRequest {};  ///< after a StopAllRequest
struct LeftoversRequest {
    std::shared_ptr<std::promise<Leftovers>> answer;
};
struct QuitRequest {};

using SupervisorRequest =
    std::variant<SubmitRequest, StopRequest, StopAllRequest, AdmitRequest, LeftoversRequest, QuitRequest>;

/// Thread-safe.
class SupervisorInbox {
public:
    SupervisorInbox();

    void post(SupervisorRequest request);
    /// Everything posted since the last take; makes wake_fd() quiet.
    [[nodiscard]] std::vector<SupervisorRequest> take();
    /// Readable while something was posted.
    [[nodiscard]] int wake_fd() const { return wake_.get(); }

private:
    Fd wake_;
    std::mutex mutex_;
    std::vector<SupervisorRequest> requests_;
};

}  // namespace lockstep
