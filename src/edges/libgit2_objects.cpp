// SPDX-License-Identifier: MIT
// Reading commits, files and refs of the private repository.
#include "edges/libgit2_objects.hpp"

#include <fmt/format.h>

#include "edges/libgit2_handles.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::libgit2 {

void start() {
    static const bool once = [] {
        git_libgit2_init();
        git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
        return true;
    }();
    static_cast<void>(once);
}

std::string last_error(const char* fallback) {
    const git_error* error = git_error_last();
    return error != nullptr && error->message != nullptr ? error->message : fallback;
}

Result<Repository> open_repository(const std::string& path) {
    start();
    Repository repository;
    if (take(repository, [&](auto out) { return git_repository_open(out, path.c_str()); }) != 0)
        return Error{ErrorKind::infrastructure, fmt::format("cannot open the git repository {}", path), last_error(),
                     "check the disk and the permissions of the run directory"};
    return repository;
}

Result<Commit> find_commit(git_repository* repository, const std::string& id) {
    Commit commit;
    git_oid oid;
    const bool found = id.size() == GIT_OID_HEXSZ && git_oid_fromstr(&oid, id.c_str()) == 0 &&
                       take(commit, [&](auto out) { return git_commit_lookup(out, repository, &oid); }) == 0;
    if (!found)
        return Error{ErrorKind::infrastructure, fmt::format("there is no commit {} in the run's repository", id),
                     last_error(), "fetch the ref that holds it first"};
    return commit;
}

namespace {

Identity identity_of(const git_signature* signature) {
    return {signature->name, signature->email};
}

}  // namespace

Result<std::optional<std::string>> read_file(const std::string& path, const std::string& id, const std::string& file) {
    LOCKSTEP_TRY(const auto repository, open_repository(path));
    LOCKSTEP_TRY(const auto commit, find_commit(repository.get(), id));
    const auto trouble = [&](std::string why) {
        return Error{ErrorKind::infrastructure, fmt::format("cannot read {} at {}", file, short_id(id)), std::move(why),
                     ""};
    };
    Tree tree;
    if (take(tree, [&](auto out) { return git_commit_tree(out, commit.get()); }) != 0) return trouble(last_error());
    TreeEntry entry;
    const int code = take(entry, [&](auto out) { return git_tree_entry_bypath(out, tree.get(), file.c_str()); });
    if (code == GIT_ENOTFOUND) return std::optional<std::string>{};
    if (code != 0) return trouble(last_error());
    const git_filemode_t mode = git_tree_entry_filemode(entry.get());
    if (mode != GIT_FILEMODE_BLOB && mode != GIT_FILEMODE_BLOB_EXECUTABLE) {
        Error error = trouble("it is not a regular file there");
        error.kind = ErrorKind::config;
        return error;
    }
    Blob blob;
    if (take(blob, [&](auto out) { return git_blob_lookup(out, repository.get(), git_tree_entry_id(entry.get())); }) !=
        0)
        return trouble(last_error());
    return std::optional(std::string(static_cast<const char*>(git_blob_rawcontent(blob.get())),
                                     static_cast<std::size_t>(git_blob_rawsize(blob.get()))));
}

Result<CommitInfo> commit_info(const std::string& path, const std::string& id) {
    LOCKSTEP_TRY(const auto repository, open_repository(path));
    LOCKSTEP_TRY(const auto commit, find_commit(repository.get(), id));
    CommitInfo info;
    info.id = id;
    info.tree = text_of(*git_commit_tree_id(commit.get()));
    info.message = git_commit_message_raw(commit.get());
    for (unsigned i = 0; i < git_commit_parentcount(commit.get()); ++i)
        info.parents.push_back(text_of(*git_commit_parent_id(commit.get(), i)));
    info.author = identity_of(git_commit_author(commit.get()));
    info.committer = identity_of(git_commit_committer(commit.get()));
    info.time = git_commit_time(commit.get());
    return info;
}

Result<bool> is_ancestor(const std::string& path, const std::string& ancestor, const std::string& descendant) {
    LOCKSTEP_TRY(const auto repository, open_repository(path));
    LOCKSTEP_TRY(const auto older, find_commit(repository.get(), ancestor));
    LOCKSTEP_TRY(const auto newer, find_commit(repository.get(), descendant));
    if (ancestor == descendant) return true;
    const int answer =
        git_graph_descendant_of(repository.get(), git_commit_id(newer.get()), git_commit_id(older.get()));
    if (answer < 0)
        return Error{
            ErrorKind::infrastructure,
            fmt::format("cannot tell whether {} is an ancestor of {}", short_id(ancestor), short_id(descendant)),
            last_error(), "the history may be cut: check out with full history (fetch-depth: 0)"};
    return answer == 1;
}

bool has_commit(const std::string& path, const std::string& id) {
    const auto repository = open_repository(path);
    return repository.ok() && find_commit(repository->get(), id).ok();
}

std::string blob_id(std::string_view content) {
    start();
    git_oid id{};
    git_odb_hash(&id, content.data(), content.size(), GIT_OBJECT_BLOB);
    return text_of(id);
}

Result<std::string> ref_commit(const std::string& path, const std::string& ref) {
    LOCKSTEP_TRY(const auto repository, open_repository(path));
    Reference reference;
    Commit commit;
    const bool found =
        take(reference, [&](auto out) { return git_reference_lookup(out, repository.get(), ref.c_str()); }) == 0 &&
        take(commit, [&](auto out) {
            return git_reference_peel(reinterpret_cast<git_object**>(out), reference.get(), GIT_OBJECT_COMMIT);
        }) == 0;
    if (!found) return Error{ErrorKind::infrastructure, fmt::format("{} names no commit", ref), last_error(), ""};
    return text_of(*git_commit_id(commit.get()));
}

Result<void> set_ref(const std::string& path, const std::string& ref, const std::string& id) {
    LOCKSTEP_TRY(const auto repository, open_repository(path));
    LOCKSTEP_TRY(const auto commit, find_commit(repository.get(), id));
    Reference reference;
    if (take(reference, [&](auto out) {
            return git_reference_create(out, repository.get(), ref.c_str(), git_commit_id(commit.get()), 1, nullptr);
        }) != 0)
        return Error{ErrorKind::infrastructure, fmt::format("cannot set {} in the run's repository", ref), last_error(),
                     ""};
    return {};
}

Result<void> set_head(const std::string& path, const std::string& id) {
    LOCKSTEP_TRY(const auto repository, open_repository(path));
    LOCKSTEP_TRY(const auto commit, find_commit(repository.get(), id));
    if (git_repository_set_head_detached(repository.get(), git_commit_id(commit.get())) != 0)
        return Error{ErrorKind::infrastructure, "cannot set HEAD in the run's repository", last_error(), ""};
    return {};
}

bool valid_ref(const std::string& ref) {
    start();
    int valid = 0;
    // libgit2 (1.5) takes DEL, which git refuses.
    return ref.find_first_of(std::string_view("\0\x7f", 2)) == std::string::npos &&
           git_reference_name_is_valid(&valid, ref.c_str()) == 0 && valid == 1 && ref.starts_with("refs/");
}

}  // namespace lockstep::libgit2
