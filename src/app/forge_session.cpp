// SPDX-License-Identifier: MIT
// The operations of the forge port, once for all dialects.
#include "app/forge_session.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "lockstep/core/check.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

using forge::Dialect;
using forge::ForgeAttachment;
using forge::ForgeLabel;
using forge::Meaning;
using forge::Page;

namespace {

constexpr std::size_t k_most_pages = 200;

bool same_ignoring_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

/// The label of this name; GitHub does not tell upper from lower case, and on the other forges a look-alike is meant.
const ForgeLabel* find_label(const std::vector<ForgeLabel>& labels, const std::string& name) {
    for (const auto& label : labels)
        if (label.name == name) return &label;
    for (const auto& label : labels)
        if (same_ignoring_case(label.name, name)) return &label;
    return nullptr;
}

bool is_tagged(std::string_view body) {
    return body.find(comment_tag()) != std::string_view::npos;
}

/// The comment that carries the hidden tag; the oldest, should there be several.
const ForgeComment* find_tagged(const std::vector<ForgeComment>& comments) {
    for (const auto& comment : comments)
        if (is_tagged(comment.body)) return &comment;
    return nullptr;
}

template <class T>
bool has_id(const std::vector<T>& items, std::int64_t id) {
    return std::any_of(items.begin(), items.end(), [&](const T& item) { return item.id == id; });
}

}  // namespace

ForgeSession::ForgeSession(std::unique_ptr<Dialect> dialect, HttpClient& http, Clock& clock, std::string token,
                           Options options)
    : dialect_(std::move(dialect)),
      has_token_(!token.empty()),
      access_is_told_(dialect_->access_is_told(token)),
      exchange_(*dialect_, http, clock, std::move(token), options) {}

std::string ForgeSession::kind() const {
    return dialect_->name();
}

std::string ForgeSession::repository_url() const {
    const auto& where = dialect_->location();
    return where.web + "/" + where.owner + "/" + where.repo;
}

template <class T>
Result<T> ForgeSession::read(const HttpResponse& response, Result<T> (Dialect::*parse)(const HttpResponse&) const) {
    auto parsed = (*dialect_.*parse)(response);
    if (!parsed) return exchange_.during_step(std::move(parsed).error());
    return parsed;
}

template <class T>
Result<std::vector<T>> ForgeSession::all_pages(HttpRequest first,
                                               const std::function<HttpRequest(const std::string&)>& request_page,
                                               Result<Page<T>> (Dialect::*parse)(const HttpResponse&) const) {
    std::vector<T> all;
    std::vector<std::string> seen;
    for (auto request = std::move(first);;) {
        LOCKSTEP_TRY(const auto response, exchange_.expect(request));
        LOCKSTEP_TRY(auto page, read(response, parse));
        std::move(page.items.begin(), page.items.end(), std::back_inserter(all));
        if (page.next.empty()) return all;
        seen.push_back(request.url);
        if (seen.size() >= k_most_pages || std::find(seen.begin(), seen.end(), page.next) != seen.end())
            return exchange_.during_step(
                {ErrorKind::infrastructure, "the forge's list does not end",
                 fmt::format("page {} leads to a page that was read already, or to too many", seen.size()), ""});
        request = request_page(page.next);
    }
}

template <class T>
Result<T> ForgeSession::create_once(const HttpRequest& request, Result<T> (Dialect::*parse)(const HttpResponse&) const,
                                    const std::function<Found<T>()>& find) {
    for (int tries = 1;; ++tries) {
        auto tried = exchange_.attempt(request);
        const bool done = !tried.lost && tried.meaning == Meaning::ok;
        if (done) {
            auto created = read(tried.response, parse);
            if (created) return created;
            // It said yes in words that nobody understands: the work is probably done, so never ask again.
            LOCKSTEP_TRY(auto found, find());
            if (found) return std::move(*found);
            return created;
        }
        if (!tried.lost && tried.meaning == Meaning::exists) {
            LOCKSTEP_TRY(auto found, find());
            if (found) return std::move(*found);
            return exchange_.failure(request, tried);
        }
        auto waited = exchange_.wait(request, tried, tries);
        if (tried.unclear() && (waited || waited.error().kind != ErrorKind::interrupted)) {
            auto found = find();
            if (found && *found) return std::move(**found);
            if (!found && waited) return std::move(found).error();
        }
        if (!waited) return std::move(waited).error();
    }
}

