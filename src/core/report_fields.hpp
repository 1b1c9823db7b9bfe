// SPDX-License-Identifier: MIT
// The one list of what report.json holds. A visitor that writes and a visitor that reads walk the same list, so that
// reading is the exact inverse of writing. Private to src/core.
//
// A visitor V has: text, texts, flag, count, number, time, seconds, word, exit_code, maybe_text, group(key, f),
// list(key, vector, f), maybe(key, optional, f), where each f gets a visitor for the inner object; and filled,
// filled_number and address, which are left out when empty (an address never shows credentials); and since(minor),
// false when the document is of an earlier version 1.x, which has not got what follows.
#pragma once

#include "core/report_words.hpp"
#include "lockstep/core/report.hpp"

namespace lockstep::report_fields {

template <class V, class Run>
void run(V& v, Run& r) {
    v.text("id", r.id);
    v.text("command", r.command);
    v.time("started", r.started);
    v.time("finished", r.finished);
    v.seconds("duration_s", r.duration);
    v.group("trigger", [&](V& g) {
        g.text("kind", r.trigger);
        g.text("actor", r.actor);
    });
    v.group("tool", [&](V& g) { g.text("version", r.tool_version); });
    v.group("nix", [&](V& g) {
        g.text("version", r.nix_version);
        g.text("implementation", r.nix_implementation);
    });
    v.flag("dry_run", r.dry_run);
    v.filled_number("resumed", r.resumed);
}

template <class V, class Repo>
void repo(V& v, Repo& r) {
    v.text("remote", r.remote);
    v.text("forge", r.forge);
    v.text("web", r.web);
    v.text("flake", r.flake);
    v.group("base", [&](V& g) {
        g.text("name", r.base);
        g.text("before", r.base_before);
        g.text("after", r.base_after);
    });
    v.text("branch", r.branch);
    v.group("candidate", [&](V& g) {
        g.text("commit", r.candidate_commit);
        g.text("tree", r.candidate_tree);
        g.text("lock_blob", r.lock_blob);
    });
}

template <class V, class Ending>
void verdict(V& v, Ending& e) {
    v.word("outcome", e.outcome, outcome_word, Outcome::stopped);
    v.exit_code("exit_code", "exit_word", e.exit);
    v.text("reason", e.reason);
    v.text("next_action", e.next_action);
}

template <class V, class Stage>
void stage(V& v, Stage& s) {
    v.text("name", s.name);
    v.word("state", s.state, stage_word, StageState::interrupted);
    v.time("started", s.started);
    v.seconds("duration_s", s.duration);
    v.group("error", [&](V& g) {
        g.text("class", s.error_class);
        g.text("message", s.error_message);
    });
}

template <class V, class Ref>
void flake_ref(V& v, Ref& r) {
    v.filled("type", r.type);
    v.filled("owner", r.owner);
    v.filled("repo", r.repo);
    v.filled("host", r.host);
    v.address("url", r.url);
    v.filled("path", r.path);
    v.filled("id", r.id);
    v.filled("ref", r.ref);
    v.filled("rev", r.rev);
    v.filled("dir", r.dir);
    v.filled("narHash", r.nar_hash);
    v.filled_number("lastModified", r.last_modified);
}

template <class V, class Change>
void input(V& v, Change& c) {
    v.text("input", c.input);
    v.word("change", c.change, change_word, ChangeKind::follows);
    v.flag("direct", c.direct);
    v.maybe("from", c.from, [](V& g, auto& ref) { flake_ref(g, ref); });
    v.maybe("to", c.to, [](V& g, auto& ref) { flake_ref(g, ref); });
    v.maybe_text("follows_from", c.follows_from);
    v.maybe_text("follows_to", c.follows_to);
    v.text("compare", c.compare);
}

template <class V, class Alarm>
void alarm(V& v, Alarm& a) {
    v.word("severity", a.severity, alarm_severity_word, AlarmSeverity::warn);
    v.text("code", a.code);
    v.text("input", a.input);
    v.text("detail", a.detail);
    v.flag("stops", a.stops);
}

template <class V, class Host>
void host(V& v, Host& h) {
    v.text("name", h.name);
    v.word("kind", h.kind, target_kind_word, TargetKind::dev_shell);
    v.text("system", h.system);
    v.flag("required", h.required);
    v.word("state", h.state, state_word, HostState::interrupted);
    v.text("drv", h.drv);
    v.text("out", h.out);
    v.text("cause", h.cause);
    v.texts("chain", h.chain);
    v.text("detail", h.detail);
    v.text("log", h.log);
    v.seconds("eval_s", h.eval_time);
    v.seconds("build_s", h.build_time);
    v.count("eval_peak_bytes", h.eval_peak_bytes);
    if (!v.since(1)) return;
    v.text("base_drv", h.base_drv);
    v.group("work", [&](V& g) {
        g.flag("known", h.work.known);
        g.count("valid", h.work.valid);
        g.count("fetch", h.work.fetch);
        g.count("build", h.work.build);
    });
    if (!v.since(4)) return;
    v.maybe("change", h.change, [](V& g, auto& change) {
        g.text("from", change.from);
        g.text("packages", change.packages);
        g.texts("package_lines", change.package_lines);
        g.text("kernel", change.kernel);
        g.texts("reboot", change.reboot);
        g.count("copy_bytes", change.copy_bytes);
    });
}

template <class V, class Build>
void build(V& v, Build& b) {
    v.text("name", b.name);
    v.text("drv", b.drv);
    v.text("machine", b.machine);
    v.flag("ok", b.ok);
    v.seconds("started_s", b.started);
    v.seconds("duration_s", b.duration);
}

template <class V, class Timing>
void timing(V& v, Timing& t) {
    v.count("derivations_built", t.derivations_built);
    v.count("download_bytes", t.download_bytes);
    v.list("slowest", t.slowest, [](V& g, auto& item) { build(g, item); });
    v.list("critical_path", t.critical_path, [](V& g, auto& item) { build(g, item); });
}

template <class V, class C>
void cause(V& v, C& c) {
    v.text("id", c.id);
    v.text("drv", c.drv);
    v.text("name", c.name);
    v.word("class", c.cls, cause_word, CauseClass::unknown);
    v.text("first_error", c.first_error);
    v.texts("tail", c.tail);
    v.texts("hosts", c.hosts);
    v.text("log", c.log);
    v.text("machine", c.machine);
    v.seconds("duration_s", c.duration);
}

template <class V, class Report>
void everything(V& v, Report& r) {
    v.group("run", [&](V& g) { run(g, r.run); });
    v.group("repo", [&](V& g) { repo(g, r.repo); });
    v.group("verdict", [&](V& g) { verdict(g, r.ending); });
    v.list("stages", r.stages, [](V& g, auto& item) { stage(g, item); });
    v.group("lock", [&](V& g) {
        if (g.since(2)) g.list("alarms", r.alarms, [](V& inner, auto& item) { alarm(inner, item); });
        g.list("inputs", r.inputs, [](V& inner, auto& item) { input(inner, item); });
    });
    v.list("hosts", r.hosts, [](V& g, auto& item) { host(g, item); });
    v.list("causes", r.causes, [](V& g, auto& item) { cause(g, item); });
    v.list("logs", r.logs, [](V& g, auto& item) {
        g.text("owner", item.owner);
        g.text("file", item.file);
        g.count("bytes", item.bytes);
        g.count("dropped_bytes", item.dropped_bytes);
    });
    v.list("reasons", r.reasons, [](V& g, auto& item) {
        g.text("host", item.host);
        g.text("text", item.text);
    });
    v.maybe("pull_request", r.pull, [](V& g, auto& item) {
        g.number("number", item.number);
        g.text("url", item.url);
        g.text("action", item.action);
    });
    if (v.since(1)) v.group("timing", [&](V& g) { timing(g, r.timing); });
    v.texts("notices", r.notices);
    v.texts("limits", r.limits);
    if (!v.since(3)) return;
    v.list("notifications", r.notifications, [](V& g, auto& item) {
        g.text("sink", item.sink);
        g.word("state", item.state, notification_word, NotificationState::given_up);
        g.count("attempts", item.attempts);
        g.text("error", item.error);
    });
}

}  // namespace lockstep::report_fields
