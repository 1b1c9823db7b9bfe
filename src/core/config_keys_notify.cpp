// SPDX-License-Identifier: MIT
// Keys of what lockstep tells others: hooks that it runs, and sinks that get the result.
#include "core/config_keys_rows.hpp"

namespace lockstep::keys {

namespace {

Complaint commands(const std::vector<std::string>& entries) {
    for (const auto& entry : entries)
        if (entry.empty() || entry.find('\0') != std::string::npos) return "expects commands";
    return std::nullopt;
}

Complaint mail_address_or_empty(const std::string& text) {
    return text.empty() ? std::nullopt : mail_address(text);
}

Complaint mail_addresses(const std::vector<std::string>& entries) {
    for (const auto& entry : entries)
        if (auto complaint = entry.empty() ? "expects mail addresses" : mail_address(entry)) return complaint;
    return std::nullopt;
}

/// "smtp://host[:port]" and the like, or empty.
Complaint server(const std::string& text, std::initializer_list<std::string_view> schemes, const char* expected) {
    if (text.empty()) return std::nullopt;
    for (const auto scheme : schemes) {
        if (!text.starts_with(scheme)) continue;
        const auto rest = std::string_view(text).substr(scheme.size());
        if (!rest.empty() && rest.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                    "0123456789.-_:[]%") == std::string_view::npos)
            return std::nullopt;
    }
    return expected;
}

Complaint mail_server(const std::string& text) {
    return server(text, {"smtp://", "smtps://"}, "expects a mail server, such as smtp://mail.example.org:587");
}

Complaint nats_server(const std::string& text) {
    return server(text, {"nats://", "tls://"}, "expects a NATS server, such as nats://nats.example.org:4222");
}

}  // namespace

void add_hooks(std::vector<ConfigKey>& table) {
    table.push_back(machine_only(list("hooks.before_run", LOCKSTEP_FIELD(hooks.before_run), commands,
                                      "Commands that run before anything is done.")));
    table.push_back(machine_only(list("hooks.after_run", LOCKSTEP_FIELD(hooks.after_run), commands,
                                      "Commands that run when the result is known.")));
    table.push_back(machine_only(list("hooks.before_wave", LOCKSTEP_FIELD(hooks.before_wave), commands,
                                      "Commands that run before each wave of a deploy.")));
    table.push_back(machine_only(list("hooks.after_wave", LOCKSTEP_FIELD(hooks.after_wave), commands,
                                      "Commands that run after each wave of a deploy.")));
    table.push_back(machine_only(list("hooks.before_host", LOCKSTEP_FIELD(hooks.before_host), commands,
                                      "Commands that run before each activation, such as taking the host out of a "
                                      "load balancer.")));
    table.push_back(machine_only(list("hooks.after_host", LOCKSTEP_FIELD(hooks.after_host), commands,
                                      "Commands that run once it is known how a host ended.")));
    table.push_back(
        machine_only(duration("hooks.timeout", LOCKSTEP_FIELD(hooks.timeout), "Longest time for one command.")));
    table.push_back(machine_only(
        choice("hooks.on_failure", LOCKSTEP_FIELD(hooks.on_failure),
               choices<HookFailure>(std::pair{"stop", HookFailure::stop}, std::pair{"warn", HookFailure::warn}),
               "When a command before something fails: `stop` does not begin it, `warn` goes on and tells.")));
}

/// All of them belong to the machine: whoever can change the base branch must not thereby choose whom it talks to.
void add_notify(std::vector<ConfigKey>& table) {
    const auto add = [&](ConfigKey key) { table.push_back(machine_only(std::move(key))); };
    add(choice("notify.on", LOCKSTEP_FIELD(notify.on),
               choices<NotifyWhen>(std::pair{"change", NotifyWhen::change}, std::pair{"always", NotifyWhen::always},
                                   std::pair{"trouble", NotifyWhen::trouble}),
               "When people are told: `change`, when a run ends otherwise than the one before; `always`; `trouble`, "
               "unless all is well. Metrics are always written."));
    add(duration("notify.timeout", LOCKSTEP_FIELD(notify.timeout), "Longest time for each message."));
    add(with_pattern(text("notify.pushgateway", LOCKSTEP_FIELD(notify.pushgateway), web_address,
                          "Web address of a Prometheus pushgateway that gets the metrics of each run."),
                     "^(https?://[^ ?#@]+)?$"));
    add(text("notify.textfile", LOCKSTEP_FIELD(notify.textfile), path_or_empty,
             "File for the textfile collector of node_exporter; an absolute path that ends in `.prom`."));
    add(text("notify.slack_file", LOCKSTEP_FIELD(notify.slack_file), path_or_empty,
             "File that holds the address of an incoming webhook of Slack, Mattermost or the like, mode 0600."));
    add(text("notify.smtp", LOCKSTEP_FIELD(notify.smtp), mail_server,
             "Mail server: `smtp://host:port` (TLS when it offers that) or `smtps://…`."));
    add(text("notify.mail_from", LOCKSTEP_FIELD(notify.mail_from), mail_address_or_empty, "Sender of the mail."));
    add(list("notify.mail_to", LOCKSTEP_FIELD(notify.mail_to), mail_addresses, "Addresses that mail goes to."));
    add(text("notify.nats", LOCKSTEP_FIELD(notify.nats), nats_server,
             "NATS server that gets an event on `lockstep.run.finished` when a run has ended."));
}

}  // namespace lockstep::keys
