// SPDX-License-Identifier: MIT
// The face of the supervisor for other threads: notes into an inbox.
#include "edges/supervisor.hpp"

#include <signal.h>  // NOLINT(modernize-deprecated-headers)
#include <sys/eventfd.h>
#include <sys/prctl.h>

#include "edges/supervisor_loop.hpp"
#include "lockstep/core/check.hpp"

namespace lockstep {

SupervisorInbox::SupervisorInbox() : wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    LOCKSTEP_CHECK(wake_.open());
}

void SupervisorInbox::post(SupervisorRequest request) {
    {
        const std::lock_guard lock(mutex_);
        requests_.push_back(std::move(request));
    }
    const std::uint64_t one = 1;
    (void)!write(wake_.get(), &one, sizeof one);
}

std::vector<SupervisorRequest> SupervisorInbox::take() {
    std::uint64_t count = 0;
    (void)!read(wake_.get(), &count, sizeof count);
    const std::lock_guard lock(mutex_);
    return std::exchange(requests_, {});
}

Supervisor::Supervisor(std::vector<std::string> base_environment) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    struct sigaction child {};
    if (sigaction(SIGCHLD, nullptr, &child) == 0 && child.sa_handler == SIG_IGN) signal(SIGCHLD, SIG_DFL);
    // The thread takes no signals: they are for those who wait for them, and SIGPIPE becomes EPIPE.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    thread_ =
        std::thread([this, environment = std::move(base_environment)] { SupervisorLoop(inbox_, environment).run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Supervisor::~Supervisor() {
    LOCKSTEP_CHECK(std::this_thread::get_id() != thread_.get_id());
    inbox_.post(QuitRequest{});
    thread_.join();
}

ChildId Supervisor::submit(Command command, OnOutput on_output, OnExit on_exit) {
    const ChildId id = ++last_id_;
    inbox_.post(SubmitRequest{id, std::move(command), std::move(on_output), std::move(on_exit)});
    return id;
}

void Supervisor::stop(ChildId id) {
    inbox_.post(StopRequest{id});
}

Leftovers Supervisor::end_leftovers() {
    LOCKSTEP_CHECK(std::this_thread::get_id() != thread_.get_id());
    auto answer = std::make_shared<std::promise<Leftovers>>();
    auto future = answer->get_future();
    inbox_.post(LeftoversRequest{std::move(answer)});
    return future.get();
}

void Supervisor::stop_all(bool hard) {
    inbox_.post(StopAllRequest{hard});
}

void Supervisor::admit() {
    inbox_.post(AdmitRequest{});
}

}  // namespace lockstep
