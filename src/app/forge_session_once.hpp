// SPDX-License-Identifier: MIT
// The patterns that every operation of a forge session is made of: reading a list to its end, and creating something
// exactly once. Templates, shared by the session's source files.
#pragma once

#include <algorithm>
#include <iterator>

#include "app/forge_session.hpp"

namespace lockstep {

inline constexpr std::size_t k_most_forge_pages = 200;

template <class T>
Result<T> ForgeSession::read(const HttpResponse& response,
                             Result<T> (forge::Dialect::*parse)(const HttpResponse&) const) {
    auto parsed = (*dialect_.*parse)(response);
    if (!parsed) return exchange_.during_step(std::move(parsed).error());
    return parsed;
}

template <class T>
Result<std::vector<T>> ForgeSession::all_pages(const HttpRequest& first,
                                               const std::function<HttpRequest(const std::string&)>& request_page,
                                               Result<forge::Page<T>> (forge::Dialect::*parse)(const HttpResponse&)
                                                   const,
                                               std::optional<HttpResponse> got) {
    std::vector<T> all;
    std::vector<std::string> seen;
    for (auto request = first;;) {
        if (!got) {
            LOCKSTEP_TRY(got, exchange_.expect(request));
        }
        LOCKSTEP_TRY(auto page, read(*got, parse));
        got.reset();
        seen.push_back(request.url);
        const bool empty = page.items.empty();
        std::move(page.items.begin(), page.items.end(), std::back_inserter(all));
        if (page.next.empty() && !empty && all.size() < page.total)
            page.next = dialect_->numbered_page(first.url, seen.size() + 1);
        if (page.next.empty()) return all;
        if (seen.size() >= k_most_forge_pages || std::find(seen.begin(), seen.end(), page.next) != seen.end())
            return exchange_.during_step({ErrorKind::infrastructure, "the forge's list does not end",
                                          "page " + std::to_string(seen.size()) +
                                              " leads to a page that was read already, or there are too many",
                                          ""});
        request = request_page(page.next);
    }
}

template <class T>
Result<T> ForgeSession::create_once(const HttpRequest& request,
                                    Result<T> (forge::Dialect::*parse)(const HttpResponse&) const,
                                    const std::function<Found<T>()>& find) {
    for (int tries = 1;; ++tries) {
        auto tried = exchange_.attempt(request);
        if (tried.meaning == forge::Meaning::ok) {
            auto created = read(tried.response, parse);
            if (created) return created;
            // It said yes in words that nobody understands: the work is probably done, so never ask again.
            LOCKSTEP_TRY(auto found, find());
            if (found) return std::move(*found);
            return created;
        }
        if (tried.meaning == forge::Meaning::exists) {
            LOCKSTEP_TRY(auto found, find());
            if (found) return std::move(*found);
            return exchange_.failure(request, tried);
        }
        auto waited = exchange_.wait(request, tried, tries);
        const bool interrupted = !waited && waited.error().kind == ErrorKind::interrupted;
        if (tried.passing() && tried.unclear() && !interrupted) {
            auto found = find();
            if (found && *found) return std::move(**found);
            if (!found && waited) return std::move(found).error();
        }
        if (!waited) return std::move(waited).error();
    }
}

}  // namespace lockstep
