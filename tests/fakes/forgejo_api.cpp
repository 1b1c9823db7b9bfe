// SPDX-License-Identifier: MIT
// Forgejo where it differs from Gitea 1.22, which it left.
#include "fakes/gitea_api.hpp"

namespace lockstep::fakes {

namespace {

class ForgejoApi final : public GiteaApi {
public:
    explicit ForgejoApi(const std::string& version) : GiteaApi(version + "+gitea-1.22.0", "Forgejo") {
        routes_.push_back({"GET", "/forgejo/v1/version", Need::nothing, [this](Exchange&) {
                               return json_reply(200, {{"version", version_}});
                           }});
    }

    [[nodiscard]] std::string document() const override {
        return release_.at_least(16, 0) ? "forgejo-16.json" : "forgejo.json";
    }
    [[nodiscard]] std::optional<std::string> outside_mount(const std::string& path) const override {
        return path == "/api/forgejo/v1/version" ? std::optional<std::string>("/forgejo/v1/version") : std::nullopt;
    }

private:
    [[nodiscard]] bool labels_by_name() const override { return release_.at_least(11, 0); }
    [[nodiscard]] bool removes_labels_by_name() const override { return release_.at_least(15, 0); }
    [[nodiscard]] int status_of_forbidden_type() const override { return 422; }
    [[nodiscard]] bool refuses_large_attachments() const override { return false; }

    /// From 16 on; `head` is the plain name of a branch, so "owner:branch" finds nothing.
    [[nodiscard]] bool filters_pull(const Exchange& exchange, const Pull& pull) const override {
        if (!release_.at_least(16, 0)) return true;
        const auto head = exchange.call.parameter("head").value_or("");
        const auto base = exchange.call.parameter("base").value_or("");
        return (head.empty() || pull.head == head) && (base.empty() || pull.base == base);
    }
};

}  // namespace

std::unique_ptr<ForgeApi> make_gitea_api(const std::string& version, bool forgejo) {
    if (forgejo) return std::make_unique<ForgejoApi>(version);
    return std::make_unique<GiteaApi>(version);
}

}  // namespace lockstep::fakes