Result<void> ForgeSession::check_access() {
    exchange_.begin("get access to the forge");
    if (!has_token_)
        return exchange_.during_step({ErrorKind::credentials, "", "no token is configured",
                                      "name a file with --token-file, or set the runner's token variable"});
    const auto request = dialect_->get_repository();
    LOCKSTEP_TRY(const auto tried, exchange_.settle(request));
    if (tried.meaning == Meaning::absent) {
        auto error = exchange_.failure(request, tried);
        error.kind = ErrorKind::config;
        error.hint =
            "check the address of the git remote and forge.url; a private repository looks like this too when "
            "the token may not read it";
        return error;
    }
    if (tried.meaning != Meaning::ok) return exchange_.failure(request, tried);
    if (!access_is_told_) return {};
    if (auto access = dialect_->parse_access(tried.response); !access)
        return exchange_.during_step(std::move(access).error());
    return {};
}

Result<ForgeLimits> ForgeSession::limits() {
    if (limits_) return *limits_;
    exchange_.begin("read the forge's limits");
    const auto request = dialect_->get_limits();
    if (!request) {
        limits_ = dialect_->parse_limits(nullptr);
        return *limits_;
    }
    LOCKSTEP_TRY(const auto tried, exchange_.settle(*request));
    if (tried.meaning == Meaning::moved) return exchange_.failure(*request, tried);
    limits_ = dialect_->parse_limits(&tried.response);
    return *limits_;
}

Result<std::vector<PullRequest>> ForgeSession::list_pulls(const std::string& base) {
    const auto page = [&](const std::string& url) { return dialect_->list_pulls(base, url); };
    LOCKSTEP_TRY(auto pulls, all_pages<PullRequest>(page(""), page, &Dialect::parse_pulls));
    // Pages shift while they are read, so a pull request may come twice; not every forge filters by base.
    std::vector<PullRequest> open;
    for (auto& pull : pulls) {
        const auto known = [&](const PullRequest& other) { return other.number == pull.number; };
        if (pull.open && pull.base == base && std::none_of(open.begin(), open.end(), known))
            open.push_back(std::move(pull));
    }
    return open;
}

Result<std::vector<PullRequest>> ForgeSession::open_pulls(const std::string& base) {
    exchange_.begin("list the open pull requests");
    return list_pulls(base);
}

Result<PullRequest> ForgeSession::create_pull(const PullDraft& draft) {
    exchange_.begin("open a pull request");
    const auto find = [&]() -> Found<PullRequest> {
        LOCKSTEP_TRY(auto pulls, list_pulls(draft.base));
        for (auto& pull : pulls)
            if (pull.head == draft.head && pull.same_repo) return std::optional(std::move(pull));
        return std::optional<PullRequest>();
    };
    LOCKSTEP_TRY(auto present, find());
    if (present) return std::move(*present);
    LOCKSTEP_TRY(auto pull, create_once<PullRequest>(dialect_->create_pull(draft), &Dialect::parse_pull, find));
    if (pull.head == draft.head && pull.base == draft.base) return pull;
    return exchange_.during_step({ErrorKind::infrastructure, "the forge opened another pull request than asked for",
                                  fmt::format("number {}", pull.number), "look at it on the forge, and close it"});
}

Result<PullRequest> ForgeSession::edit_pull(std::int64_t number, const std::string& title, const std::string& body) {
    exchange_.begin(fmt::format("edit pull request {}", number));
    LOCKSTEP_TRY(const auto response, exchange_.expect(dialect_->edit_pull(number, title, body)));
    return read(response, &Dialect::parse_pull);
}

