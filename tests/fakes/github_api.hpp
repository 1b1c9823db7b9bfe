// SPDX-License-Identifier: MIT
// GitHub Enterprise Server's REST interface, version 2022-11-28, as far as lockstep uses it.
#pragma once

#include "fakes/forge_api.hpp"

namespace lockstep::fakes {

class GitHubApi final : public ForgeApi {
public:
    explicit GitHubApi(std::string version);

    [[nodiscard]] std::string mount() const override { return "/api/v3"; }
    [[nodiscard]] bool detects_merges(const ForgeSettings&) const override { return true; }
    [[nodiscard]] std::string document() const override { return "github.json"; }
    [[nodiscard]] std::string make_token(bool job, std::int64_t serial) const override;
    [[nodiscard]] std::pair<std::string, std::string> protection_hook() const override;
    [[nodiscard]] std::string realm() const override { return "GitHub"; }
    [[nodiscard]] std::string push_refusal(const ForgeState& state, const std::string& user) const override;
    void set_defaults(ForgeState& state) const override;
    [[nodiscard]] std::string documented_path(const std::string& path, const ForgeState& state) const override;

private:
    [[nodiscard]] Reply not_found(const Exchange& exchange) const override;
    [[nodiscard]] std::optional<Reply> refuse(const Exchange& exchange, const Route& route) const override;
    [[nodiscard]] Reply bad_body(const Exchange& exchange, const std::string& why) const override;
    void finish(const Exchange& exchange, Reply& reply) const override;

    void add_pull_routes();
    void add_issue_routes();
    void add_status_routes();

    std::string version_;
    mutable std::int64_t used_ = 0;
};

namespace github {
[[nodiscard]] Reply message(int status, const std::string& words);
struct Invalid {
    std::string resource, field, code, words;
};
[[nodiscard]] Reply invalid(const std::vector<Invalid>& errors);
[[nodiscard]] std::size_t characters(const std::string& utf8);
/// "" = fine, else the reason that GitHub gives.
[[nodiscard]] std::string body_problem(const std::string& body);
}  // namespace github

}  // namespace lockstep::fakes
