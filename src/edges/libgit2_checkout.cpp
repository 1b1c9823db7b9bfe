// SPDX-License-Identifier: MIT
// Reads the user's checkout: where it is, what HEAD is, whether tracked files differ. Never refreshes the index.
#include "edges/libgit2_checkout.hpp"

#include <system_error>

#include "edges/libgit2_handles.hpp"

namespace lockstep::libgit2 {

namespace fs = std::filesystem;

namespace {

using State = CheckoutReading::State;

bool read_head(git_repository* repository, CheckoutFacts& facts) {
    Reference head;
    if (take(head, [&](auto out) { return git_reference_lookup(out, repository, "HEAD"); }) != 0) return false;
    if (git_reference_type(head.get()) == GIT_REFERENCE_SYMBOLIC) {
        const std::string target = git_reference_symbolic_target(head.get());
        constexpr std::string_view k_heads = "refs/heads/";
        facts.head_branch = target.starts_with(k_heads) ? target.substr(k_heads.size()) : target;
    }
    git_oid id;
    const int code = git_reference_name_to_id(&id, repository, "HEAD");
    if (code == GIT_ENOTFOUND) return true;  // nothing committed yet
    if (code != 0) return false;
    facts.head_commit = text_of(id);
    return true;
}

/// Changes of tracked files, staged or not. GIT_STATUS_OPT_UPDATE_INDEX stays off: the index is the user's.
bool read_dirty(git_repository* repository, CheckoutFacts& facts) {
    git_status_options options = GIT_STATUS_OPTIONS_INIT;
    options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
    options.flags = 0;
    StatusList list;
    if (take(list, [&](auto out) { return git_status_list_new(out, repository, &options); }) != 0) return false;
    const std::size_t count = git_status_list_entrycount(list.get());
    for (std::size_t i = 0; i < count && !facts.dirty; ++i) {
        const unsigned status = git_status_byindex(list.get(), i)->status;
        facts.dirty = (status & ~static_cast<unsigned>(GIT_STATUS_IGNORED | GIT_STATUS_WT_NEW)) != 0;
    }
    return true;
}

}  // namespace

CheckoutReading read_checkout(const fs::path& dir) {
    start();
    CheckoutReading reading;
    std::error_code trouble;
    const fs::path asked = fs::canonical(dir, trouble);
    if (trouble) {
        reading.why = trouble.message();
        return reading;
    }
    Repository repository;
    const int code =
        take(repository, [&](auto out) { return git_repository_open_ext(out, asked.c_str(), 0, nullptr); });
    if (code != 0) {
        reading.state = code == GIT_ENOTFOUND ? State::none : State::unsupported;
        reading.why = last_error();
        return reading;
    }
    if (git_repository_is_bare(repository.get()) != 0) {
        reading.state = State::bare;
        return reading;
    }
    CheckoutFacts& facts = reading.facts;
    facts.root = fs::canonical(git_repository_workdir(repository.get()), trouble);
    const fs::path below = asked.lexically_relative(facts.root);
    facts.subdir = below == "." ? "" : below.string();
    facts.shallow = git_repository_is_shallow(repository.get()) == 1;
    reading.state = !trouble && read_head(repository.get(), facts) && read_dirty(repository.get(), facts)
                        ? State::ok
                        : State::unsupported;
    if (reading.state != State::ok) reading.why = last_error();
    return reading;
}

}  // namespace lockstep::libgit2
