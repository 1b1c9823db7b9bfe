// SPDX-License-Identifier: MIT
// The Gitea family: labels and attachments, where its versions differ most.
#include <algorithm>

#include "fakes/gitea_api.hpp"
#include "fakes/gitea_json.hpp"

namespace lockstep::fakes {

namespace {

json labels_of(Exchange& exchange, const Pull& pull) {
    json items = json::array();
    for (const auto id : pull.labels)
        if (const auto* label = exchange.state.label(id)) items.push_back(gitea::label(exchange, *label));
    return gitea::list(exchange, items);
}

void set_label(Pull& pull, std::int64_t id) {
    if (std::find(pull.labels.begin(), pull.labels.end(), id) == pull.labels.end()) pull.labels.push_back(id);
}

bool is_color(const std::string& text) {
    return text.size() == 6 && text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
}

bool is_allowed(const std::string& name, const std::string& types) {
    const auto dot = name.rfind('.');
    const auto extension = dot == std::string::npos ? "" : lower_case(name.substr(dot));
    std::string padded = "," + types + ",";
    padded.erase(std::remove(padded.begin(), padded.end(), ' '), padded.end());
    return types.empty() || padded.find(",*/*,") != std::string::npos ||
           (!extension.empty() && padded.find("," + extension + ",") != std::string::npos);
}

}  // namespace

Reply GiteaApi::create_label(Exchange& exchange) const {
    Label label;
    label.name = exchange.text("name");
    label.description = exchange.text("description");
    auto color = exchange.text("color");
    if (label.name.empty()) return message(exchange, 422, "[Name]: Required");
    if (color.empty()) return message(exchange, 422, "[Color]: Required");
    if (color.front() == '#') color.erase(0, 1);
    if (!is_color(color)) return message(exchange, 422, "bad color code: " + color);
    label.color = lower_case(color);
    label.id = exchange.state.next_id();  // duplicates are allowed
    exchange.state.labels.push_back(label);
    return json_reply(201, gitea::label(exchange, label));
}

Reply GiteaApi::add_labels(Exchange& exchange) const {
    auto* pull = exchange.state.pull(exchange.number("index"));
    if (pull == nullptr) return not_found(exchange);
    const auto wanted = exchange.body.value("labels", json::array());
    const auto strings =
        std::count_if(wanted.begin(), wanted.end(), [](const json& entry) { return entry.is_string(); });
    const auto numbers =
        std::count_if(wanted.begin(), wanted.end(), [](const json& entry) { return entry.is_number(); });
    if (strings > 0 && !labels_by_name())
        return message(exchange, 422,
                       "[]: json: cannot unmarshal string into Go struct field IssueLabelsOption.labels of type int64");
    if (strings + numbers != static_cast<std::ptrdiff_t>(wanted.size()))
        return message(exchange, 400, "a label must be an integer or a string");
    if (strings > 0 && numbers > 0) return message(exchange, 400, "labels should be an array of strings or integers");
    for (const auto& entry : wanted) {
        if (entry.is_number()) {  // unknown ids are ignored
            if (exchange.state.label(entry.get<std::int64_t>()) != nullptr) set_label(*pull, entry.get<std::int64_t>());
            continue;
        }
        for (const auto& label : exchange.state.labels)  // so are unknown names
            if (label.name == entry.get<std::string>()) set_label(*pull, label.id);
    }
    return json_reply(200, labels_of(exchange, *pull));
}

Reply GiteaApi::remove_label(Exchange& exchange) const {
    auto* pull = exchange.state.pull(exchange.number("index"));
    if (pull == nullptr) return not_found(exchange);
    const auto id = exchange.number("label");
    const auto* label = exchange.state.label(id);
    if (label == nullptr && removes_labels_by_name()) label = exchange.state.label(exchange.path["label"]);
    if (label == nullptr)
        return message(exchange, 422,
                       "label does not exist [label_id: " + std::to_string(std::max<std::int64_t>(0, id)) + "]");
    pull->labels.erase(std::remove(pull->labels.begin(), pull->labels.end(), label->id), pull->labels.end());
    return {204, {}, "", {}};
}

void GiteaApi::add_label_routes() {
    const std::string repo = "/repos/{owner}/{repo}";
    const auto list = [](bool of_organisation) {
        return [of_organisation](Exchange& exchange) {
            std::vector<json> items;
            for (const auto& label : exchange.state.labels)
                if (label.of_organisation == of_organisation) items.push_back(gitea::label(exchange, label));
            return paged(exchange, items, false);
        };
    };
    routes_.push_back({"GET", repo + "/labels", Need::read, list(false)});
    routes_.push_back({"GET", "/orgs/{org}/labels", Need::read, list(true)});
    routes_.push_back(
        {"POST", repo + "/labels", Need::issues, [this](Exchange& exchange) { return create_label(exchange); }});
    routes_.push_back({"POST", repo + "/issues/{index}/labels", Need::issues,
                       [this](Exchange& exchange) { return add_labels(exchange); }});
    routes_.push_back({"DELETE", repo + "/issues/{index}/labels/{label}", Need::issues,
                       [this](Exchange& exchange) { return remove_label(exchange); }});
}

Reply GiteaApi::create_attachment(Exchange& exchange) const {
    auto& state = exchange.state;
    const auto* pull = state.pull(exchange.number("index"));
    if (pull == nullptr || !state.settings.attachments_enabled) return not_found(exchange);
    const auto& parts = exchange.call.parts;
    const auto part =
        std::find_if(parts.begin(), parts.end(), [](const Part& entry) { return entry.name == "attachment"; });
    if (part == parts.end()) return message(exchange, 500, "");
    const auto name = exchange.call.parameter("name").value_or("");
    Attachment attachment;
    attachment.name = name.empty() ? part->file_name : name;
    attachment.content = part->content;
    if (!is_allowed(attachment.name, state.settings.attachment_types)) {
        const int status = status_of_forbidden_type();
        return message(
            exchange, status,
            status == 500 ? "" : "This file cannot be uploaded or modified due to a forbidden file extension or type.");
    }
    const auto limit = static_cast<std::size_t>(state.settings.attachment_mib) << 20U;
    if (refuses_large_attachments() && attachment.content.size() > limit)
        return message(exchange, 413, "attachment exceeds size limit");
    attachment.id = state.next_id();
    attachment.pull = pull->number;
    attachment.uuid = "00000000-0000-4000-8000-" + std::string(9, '0') + std::to_string(attachment.id);
    attachment.created = state.now();
    state.attachments.push_back(attachment);
    return json_reply(201, gitea::attachment(exchange, attachment));
}

Reply GiteaApi::remove_attachment(Exchange& exchange) const {
    auto& list = exchange.state.attachments;
    const auto it = std::find_if(list.begin(), list.end(), [&](const Attachment& entry) {
        return entry.id == exchange.number("id") && entry.pull == exchange.number("index");
    });
    if (it == list.end()) return not_found(exchange);
    list.erase(it);
    return {204, {}, "", {}};
}

void GiteaApi::add_attachment_routes() {
    const std::string assets = "/repos/{owner}/{repo}/issues/{index}/assets";
    routes_.push_back({"GET", assets, Need::read, of_pull([this](Exchange& exchange, Pull& pull) {
                           if (!exchange.state.settings.attachments_enabled) return not_found(exchange);
                           json items = json::array();
                           for (const auto& attachment : exchange.state.attachments)
                               if (attachment.pull == pull.number)
                                   items.push_back(gitea::attachment(exchange, attachment));
                           return json_reply(200, gitea::list(exchange, items));
                       })});
    routes_.push_back(
        {"POST", assets, Need::issues, [this](Exchange& exchange) { return create_attachment(exchange); }});
    routes_.push_back(
        {"DELETE", assets + "/{id}", Need::issues, [this](Exchange& exchange) { return remove_attachment(exchange); }});
}

}  // namespace lockstep::fakes
