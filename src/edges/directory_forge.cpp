// SPDX-License-Identifier: MIT
// The embedded forge's operations. Each takes the lock, reads what is there, and writes whole files.
#include "edges/directory_forge.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "core/json_members.hpp"
#include "edges/directory_forge_files.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr std::uint64_t k_attachment_bytes = 256ULL << 20U;

std::string dump(const json& value) {
    return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

/// People may edit these files, so a broken one is an error with its path and never the end of the program.
Result<json> read_json(const fs::path& path) {
    LOCKSTEP_TRY(const auto content, read_forge_file(path));
    if (content.empty()) return json::object();
    auto value = json::parse(content, nullptr, false);
    if (value.is_object()) return value;
    return Error{ErrorKind::infrastructure, "cannot read " + path.string(), "it is not a JSON object",
                 "correct the file, or remove its directory"};
}

bool is_object_id(std::string_view text) {
    return text.size() >= 4 && text.size() <= 64 &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

DirectoryForge::DirectoryForge(fs::path directory) {
    std::error_code error;
    directory_ = fs::absolute(directory, error).lexically_normal();
    if (error) directory_ = std::move(directory);
}

std::string DirectoryForge::repository_url() const {
    return file_url(directory_);
}

fs::path DirectoryForge::pull_directory(std::int64_t number) const {
    return directory_ / "pulls" / std::to_string(number);
}

Result<void> DirectoryForge::check_access() {
    LOCKSTEP_TRY(const auto lock, DirectoryForgeLock::take(directory_));
    const auto probe = directory_ / ".access";
    LOCKSTEP_TRY_VOID(replace_forge_file(probe, ""));
    std::error_code error;
    fs::remove(probe, error);
    return {};
}

Result<ForgeLimits> DirectoryForge::limits() {
    ForgeLimits limits;
    limits.attachment_bytes = k_attachment_bytes;
    return limits;
}

Result<PullRequest> DirectoryForge::read_pull(std::int64_t number) const {
    const auto directory = pull_directory(number);
    LOCKSTEP_TRY(const auto record, read_json(directory / "pull.json"));
    PullRequest pull;
    pull.number = number;
    pull.title = text_of(record, "title");
    pull.head = text_of(record, "head");
    pull.base = text_of(record, "base");
    pull.head_sha = text_of(record, "head_sha");
    pull.url = file_url(directory);
    pull.open = text_of(record, "state") == "open";
    pull.merged = record.contains("merged") && record["merged"].is_boolean() && record["merged"].get<bool>();
    if (const auto labels = record.find("labels"); labels != record.end() && labels->is_array())
        for (const auto& label : *labels)
            if (label.is_string()) pull.labels.push_back(label.get<std::string>());
    LOCKSTEP_TRY(pull.body, read_forge_file(directory / "body.md"));
    if (!pull.head.empty() && !pull.base.empty()) return pull;
    return Error{ErrorKind::infrastructure, "cannot read " + (directory / "pull.json").string(),
                 "there is no such pull request, or it names no head and base",
                 "correct the file, or remove its directory"};
}

Result<void> DirectoryForge::write_pull(const PullRequest& pull) const {
    const auto path = pull_directory(pull.number) / "pull.json";
    LOCKSTEP_TRY(auto record, read_json(path));  // what people added to the file stays
    record["number"] = pull.number;
    record["state"] = pull.open ? "open" : "closed";
    record["title"] = pull.title;
    record["head"] = pull.head;
    record["base"] = pull.base;
    record["labels"] = pull.labels;
    record["url"] = pull.url;
    record["merged"] = pull.merged;
    if (!pull.head_sha.empty()) record["head_sha"] = pull.head_sha;
    return replace_forge_file(path, dump(record));
}

Result<std::vector<PullRequest>> DirectoryForge::list_open(const std::string& base) const {
    LOCKSTEP_TRY(const auto numbers, numbered_entries(directory_ / "pulls", ""));
    std::vector<PullRequest> open;
    for (const auto number : numbers) {
        std::error_code error;
        if (!fs::exists(pull_directory(number) / "pull.json", error)) continue;  // cut off while it was made
        LOCKSTEP_TRY(auto pull, read_pull(number));
        if (pull.open && pull.base == base) open.push_back(std::move(pull));
    }
    return open;
}

Result<std::vector<PullRequest>> DirectoryForge::open_pulls(const std::string& base) {
    LOCKSTEP_TRY(const auto lock, DirectoryForgeLock::take(directory_));
    return list_open(base);
}

Result<PullRequest> DirectoryForge::create_pull(const PullDraft& draft) {
    LOCKSTEP_TRY(const auto lock, DirectoryForgeLock::take(directory_));
    LOCKSTEP_TRY(const auto open, list_open(draft.base));
    for (const auto& pull : open)
        if (pull.head == draft.head) return pull;
    LOCKSTEP_TRY(const auto number, next_number(directory_ / "pulls", "", directory_ / ".last-pull"));
    PullRequest pull;
    pull.number = number;
    pull.title = draft.title;
    pull.body = draft.body;
    pull.head = draft.head;
    pull.base = draft.base;
    pull.url = file_url(pull_directory(number));
    for (const char* part : {"comments", "attachments"}) {
        std::error_code error;
        fs::create_directories(pull_directory(number) / part, error);  // whoever writes there will see an error
    }
    // pull.json comes last: without it the directory is not a pull request.
    LOCKSTEP_TRY_VOID(replace_forge_file(pull_directory(number) / "body.md", draft.body));
    LOCKSTEP_TRY_VOID(write_pull(pull));
    return pull;
}

Result<PullRequest> DirectoryForge::edit_pull(std::int64_t number, const std::string& title, const std::string& body) {
    LOCKSTEP_TRY(const auto lock, DirectoryForgeLock::take(directory_));
    LOCKSTEP_TRY(auto pull, read_pull(number));
    pull.title = title;
    pull.body = body;
    LOCKSTEP_TRY_VOID(replace_forge_file(pull_directory(number) / "body.md", body));
    LOCKSTEP_TRY_VOID(write_pull(pull));
    return pull;
}

Result<void> DirectoryForge::add_labels(std::int64_t number, const std::vector<std::string>& labels) {
    LOCKSTEP_TRY(const auto lock, DirectoryForgeLock::take(directory_));
    LOCKSTEP_TRY(auto pull, read_pull(number));
    for (const auto& label : labels)
        if (std::find(pull.labels.begin(), pull.labels.end(), label) == pull.labels.end()) pull.labels.push_back(label);
    return write_pull(pull);
}

Result<void> DirectoryForge::remove_labels(std::int64_t number, const std::vector<std::string>& labels) {
    LOCKSTEP_TRY(const auto lock, DirectoryForgeLock::take(directory_));
    LOCKSTEP_TRY(auto pull, read_pull(number));
    const auto unwanted = [&](const std::string& label) {
        return std::find(labels.begin(), labels.end(), label) != labels.end();
    };
    pull.labels.erase(std::remove_if(pull.labels.begin(), pull.labels.end(), unwanted), pull.labels.end());
    return write_pull(pull);
}

Result<std::vector<ForgeComment>> DirectoryForge::comments(std::int64_t number) {
    const auto directory = pull_directory(number) / "comments";
    LOCKSTEP_TRY(const auto ids, numbered_entries(directory, ".md"));
    std::vector<ForgeComment> result;
    for (const auto id : ids) {
        LOCKSTEP_TRY(auto body, read_forge_file(directory / (std::to_string(id) + ".md")));
        result.push_back({id, std::move(body), "lockstep"});
    }
    return result;
}

Result<ForgeComment> DirectoryForge::put_comment(std::int64_t number, std::int64_t id, const std::string& body) {
    LOCKSTEP_TRY(const auto lock, DirectoryForgeLock::take(directory_));
    LOCKSTEP_TRY(const auto pull, read_pull(number));
    LOCKSTEP_TRY(const auto present, comments(pull.number));
    const auto directory = pull_directory(number) / "comments";
    const bool tagged = body.find(comment_tag()) != std::string::npos;
    for (const auto& comment : present)
        if (id == 0 && tagged && comment.body.find(comment_tag()) != std::string::npos) id = comment.id;
    if (id == 0) {
        LOCKSTEP_TRY(id, next_number(directory, ".md", pull_directory(number) / ".last-comment"));
    }
    LOCKSTEP_TRY_VOID(replace_forge_file(directory / (std::to_string(id) + ".md"), body));
    return ForgeComment{id, body, "lockstep"};
}

Result<std::string> DirectoryForge::attach(std::int64_t number, const std::string& name, const std::string& content) {
    LOCKSTEP_TRY(const auto lock, DirectoryForgeLock::take(directory_));
    LOCKSTEP_TRY(const auto pull, read_pull(number));
    if (content.size() > k_attachment_bytes)
        return Error{ErrorKind::infrastructure, "cannot attach " + name, "it is larger than 256 MiB", ""};
    const auto path = pull_directory(pull.number) / "attachments" / file_slug(name);
    LOCKSTEP_TRY_VOID(replace_forge_file(path, content));
    return file_url(path);
}

Result<void> DirectoryForge::set_status(const std::string& commit, const StatusText& status,
                                        const std::string& target_url) {
    if (!is_object_id(commit))
        return Error{ErrorKind::config, "cannot set a commit status",
                     "\"" + clean_line(commit, 80) + "\" is not a commit", ""};
    LOCKSTEP_TRY(const auto lock, DirectoryForgeLock::take(directory_));
    const auto path = directory_ / "statuses" / (commit + ".json");
    LOCKSTEP_TRY(auto record, read_json(path));
    json others = json::array();
    if (const auto found = record.find("statuses"); found != record.end() && found->is_array())
        for (const auto& entry : *found)
            if (entry.is_object() && text_of(entry, "context") != status.context) others.push_back(entry);
    others.push_back({{"context", status.context},
                      {"state", status.state},
                      {"description", status.description},
                      {"target_url", target_url}});
    record["commit"] = commit;
    record["statuses"] = std::move(others);
    return replace_forge_file(path, dump(record));
}

}  // namespace lockstep
