// SPDX-License-Identifier: MIT
// The Gitea family's REST interface (Gitea 1.20 to 1.26, Forgejo 7 to 16), as far as lockstep uses it.
#pragma once

#include "fakes/forge_api.hpp"

namespace lockstep::fakes {

class GiteaApi : public ForgeApi {
public:
    explicit GiteaApi(std::string version) : GiteaApi(std::move(version), "Gitea") {}

    [[nodiscard]] std::string mount() const override { return "/api/v1"; }
    [[nodiscard]] bool detects_merges(const ForgeSettings& settings) const override {
        return settings.autodetect_manual_merge;
    }
    [[nodiscard]] std::string document() const override;
    [[nodiscard]] std::string make_token(bool job, std::int64_t serial) const override;
    [[nodiscard]] std::pair<std::string, std::string> protection_hook() const override;
    [[nodiscard]] std::string realm() const override { return product_; }
    [[nodiscard]] std::string push_refusal(const ForgeState& state, const std::string& user) const override;
    void set_defaults(ForgeState& state) const override;

protected:
    GiteaApi(std::string version, std::string product);

    // Where versions and Forgejo differ.
    [[nodiscard]] virtual bool labels_by_name() const { return release_.at_least(1, 22); }
    [[nodiscard]] virtual bool removes_labels_by_name() const { return false; }
    [[nodiscard]] virtual int status_of_forbidden_type() const { return release_.at_least(1, 23) ? 422 : 500; }
    [[nodiscard]] virtual bool refuses_large_attachments() const { return release_.at_least(1, 26); }
    [[nodiscard]] virtual bool filters_pull(const Exchange& exchange, const Pull& pull) const;

    [[nodiscard]] Reply not_found(const Exchange& exchange) const override;
    [[nodiscard]] std::optional<Reply> refuse(const Exchange& exchange, const Route& route) const override;
    [[nodiscard]] Reply bad_body(const Exchange& exchange, const std::string& why) const override;
    [[nodiscard]] Reply message(const Exchange& exchange, int status, const std::string& words) const;

    std::string version_, product_;
    Version release_;

private:
    void add_server_routes();
    void add_pull_routes();
    void add_label_routes();
    void add_comment_routes();
    void add_attachment_routes();
    void add_status_routes();

    Reply list_pulls(Exchange& exchange) const;
    Reply create_pull(Exchange& exchange) const;
    Reply edit_pull(Exchange& exchange) const;
    Reply create_label(Exchange& exchange) const;
    Reply add_labels(Exchange& exchange) const;
    Reply remove_label(Exchange& exchange) const;
    Reply create_comment(Exchange& exchange) const;
    Reply create_attachment(Exchange& exchange) const;
    Reply remove_attachment(Exchange& exchange) const;
    Reply create_status(Exchange& exchange) const;
    /// A route on one pull request ("{index}"): 404 when there is none.
    using OfPull = std::function<Reply(Exchange&, Pull&)>;
    [[nodiscard]] std::function<Reply(Exchange&)> of_pull(OfPull answer) const;
    /// A list that is paged; pull requests and statuses have a Link header, labels only the count.
    [[nodiscard]] static Reply paged(Exchange& exchange, const std::vector<json>& items, bool with_link);
};

}  // namespace lockstep::fakes
