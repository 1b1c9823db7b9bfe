// SPDX-License-Identifier: MIT
// `git commit-tree -S` with everything given: tree, parent, message, both identities and the time.
#include "edges/git_sign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lockstep/core/text.hpp"

namespace lockstep {

bool signing_wanted(CommitRequest::Sign wish, const GitConfig& config) {
    if (wish == CommitRequest::Sign::as_configured) return config.is_true("commit.gpgsign");
    return wish == CommitRequest::Sign::always;
}

Result<std::string> write_signed_commit(const GitCli& git, const std::filesystem::path& repository,
                                        const CommitRequest& request, const std::string& tree, const Identity& author,
                                        const Identity& committer, const GitEntries& settings) {
    const std::string date = fmt::format("@{} +0000", request.time);
    GitCall call;
    call.args = {"commit-tree", "-S", "-p", request.parent, tree};
    call.repository = repository;
    call.config = settings;
    call.env = {{"GIT_AUTHOR_NAME", author.name},
                {"GIT_AUTHOR_EMAIL", author.email},
                {"GIT_AUTHOR_DATE", date},
                {"GIT_COMMITTER_NAME", committer.name},
                {"GIT_COMMITTER_EMAIL", committer.email},
                {"GIT_COMMITTER_DATE", date},
                {"SSH_ASKPASS_REQUIRE", git.environment("SSH_ASKPASS_REQUIRE") == "force" ? "force" : "never"}};
    // No window and no terminal to ask on: a key that needs a person fails instead of waiting.
    call.env_unset = {"DISPLAY", "WAYLAND_DISPLAY"};
    call.stdin_text = request.message;
    call.deadline = std::min<std::chrono::milliseconds>(git.settings().timeout, std::chrono::minutes(1));
    const GitAnswer answer = git.run(call);
    if (answer.ok()) return std::string(trim(answer.out));
    std::string why(trim(answer.err));
    if (answer.status.kind != ExitStatus::Kind::exited)
        why = "git " + describe(answer.status) + (why.empty() ? "" : "\n" + why);
    return Error{answer.status.kind == ExitStatus::Kind::interrupted ? ErrorKind::interrupted : ErrorKind::config,
                 "the commit cannot be signed", std::move(why),
                 "make the signing key usable without a passphrase prompt for this user (user.signingkey, gpg.format, "
                 "an agent), or "
                 "set commit.sign: never in lockstep.yaml"};
}

}  // namespace lockstep
