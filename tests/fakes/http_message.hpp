// SPDX-License-Identifier: MIT
// One exchange as the fakes see it, with the ways in which an answer can go wrong on its way.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lockstep::fakes {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// A part of a multipart/form-data body.
struct Part {
    std::string name, file_name, content_type, content;
};

struct Call {
    std::string method;
    std::string path;  ///< as sent, percent-encoded, without the query
    Pairs query;       ///< decoded
    std::string raw_query;
    Pairs headers;     ///< names in lower case
    std::string body;  ///< decoded (chunks, gzip); empty for multipart
    std::vector<Part> parts;

    [[nodiscard]] std::string header(std::string_view lower_name) const;  ///< first one, or ""
    [[nodiscard]] std::vector<std::string> headers_named(std::string_view lower_name) const;
    [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};

/// How the bytes of an answer, status line included, reach the client.
struct Delivery {
    std::optional<std::size_t> cut_after;   ///< connection closed after that many bytes; 0 = no answer at all
    std::optional<std::size_t> hang_after;  ///< nothing more after that many bytes, until the client leaves
    std::size_t bytes_per_tick = 0;         ///< trickle; 0 = at once
    std::chrono::milliseconds tick{10};
    bool endless = false;  ///< the body is repeated for ever, chunked
};

struct Reply {
    int status = 200;
    Pairs headers;
    std::string body;
    Delivery delivery;

    void set_header(const std::string& name, const std::string& value);  ///< replaces, any case
};

[[nodiscard]] std::string percent_decode(std::string_view text);
[[nodiscard]] std::string percent_encode(std::string_view text);              ///< all but unreserved characters
[[nodiscard]] Pairs parse_query(std::string_view raw);                        ///< '+' is a blank
[[nodiscard]] std::vector<std::string> path_segments(std::string_view path);  ///< still encoded, no empty ones
[[nodiscard]] std::string base64_decode(std::string_view text);
[[nodiscard]] std::string lower_case(std::string text);

/// User and password of a Basic header; nullopt for anything else.
[[nodiscard]] std::optional<std::pair<std::string, std::string>> basic_credentials(std::string_view authorization);

}  // namespace lockstep::fakes