Result<std::vector<ForgeLabel>> ForgeSession::list_labels() {
    const auto page = [&](const std::string& url) { return dialect_->list_labels(url); };
    LOCKSTEP_TRY(auto labels, all_pages<ForgeLabel>(page(""), page, &Dialect::parse_labels));
    const auto inherited = dialect_->list_inherited_labels();
    if (!inherited) return labels;
    LOCKSTEP_TRY(const auto tried, exchange_.settle(*inherited));
    // The owner is a user, or the token may not read organisations: then there is nothing to inherit that we could use.
    if (tried.meaning == Meaning::absent || tried.meaning == Meaning::denied) return labels;
    if (tried.meaning != Meaning::ok) return exchange_.failure(*inherited, tried);
    LOCKSTEP_TRY(auto more, read(tried.response, &Dialect::parse_labels));
    std::move(more.items.begin(), more.items.end(), std::back_inserter(labels));
    if (more.next.empty()) return labels;
    LOCKSTEP_TRY(auto rest, all_pages<ForgeLabel>(page(more.next), page, &Dialect::parse_labels));
    std::move(rest.begin(), rest.end(), std::back_inserter(labels));
    return labels;
}

Result<ForgeLabel> ForgeSession::create_label(const std::string& name) {
    return create_once<ForgeLabel>(dialect_->create_label(name), &Dialect::parse_label, [&]() -> Found<ForgeLabel> {
        LOCKSTEP_TRY(const auto labels, list_labels());
        const auto* label = find_label(labels, name);
        return label == nullptr ? std::nullopt : std::optional(*label);
    });
}

Result<void> ForgeSession::add_labels(std::int64_t number, const std::vector<std::string>& labels) {
    if (labels.empty()) return {};
    exchange_.begin(fmt::format("label pull request {}", number));
    LOCKSTEP_TRY(auto known, list_labels());
    std::vector<ForgeLabel> wanted;
    for (const auto& name : labels) {
        if (const auto* label = find_label(known, name)) {
            wanted.push_back(*label);
            continue;
        }
        LOCKSTEP_TRY(auto created, create_label(name));
        known.push_back(created);
        wanted.push_back(std::move(created));
    }
    // Labels are a set: asking twice does no harm. Some servers accept what they then ignore, so the answer counts.
    LOCKSTEP_TRY(const auto response, exchange_.expect(dialect_->add_labels(number, wanted)));
    LOCKSTEP_TRY(const auto set, read(response, &Dialect::parse_labels));
    for (const auto& label : wanted)
        if (find_label(set.items, label.name) == nullptr)
            return exchange_.during_step({ErrorKind::infrastructure, "",
                                          "the forge accepted the label \"" + label.name + "\" but did not set it",
                                          "set it by hand"});
    return {};
}

Result<void> ForgeSession::remove_labels(std::int64_t number, const std::vector<std::string>& labels) {
    if (labels.empty()) return {};
    exchange_.begin(fmt::format("remove labels from pull request {}", number));
    LOCKSTEP_TRY(const auto known, list_labels());
    for (const auto& name : labels) {
        const auto* label = find_label(known, name);
        if (label == nullptr) continue;
        const auto request = dialect_->remove_label(number, *label);
        LOCKSTEP_TRY(const auto tried, exchange_.settle(request));
        if (tried.meaning != Meaning::ok && tried.meaning != Meaning::absent) return exchange_.failure(request, tried);
    }
    return {};
}

Result<std::vector<ForgeComment>> ForgeSession::list_comments(std::int64_t number) {
    const auto page = [&](const std::string& url) { return dialect_->list_comments(number, url); };
    return all_pages<ForgeComment>(page(""), page, &Dialect::parse_comments);
}

Result<std::vector<ForgeComment>> ForgeSession::comments(std::int64_t number) {
    exchange_.begin(fmt::format("list the comments of pull request {}", number));
    return list_comments(number);
}

