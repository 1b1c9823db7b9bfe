// SPDX-License-Identifier: MIT
// A forge's own description of its REST interface, as a judge of requests and answers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fakes/http_message.hpp"

namespace lockstep::fakes {

class OpenApi {
public:
    /// Where the documents are: LOCKSTEP_OPENAPI_DIR, else ../shared/openapi beside the source tree.
    [[nodiscard]] static std::string folder();
    /// One document of the folder, loaded once per process; nullptr when it is not there.
    [[nodiscard]] static std::shared_ptr<const OpenApi> load(const std::string& name);

    virtual ~OpenApi() = default;
    /// What is wrong with a request; `path` is encoded and relative to the API base.
    [[nodiscard]] virtual std::vector<std::string> check_request(const Call& call, const std::string& path) const = 0;
    /// What is wrong with an answer to it.
    [[nodiscard]] virtual std::vector<std::string> check_reply(const Call& call, const std::string& path,
                                                               const Reply& reply) const = 0;
    /// Schemas of the document that cannot be used.
    [[nodiscard]] virtual std::vector<std::string> check_itself() const = 0;
};

}  // namespace lockstep::fakes
