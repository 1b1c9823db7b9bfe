// SPDX-License-Identifier: MIT
// libgit2's objects as owners, its start-up, and its last error as text. Included by libgit2_*.cpp alone.
#pragma once

#include <git2.h>

#include <memory>
#include <string>

#include "lockstep/core/result.hpp"

namespace lockstep::libgit2 {

template <auto release>
struct Release {
    template <class T>
    void operator()(T* handle) const noexcept {
        release(handle);
    }
};

using Repository = std::unique_ptr<git_repository, Release<git_repository_free>>;
using Commit = std::unique_ptr<git_commit, Release<git_commit_free>>;
using Tree = std::unique_ptr<git_tree, Release<git_tree_free>>;
using TreeEntry = std::unique_ptr<git_tree_entry, Release<git_tree_entry_free>>;
using Blob = std::unique_ptr<git_blob, Release<git_blob_free>>;
using Reference = std::unique_ptr<git_reference, Release<git_reference_free>>;
using Signature = std::unique_ptr<git_signature, Release<git_signature_free>>;
using StatusList = std::unique_ptr<git_status_list, Release<git_status_list_free>>;

/// Fills `handle` by a libgit2 call of the form `int f(T** out, …)` and returns its code.
template <class Handle, class Call>
int take(Handle& handle, Call call) {
    typename Handle::pointer raw = nullptr;
    const int code = call(&raw);
    handle.reset(raw);
    return code;
}

/// Starts the library once per process. Ownership of a repository is not checked here: nothing that libgit2 reads is
/// ever executed (no hooks, no external filters, no fsmonitor), and git itself is asked before settings are taken over.
void start();

/// libgit2's words for the call that just failed, or `fallback`.
[[nodiscard]] std::string last_error(const char* fallback = "no reason given");

[[nodiscard]] inline std::string text_of(const git_oid& id) {
    return git_oid_tostr_s(&id);
}

[[nodiscard]] Result<Repository> open_repository(const std::string& path);
/// Errors: infrastructure when the object is absent or no commit.
[[nodiscard]] Result<Commit> find_commit(git_repository* repository, const std::string& id);

}  // namespace lockstep::libgit2
