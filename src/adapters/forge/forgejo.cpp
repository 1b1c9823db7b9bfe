// SPDX-License-Identifier: MIT
// Forgejo where it differs from Gitea: its name, and what its refusals mean.
#include "adapters/forge/dialects.hpp"
#include "adapters/forge/gitea.hpp"
#include "adapters/forge/rest.hpp"

namespace lockstep::forge {

namespace {

class ForgejoDialect final : public GiteaDialect {
public:
    using GiteaDialect::GiteaDialect;

    [[nodiscard]] std::string name() const override { return "forgejo"; }

    [[nodiscard]] std::string advice(const HttpRequest& request, const HttpResponse& response) const override {
        // Seen with Forgejo 15 job tokens: the repository is there, the permission is not.
        if (response.status == 404 && says(read_error(response), "can't read"))
            return "switch on pull requests in the repository's settings, or use a token of a user with write access "
                   "instead of the job's own token";
        return GiteaDialect::advice(request, response);
    }
};

}  // namespace

std::unique_ptr<Dialect> make_forgejo(const Location& location) {
    return std::make_unique<ForgejoDialect>(location);
}

}  // namespace lockstep::forge
