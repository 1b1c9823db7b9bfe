// SPDX-License-Identifier: MIT
// A forge that never gets to see a secret as text: whatever is published through it is redacted first.
#pragma once

#include <memory>

#include "edges/secrets.hpp"
#include "lockstep/ports/forge.hpp"

namespace lockstep {

class RedactingForge final : public Forge {
public:
    RedactingForge(std::unique_ptr<Forge> inner, const Secrets& secrets)
        : inner_(std::move(inner)), secrets_(secrets) {}

    [[nodiscard]] std::string kind() const override { return inner_->kind(); }
    [[nodiscard]] std::string repository_url() const override { return inner_->repository_url(); }
    [[nodiscard]] Result<void> check_access() override { return inner_->check_access(); }
    [[nodiscard]] Result<ForgeLimits> limits() override { return inner_->limits(); }
    [[nodiscard]] Result<std::vector<PullRequest>> open_pulls(const std::string& base) override {
        return inner_->open_pulls(base);
    }
    [[nodiscard]] Result<PullRequest> create_pull(const PullDraft& draft) override {
        return inner_->create_pull({clean(draft.title), clean(draft.body), draft.head, draft.base});
    }
    [[nodiscard]] Result<PullRequest> edit_pull(std::int64_t number, const std::string& title,
                                                const std::string& body) override {
        return inner_->edit_pull(number, clean(title), clean(body));
    }
    [[nodiscard]] Result<void> add_labels(std::int64_t number, const std::vector<std::string>& labels) override {
        return inner_->add_labels(number, labels);
    }
    [[nodiscard]] Result<void> remove_labels(std::int64_t number, const std::vector<std::string>& labels) override {
        return inner_->remove_labels(number, labels);
    }
    [[nodiscard]] Result<std::vector<ForgeComment>> comments(std::int64_t number) override {
        return inner_->comments(number);
    }
    [[nodiscard]] Result<ForgeComment> put_comment(std::int64_t number, std::int64_t id,
                                                   const std::string& body) override {
        return inner_->put_comment(number, id, clean(body));
    }
    [[nodiscard]] Result<std::string> attach(std::int64_t number, const std::string& name,
                                             const std::string& content) override {
        return inner_->attach(number, name, clean(content));
    }
    [[nodiscard]] Result<void> set_status(const std::string& commit, const StatusText& status,
                                          const std::string& target_url) override {
        return inner_->set_status(commit, {clean(status.context), status.state, clean(status.description)},
                                  clean(target_url));
    }

private:
    [[nodiscard]] std::string clean(const std::string& text) const { return secrets_.redacted(text); }

    std::unique_ptr<Forge> inner_;
    const Secrets& secrets_;
};

}  // namespace lockstep
