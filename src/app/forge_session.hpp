// SPDX-License-Identifier: MIT
// The forge port over a dialect and an HTTP client. What is to be created is looked for first and again after every
// unclear failure, because both families of forges may have done the work before they answered 502.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/forge_session_exchange.hpp"
#include "lockstep/ports/forge.hpp"

namespace lockstep {

class ForgeSession final : public Forge {
public:
    using Options = ForgeExchange::Options;

    /// `http` and `clock` must live longer. `token` may be empty: then check_access fails and reads are anonymous.
    ForgeSession(std::unique_ptr<forge::Dialect> dialect, HttpClient& http, Clock& clock, std::string token,
                 Options options);

    [[nodiscard]] std::string kind() const override;
    [[nodiscard]] std::string repository_url() const override;
    [[nodiscard]] Result<void> check_access() override;
    [[nodiscard]] Result<ForgeLimits> limits() override;
    [[nodiscard]] Result<std::vector<PullRequest>> open_pulls(const std::string& base) override;
    [[nodiscard]] Result<PullRequest> create_pull(const PullDraft& draft) override;
    [[nodiscard]] Result<PullRequest> edit_pull(std::int64_t number, const std::string& title,
                                                const std::string& body) override;
    [[nodiscard]] Result<void> add_labels(std::int64_t number, const std::vector<std::string>& labels) override;
    [[nodiscard]] Result<void> remove_labels(std::int64_t number, const std::vector<std::string>& labels) override;
    [[nodiscard]] Result<std::vector<ForgeComment>> comments(std::int64_t number) override;
    [[nodiscard]] Result<ForgeComment> put_comment(std::int64_t number, std::int64_t id,
                                                   const std::string& body) override;
    [[nodiscard]] Result<std::string> attach(std::int64_t number, const std::string& name,
                                             const std::string& content) override;
    [[nodiscard]] Result<void> set_status(const std::string& commit, const StatusText& status,
                                          const std::string& target_url) override;

private:
    template <class T>
    using Found = Result<std::optional<T>>;

    /// Every page of a list; `got` is the answer to `first`, if it is there already.
    template <class T>
    [[nodiscard]] Result<std::vector<T>> all_pages(const HttpRequest& first,
                                                   const std::function<HttpRequest(const std::string&)>& request_page,
                                                   Result<forge::Page<T>> (forge::Dialect::*parse)(const HttpResponse&)
                                                       const,
                                                   std::optional<HttpResponse> got = std::nullopt);
    template <class T>
    [[nodiscard]] Result<T> read(const HttpResponse& response,
                                 Result<T> (forge::Dialect::*parse)(const HttpResponse&) const);
    /// Sends a creating request so that it takes effect once: after an unclear failure `find` looks before the next
    /// try.
    template <class T>
    [[nodiscard]] Result<T> create_once(const HttpRequest& request,
                                        Result<T> (forge::Dialect::*parse)(const HttpResponse&) const,
                                        const std::function<Found<T>()>& find);

    [[nodiscard]] Result<std::vector<PullRequest>> list_pulls(const std::string& base);
    [[nodiscard]] Result<std::vector<forge::ForgeLabel>> list_labels();
    [[nodiscard]] Result<forge::ForgeLabel> create_label(const std::string& name);
    [[nodiscard]] Result<std::vector<ForgeComment>> list_comments(std::int64_t number);
    [[nodiscard]] Result<std::vector<forge::ForgeAttachment>> list_attachments(std::int64_t number);
    [[nodiscard]] Result<ForgeComment> create_comment(std::int64_t number, const std::string& body);
    [[nodiscard]] Result<forge::ForgeAttachment> create_attachment(std::int64_t number, const std::string& name,
                                                                   const std::string& content,
                                                                   const std::vector<forge::ForgeAttachment>& before);

    std::unique_ptr<forge::Dialect> dialect_;
    bool has_token_;
    bool access_is_told_;
    ForgeExchange exchange_;
    std::optional<ForgeLimits> limits_;
};

}  // namespace lockstep
