// SPDX-License-Identifier: MIT
// git reports network failures in words only; LC_ALL=C keeps them English. Collected from git 2.39 to 2.47,
// OpenSSH 9.2, and the messages of GitHub, Gitea and Forgejo.
#include "edges/git_trouble.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

ErrorKind kind_of(GitTrouble trouble) {
    switch (trouble) {
        case GitTrouble::not_started:
            return ErrorKind::config;
        case GitTrouble::interrupted:
            return ErrorKind::interrupted;
        case GitTrouble::denied:
        case GitTrouble::not_found:
            return ErrorKind::credentials;
        default:
            return ErrorKind::infrastructure;
    }
}

std::string hint_for(GitTrouble trouble, const std::string& err) {
    switch (trouble) {
        case GitTrouble::not_started:
            return "install git 2.31 or newer and see that PATH holds it";
        case GitTrouble::timed_out:
            return "check the network, or raise git.timeout in lockstep.yaml";
        case GitTrouble::denied:
            if (mentions(err, {"host key"}))
                return "put the server's key into known_hosts of the user that runs lockstep";
            if (mentions(err, {"publickey"}))
                return "give the user that runs lockstep an ssh key that the server accepts";
            return "give a token that may read and write this repository (--token-file), or set up git's own "
                   "credentials";
        case GitTrouble::not_found:
            return "check the remote's address, and that the token or key may see the repository";
        case GitTrouble::unreachable:
            if (mentions(err, {"certificate"})) return "name the authority's file in git's http.sslCAInfo";
            if (mentions(err, {"error: 301", "error: 302", "error: 307", "error: 308"}))
                return "the repository has moved: update the remote's address";
            return "check the remote's address and the network";
        default:
            return "";
    }
}

}  // namespace

bool mentions(std::string_view text, std::initializer_list<std::string_view> phrases) {
    const auto same = [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
    };
    return std::any_of(phrases.begin(), phrases.end(), [&](std::string_view phrase) {
        return std::search(text.begin(), text.end(), phrase.begin(), phrase.end(), same) != text.end();
    });
}

GitTrouble trouble_of(const GitAnswer& answer) {
    using Kind = ExitStatus::Kind;
    switch (answer.status.kind) {
        case Kind::not_started:
            return GitTrouble::not_started;
        case Kind::interrupted:
            return GitTrouble::interrupted;
        case Kind::timed_out:
        case Kind::over_memory:
        case Kind::silent:
            return GitTrouble::timed_out;
        case Kind::signalled:
            return GitTrouble::lost;
        case Kind::exited:
            break;
    }
    const std::string& err = answer.err;
    if (mentions(err, {"authentication failed", "could not read username", "could not read password",
                       "terminal prompts disabled", "permission denied (", "returned error: 401", "returned error: 403",
                       "http 401", "http 403", "host key verification failed", "permission denied for writing",
                       "access denied", "access is denied", "invalid credentials", "too many authentication failures",
                       "error: permission to ", "remote: permission to ", "key is marked as read only",
                       "write access to repository not granted"}))
        return GitTrouble::denied;
    if (mentions(err, {"repository not found", "returned error: 404", "does not appear to be a git repository",
                       "not found: did you run git update-server-info", "cannot find repository",
                       "no such file or directory\nfatal: could not read from remote", "does not exist\nfatal"}) ||
        (mentions(err, {"fatal: repository '"}) && mentions(err, {"' not found", "' does not exist"})))
        return GitTrouble::not_found;
    if (mentions(err, {"rpc failed"})) return GitTrouble::lost;
    if (mentions(err, {"could not resolve host", "unable to access '", "unable to connect to", "failed to connect",
                       "connection refused", "no route to host", "network is unreachable", "connection timed out",
                       "operation timed out", "kex_exchange_identification", "banner exchange", "certificate",
                       "transport 'ext' not allowed", "unable to find remote helper", "is not a valid",
                       "unable to fork", "cannot run ssh"}))
        return GitTrouble::unreachable;
    if (mentions(err, {"hung up", "unexpected disconnect", "early eof", "connection reset", "broken pipe",
                       "could not read from remote repository", "operation too slow"}))
        return GitTrouble::lost;
    return GitTrouble::other;
}

Error git_error(const GitAnswer& answer, std::string what) {
    const GitTrouble trouble = trouble_of(answer);
    std::string why(trim(answer.err));
    if (answer.truncated && answer.status.ok()) why = "git's answer is too long";
    if (!(answer.status.kind == ExitStatus::Kind::exited && !why.empty()))
        why = "git " + describe(answer.status) + (why.empty() ? "" : "\n" + why);
    return {kind_of(trouble), std::move(what), std::move(why), hint_for(trouble, answer.err)};
}

}  // namespace lockstep
