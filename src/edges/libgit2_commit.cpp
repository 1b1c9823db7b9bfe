// SPDX-License-Identifier: MIT
// Builds the one kind of commit that lockstep makes: the parent's tree with exactly one file replaced.
#include <fmt/format.h>

#include "edges/libgit2_handles.hpp"
#include "edges/libgit2_objects.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::libgit2 {

namespace {

Error cannot_replace(const CommitRequest& request, ErrorKind kind, std::string why) {
    return {kind, fmt::format("cannot commit {} on top of {}", request.path, short_id(request.parent)), std::move(why),
            ""};
}

bool plain_path(const std::string& path) {
    if (path.empty() || path.find('\0') != std::string::npos) return false;
    for (const auto& part : split(path, '/'))
        if (part.empty() || part == "." || part == "..") return false;
    return true;
}

/// Every directory on the way must be one (or absent); libgit2 would silently put a directory in a file's place.
Result<git_filemode_t> mode_at(git_tree* root, const CommitRequest& request) {
    for (auto slash = request.path.find('/');; slash = request.path.find('/', slash + 1)) {
        const bool last = slash == std::string::npos;
        TreeEntry entry;
        const std::string prefix = request.path.substr(0, slash);
        const int code = take(entry, [&](auto out) { return git_tree_entry_bypath(out, root, prefix.c_str()); });
        if (code == GIT_ENOTFOUND) return GIT_FILEMODE_BLOB;
        if (code != 0) return cannot_replace(request, ErrorKind::infrastructure, last_error());
        const git_filemode_t mode = git_tree_entry_filemode(entry.get());
        const bool file = mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE;
        if (last ? !file : mode != GIT_FILEMODE_TREE)
            return cannot_replace(request, ErrorKind::config,
                                  fmt::format("{} is not a {} there", prefix, last ? "regular file" : "directory"));
        if (last) return mode;
    }
}

Result<Signature> signature_of(const Identity& identity, std::int64_t time) {
    Signature signature;
    if (take(signature, [&](auto out) {
            return git_signature_new(out, identity.name.c_str(), identity.email.c_str(), time, 0);
        }) != 0)
        return Error{ErrorKind::config,
                     fmt::format("\"{} <{}>\" cannot author a commit", identity.name, identity.email), last_error(),
                     "set commit.name and commit.email in lockstep.yaml"};
    return signature;
}

}  // namespace

Result<std::string> tree_with(const std::string& path, const CommitRequest& request) {
    if (!plain_path(request.path))
        return cannot_replace(request, ErrorKind::config, "not a path inside the repository");
    LOCKSTEP_TRY(const auto repository, open_repository(path));
    LOCKSTEP_TRY(const auto parent, find_commit(repository.get(), request.parent));
    Tree tree;
    if (take(tree, [&](auto out) { return git_commit_tree(out, parent.get()); }) != 0)
        return cannot_replace(request, ErrorKind::infrastructure, last_error());
    LOCKSTEP_TRY(const git_filemode_t mode, mode_at(tree.get(), request));
    git_tree_update update{};
    update.action = GIT_TREE_UPDATE_UPSERT;
    update.filemode = mode;
    update.path = request.path.c_str();
    git_oid result;
    if (git_blob_create_from_buffer(&update.id, repository.get(), request.content.data(), request.content.size()) !=
            0 ||
        git_tree_create_updated(&result, repository.get(), tree.get(), 1, &update) != 0)
        return cannot_replace(request, ErrorKind::infrastructure, last_error());
    if (git_oid_equal(&result, git_tree_id(tree.get())) != 0)
        return cannot_replace(request, ErrorKind::internal, "the parent already holds this content");
    return text_of(result);
}

Result<std::string> write_commit(const std::string& path, const CommitRequest& request, const std::string& tree_id,
                                 const Identity& author, const Identity& committer) {
    LOCKSTEP_TRY(const auto repository, open_repository(path));
    LOCKSTEP_TRY(const auto parent, find_commit(repository.get(), request.parent));
    LOCKSTEP_TRY(const auto wrote, signature_of(author, request.time));
    LOCKSTEP_TRY(const auto committed, signature_of(committer, request.time));
    Tree tree;
    git_oid id;
    const git_commit* parents[] = {parent.get()};
    if (git_oid_fromstr(&id, tree_id.c_str()) != 0 ||
        take(tree, [&](auto out) { return git_tree_lookup(out, repository.get(), &id); }) != 0 ||
        git_commit_create(&id, repository.get(), nullptr, wrote.get(), committed.get(), nullptr,
                          request.message.c_str(), tree.get(), 1, parents) != 0)
        return cannot_replace(request, ErrorKind::infrastructure, last_error());
    return text_of(id);
}

Result<std::string> write_note(const std::string& path, const std::string& text, std::int64_t time) {
    LOCKSTEP_TRY(const auto repository, open_repository(path));
    LOCKSTEP_TRY(const auto by, signature_of({"lockstep", "lockstep@localhost"}, time));
    git_treebuilder* builder = nullptr;
    git_oid tree_id, id;
    int code = git_treebuilder_new(&builder, repository.get(), nullptr);
    if (code == 0) code = git_treebuilder_write(&tree_id, builder);
    git_treebuilder_free(builder);
    Tree tree;
    if (code != 0 || take(tree, [&](auto out) { return git_tree_lookup(out, repository.get(), &tree_id); }) != 0 ||
        git_commit_create(&id, repository.get(), nullptr, by.get(), by.get(), nullptr, text.c_str(), tree.get(), 0,
                          nullptr) != 0)
        return Error{ErrorKind::infrastructure, "a note cannot be written", last_error(), ""};
    return text_of(id);
}

}  // namespace lockstep::libgit2
