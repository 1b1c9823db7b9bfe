// SPDX-License-Identifier: MIT
// The examination, step by step.
#include "lockstep/app/doctor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/run_state.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

using Level = Finding::Level;

class Examination {
public:
    Examination(const RunSettings& settings, const RunPorts& ports) : state_(settings, ports) {}

    std::vector<Finding> all() {
        if (repository()) {
            if (base()) {
                permissions();
                flake();
            }
        }
        return std::move(findings_);
    }

private:
    void add(Level level, std::string subject, std::string text, std::string fix = "", ExitCode exit = ExitCode::ok) {
        findings_.push_back({level, std::move(subject), std::move(text), std::move(fix), exit});
    }
    bool failed(const std::string& subject, const Error& error) {
        add(Level::failure, subject, error.what + (error.why.empty() ? "" : ": " + clean_text(error.why)), error.hint,
            exit_code_for(error.kind));
        return false;
    }

    bool repository() {
        nix_ok_ = nix();
        auto checkout = state_.ports.git.checkout(state_.settings.repo);
        if (!checkout.ok()) return failed("repository", checkout.error());
        state_.checkout = std::move(checkout).value();
        add(Level::good, "repository", state_.checkout.root.string());
        if (state_.checkout.dirty)
            add(Level::note, "repository", "there are uncommitted changes; runs do not see them");
        if (state_.checkout.shallow)
            add(Level::note, "repository", "the checkout is shallow; runs fetch the whole history from the remote",
                "let the checkout action use fetch-depth: 0");
        return true;
    }

    bool nix() {
        if (auto config = state_.ports.configure(std::nullopt); config.ok()) state_.config = std::move(config).value();
        if (const auto done = prepare_nix(state_); !done.ok()) return failed("nix", done.error());
        if (const auto done = await_settings(state_); !done.ok()) return failed("nix", done.error());
        const auto& can = state_.can;
        add(Level::good, "nix", fmt::format("{} {}", state_.setup.version.implementation, state_.setup.version.text));
        add(Level::good, "nix", fmt::format("builds for {}", join({can.systems.begin(), can.systems.end()}, ", ")));
        const auto setting = [&](const char* name) {
            const auto found = can.raw.find(name);
            return found == can.raw.end() ? std::string() : found->second;
        };
        if (setting("sandbox") == "false")
            add(Level::warning, "nix", "builds are not sandboxed: a build can read this user's files and processes",
                "set `sandbox = true` in nix.conf");
        if (setting("trusted-users").find('*') != std::string::npos)
            add(Level::warning, "nix", "every user is trusted by the Nix daemon", "narrow `trusted-users` in nix.conf");
        return true;
    }

    bool base() {
        auto prepared = prepare_reading(state_);
        if (!prepared.ok())
            return failed(prepared.error().kind == ErrorKind::config ? "configuration" : "remote", prepared.error());
        add(Level::good, "remote",
            fmt::format("{} ({} at {})", state_.remote.url, state_.base, short_id(state_.base_commit)));
        add(Level::good, "configuration",
            state_.config.flake.empty() ? "valid" : "valid; flake in " + state_.config.flake);
        add(Level::good, "lock",
            state_.had_lock ? plural(state_.base_lock.direct_names().size(), "direct input")
                            : "there is no flake.lock yet");
        return true;
    }

    void permissions() {
        auto forge = state_.ports.make_forge(state_.config, state_.remote);
        if (!forge.ok()) {
            failed("forge", forge.error());
        } else if (forge.value() == nullptr) {
            add(Level::note, "forge", "none: broken updates stay on their branch",
                "set forge.kind to get pull requests");
        } else if (const auto access = forge.value()->check_access(); !access.ok()) {
            failed("forge", access.error());
        } else {
            add(Level::good, "forge", forge.value()->kind() + " " + forge.value()->repository_url());
        }
        if (const auto push = state_.ports.git.check_push(state_.base_commit, "refs/heads/lockstep/permission-check");
            !push.ok())
            failed("push", push.error());
        else
            add(Level::good, "push",
                "the remote accepts pushes from here (branch protection shows only on a real push)");
    }

    void flake() {
        if (!nix_ok_) return;
        if (const auto tree = add_pinned_worktree(state_); !tree.ok()) {
            failed("flake", tree.error());
            return;
        }
        const auto found = discover(state_, state_.base_commit, "");
        if (!found.ok()) {
            failed("flake", found.error());
            return;
        }
        add(Level::good, "flake", plural(found->targets.size(), "host"));
    }

    RunState state_;
    std::vector<Finding> findings_;
    bool nix_ok_ = false;
};

std::string_view mark(Level level) {
    switch (level) {
        case Level::good:
            return "ok  ";
        case Level::note:
            return "note";
        case Level::warning:
            return "warn";
        case Level::failure:
            return "FAIL";
    }
    return "";
}

std::string_view colour(Level level) {
    switch (level) {
        case Level::good:
            return "\x1b[32m";
        case Level::note:
            return "\x1b[36m";
        case Level::warning:
            return "\x1b[33m";
        case Level::failure:
            return "\x1b[31m";
    }
    return "";
}

}  // namespace

std::vector<Finding> examine(const RunSettings& settings, const RunPorts& ports) {
    return Examination(settings, ports).all();
}

std::string findings_text(const std::vector<Finding>& findings, bool color) {
    std::string text;
    for (const auto& finding : findings) {
        const std::string shown = color ? fmt::format("{}{}\x1b[0m", colour(finding.level), mark(finding.level))
                                        : std::string(mark(finding.level));
        text += fmt::format("{}  {:<14} {}\n", shown, finding.subject,
                            replace_all(clean_text(finding.text), "\n", "\n                      "));
        if (!finding.fix.empty()) text += fmt::format("                      → {}\n", finding.fix);
    }
    return text;
}

std::string findings_json(const std::vector<Finding>& findings) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& finding : findings)
        list.push_back({{"level", trim(mark(finding.level))},
                        {"subject", finding.subject},
                        {"text", clean_text(finding.text)},
                        {"fix", finding.fix},
                        {"exit_code", static_cast<int>(finding.exit)}});
    return list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

ExitCode findings_exit(const std::vector<Finding>& findings) {
    const auto bad =
        std::find_if(findings.begin(), findings.end(), [](const auto& f) { return f.level == Level::failure; });
    return bad == findings.end() ? ExitCode::ok : bad->exit;
}

}  // namespace lockstep