Result<ForgeComment> ForgeSession::create_comment(std::int64_t number, const std::string& body) {
    LOCKSTEP_TRY(const auto before, list_comments(number));
    return create_once<ForgeComment>(
        dialect_->create_comment(number, body), &Dialect::parse_comment, [&]() -> Found<ForgeComment> {
            LOCKSTEP_TRY(const auto now, list_comments(number));
            for (const auto& comment : now) {
                const bool ours = is_tagged(body) ? is_tagged(comment.body) : trim(comment.body) == trim(body);
                if (ours && !has_id(before, comment.id)) return std::optional(comment);
            }
            return std::optional<ForgeComment>();
        });
}

Result<ForgeComment> ForgeSession::put_comment(std::int64_t number, std::int64_t id, const std::string& body) {
    exchange_.begin(fmt::format("comment on pull request {}", number));
    if (id == 0 && is_tagged(body)) {
        LOCKSTEP_TRY(const auto present, list_comments(number));
        if (const auto* comment = find_tagged(present)) id = comment->id;
    }
    if (id != 0) {
        const auto request = dialect_->edit_comment(id, body);
        LOCKSTEP_TRY(const auto tried, exchange_.settle(request));
        if (tried.meaning == Meaning::ok) return read(tried.response, &Dialect::parse_comment);
        // Deleted meanwhile, or somebody else's: then a new one takes its place.
        if (tried.meaning != Meaning::absent && tried.meaning != Meaning::denied)
            return exchange_.failure(request, tried);
    }
    return create_comment(number, body);
}

Result<std::vector<ForgeAttachment>> ForgeSession::list_attachments(std::int64_t number) {
    const auto page = [&](const std::string& url) { return dialect_->list_attachments(number, url); };
    return all_pages<ForgeAttachment>(page(""), page, &Dialect::parse_attachments);
}

Result<ForgeAttachment> ForgeSession::create_attachment(std::int64_t number, const std::string& name,
                                                        const std::string& content,
                                                        const std::vector<ForgeAttachment>& before) {
    return create_once<ForgeAttachment>(dialect_->create_attachment(number, name, content), &Dialect::parse_attachment,
                                        [&]() -> Found<ForgeAttachment> {
                                            LOCKSTEP_TRY(const auto now, list_attachments(number));
                                            for (const auto& attachment : now)
                                                if (attachment.name == name && !has_id(before, attachment.id))
                                                    return std::optional(attachment);
                                            return std::optional<ForgeAttachment>();
                                        });
}

Result<std::string> ForgeSession::attach(std::int64_t number, const std::string& name, const std::string& content) {
    LOCKSTEP_TRY(const auto limit, limits());
    exchange_.begin(fmt::format("attach {} to pull request {}", name, number));
    if (content.size() > limit.attachment_bytes)
        return exchange_.during_step({ErrorKind::infrastructure, "",
                                      limit.attachment_bytes == 0 ? "the forge does not hold attachments"
                                                                  : fmt::format("{} bytes are more than the forge's {}",
                                                                                content.size(), limit.attachment_bytes),
                                      ""});
    LOCKSTEP_TRY(const auto before, list_attachments(number));
    LOCKSTEP_TRY(auto created, create_attachment(number, name, content, before));
    for (const auto& old : before) {
        if (old.name != name || old.id == created.id) continue;
        const auto request = dialect_->delete_attachment(number, old.id);
        LOCKSTEP_TRY(const auto tried, exchange_.settle(request));
        if (tried.meaning != Meaning::ok && tried.meaning != Meaning::absent) return exchange_.failure(request, tried);
    }
    return std::move(created.url);
}

Result<void> ForgeSession::set_status(const std::string& commit, const StatusText& status,
                                      const std::string& target_url) {
    exchange_.begin("set the status of commit " + short_id(commit));
    // The newest status of a context counts, so asking twice does no harm.
    LOCKSTEP_TRY(const auto response, exchange_.expect(dialect_->set_status(commit, status, target_url)));
    static_cast<void>(response);
    return {};
}

}  // namespace lockstep
