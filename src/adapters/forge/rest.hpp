// SPDX-License-Identifier: MIT
// What the REST interfaces of GitHub and the Gitea family have in common: addresses, requests with JSON bodies, and the
// shape of pull requests, labels, comments and errors.
#pragma once

#include <string>
#include <string_view>

#include "adapters/forge/answer.hpp"
#include "lockstep/adapters/forge_dialect.hpp"

namespace lockstep::forge {

/// "<api>/repos/<owner>/<repo>".
[[nodiscard]] std::string repository_api(const Location& location);

[[nodiscard]] HttpRequest get(std::string url);
/// A list: `first` for the first page, `page_url` when it is not empty.
[[nodiscard]] HttpRequest get_list(std::string first, const std::string& page_url);
[[nodiscard]] HttpRequest with_json(std::string method, std::string url, std::string body);

[[nodiscard]] Result<Page<PullRequest>> read_pulls(const HttpResponse& response, const Location& location);
[[nodiscard]] Result<PullRequest> read_pull(const HttpResponse& response);
[[nodiscard]] Result<Page<ForgeLabel>> read_labels(const HttpResponse& response, const Location& location);
[[nodiscard]] Result<ForgeLabel> read_label(const HttpResponse& response);
[[nodiscard]] Result<Page<ForgeComment>> read_comments(const HttpResponse& response, const Location& location);
[[nodiscard]] Result<ForgeComment> read_comment(const HttpResponse& response);
[[nodiscard]] Result<Page<ForgeAttachment>> read_attachments(const HttpResponse& response, const Location& location);
[[nodiscard]] Result<ForgeAttachment> read_attachment(const HttpResponse& response);

/// `message` and the entries of `errors`, cleaned, one line; for a page that is not JSON its status alone.
[[nodiscard]] std::string read_error(const HttpResponse& response);

/// Error (credentials) unless `permissions.push` is true; Error (config) for an archived repository.
[[nodiscard]] Result<void> read_access(const HttpResponse& response, const Location& location);

/// Case-insensitive search in a forge's words.
[[nodiscard]] bool says(std::string_view words, std::string_view lower_needle);

/// The colour of a label that lockstep creates, six hex digits.
[[nodiscard]] std::string label_color(std::string_view label);

}  // namespace lockstep::forge
