// SPDX-License-Identifier: MIT
// The dialect of Gitea (1.20 or newer) and, with few differences, of Forgejo (7 or newer).
#pragma once

#include "lockstep/adapters/forge_dialect.hpp"

namespace lockstep::forge {

class GiteaDialect : public Dialect {
public:
    explicit GiteaDialect(const Location& location);

    [[nodiscard]] std::string name() const override { return "gitea"; }
    [[nodiscard]] const Location& location() const override { return location_; }
    [[nodiscard]] Headers auth(const std::string& token) const override;
    [[nodiscard]] Meaning meaning(const HttpRequest& request, const HttpResponse& response) const override;
    [[nodiscard]] std::string error_text(const HttpResponse& response) const override;
    [[nodiscard]] std::string advice(const HttpRequest& request, const HttpResponse& response) const override;

    [[nodiscard]] std::string numbered_page(const std::string& first_url, std::size_t number) const override;

    [[nodiscard]] HttpRequest get_repository() const override;
    [[nodiscard]] Result<void> parse_access(const HttpResponse& response) const override;
    [[nodiscard]] std::optional<HttpRequest> get_limits() const override;
    [[nodiscard]] ForgeLimits parse_limits(const HttpResponse* response) const override;

    [[nodiscard]] HttpRequest list_pulls(const std::string& base, const std::string& page_url) const override;
    [[nodiscard]] Result<Page<PullRequest>> parse_pulls(const HttpResponse& response) const override;
    [[nodiscard]] HttpRequest create_pull(const PullDraft& draft) const override;
    [[nodiscard]] HttpRequest edit_pull(std::int64_t number, const std::string& title,
                                        const std::string& body) const override;
    [[nodiscard]] Result<PullRequest> parse_pull(const HttpResponse& response) const override;

    [[nodiscard]] HttpRequest list_labels(const std::string& page_url) const override;
    [[nodiscard]] std::optional<HttpRequest> list_inherited_labels() const override;
    [[nodiscard]] Result<Page<ForgeLabel>> parse_labels(const HttpResponse& response) const override;
    [[nodiscard]] HttpRequest create_label(const std::string& label) const override;
    [[nodiscard]] Result<ForgeLabel> parse_label(const HttpResponse& response) const override;
    [[nodiscard]] HttpRequest add_labels(std::int64_t number, const std::vector<ForgeLabel>& labels) const override;
    [[nodiscard]] HttpRequest remove_label(std::int64_t number, const ForgeLabel& label) const override;

    [[nodiscard]] HttpRequest list_comments(std::int64_t number, const std::string& page_url) const override;
    [[nodiscard]] Result<Page<ForgeComment>> parse_comments(const HttpResponse& response) const override;
    [[nodiscard]] HttpRequest create_comment(std::int64_t number, const std::string& body) const override;
    [[nodiscard]] HttpRequest edit_comment(std::int64_t id, const std::string& body) const override;
    [[nodiscard]] Result<ForgeComment> parse_comment(const HttpResponse& response) const override;

    [[nodiscard]] HttpRequest list_attachments(std::int64_t number, const std::string& page_url) const override;
    [[nodiscard]] Result<Page<ForgeAttachment>> parse_attachments(const HttpResponse& response) const override;
    [[nodiscard]] HttpRequest create_attachment(std::int64_t number, const std::string& name,
                                                const std::string& content) const override;
    [[nodiscard]] HttpRequest delete_attachment(std::int64_t number, std::int64_t id) const override;
    [[nodiscard]] Result<ForgeAttachment> parse_attachment(const HttpResponse& response) const override;

    [[nodiscard]] HttpRequest set_status(const std::string& commit, const StatusText& status,
                                         const std::string& target_url) const override;

private:
    [[nodiscard]] std::string issue(std::int64_t number) const;

    Location location_;
    std::string repository_;
};

}  // namespace lockstep::forge
