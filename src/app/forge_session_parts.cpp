// SPDX-License-Identifier: MIT
// What hangs on a pull request or a commit: labels, comments, attachments, statuses.
#include <fmt/format.h>

#include <algorithm>

#include "app/forge_session.hpp"
#include "app/forge_session_once.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

using forge::Dialect;
using forge::ForgeAttachment;
using forge::ForgeLabel;
using forge::Meaning;

namespace {

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

Result<std::vector<ForgeLabel>> ForgeSession::list_labels() {
    const auto page = [&](const std::string& url) { return dialect_->list_labels(url); };
    LOCKSTEP_TRY(auto labels, all_pages<ForgeLabel>(page(""), page, &Dialect::parse_labels));
    const auto inherited = dialect_->list_inherited_labels();
    if (!inherited) return labels;
    LOCKSTEP_TRY(auto tried, exchange_.settle(*inherited));
    // The owner is a user, or the token may not read organisations: then there is nothing to inherit that we could use.
    if (tried.meaning == Meaning::absent || tried.meaning == Meaning::denied) return labels;
    if (tried.meaning != Meaning::ok) return exchange_.failure(*inherited, tried);
    LOCKSTEP_TRY(auto more, all_pages<ForgeLabel>(*inherited, page, &Dialect::parse_labels, std::move(tried.response)));
    std::move(more.begin(), more.end(), std::back_inserter(labels));
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
