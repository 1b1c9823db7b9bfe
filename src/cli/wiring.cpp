// SPDX-License-Identifier: MIT
// Making the edges, and the functions that tie them to the ports.
#include "cli/wiring.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <ctime>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/config_sources.hpp"
#include "cli/forge_maker.hpp"
#include "cli/run_hooks.hpp"
#include "edges/boot_parts.hpp"
#include "edges/gc_roots.hpp"
#include "edges/machine.hpp"
#include "edges/memory_file.hpp"
#include "edges/redacting_forge.hpp"
#include "edges/redacting_memory.hpp"
#include "edges/run_lock.hpp"
#include "edges/secret_file.hpp"
#include "edges/state_paths.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep::cli {

namespace fs = std::filesystem;

namespace {

class Held final : public HeldLock {
public:
    explicit Held(std::unique_ptr<RunLock> lock) : lock_(std::move(lock)) {}

private:
    std::unique_ptr<RunLock> lock_;
};

/// "2026-11-21T02:00:00Z" or "2026-11-21".
Result<std::chrono::system_clock::time_point> parse_now(const std::string& text) {
    std::tm parts{};
    const char* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    if (end == nullptr || *end != '\0') {
        parts = {};
        end = strptime(text.c_str(), "%Y-%m-%d", &parts);
    }
    if (end == nullptr || *end != '\0')
        return Error{ErrorKind::usage, "--now does not take `" + clean_line(text, 60) + "`", "",
                     "write a time as 2026-11-21T02:00:00Z or a date as 2026-11-21"};
    return std::chrono::system_clock::from_time_t(timegm(&parts));
}

}  // namespace

/// Console and run.log see every event.
class Machine::Sinks final : public EventSink {
public:
    Sinks(EventSink& console, RunStore& store, Machine& machine)
        : console_(console), store_(store), machine_(machine) {}

    void on(const Event& event) noexcept override {
        console_.on(event);
        machine_.tell_step(event);
        try {
            if (const auto* host = std::get_if<HostEnded>(&event)) machine_.interim_->take(host->result);
            log(event);
        } catch (...) {  // NOLINT(bugprone-empty-catch): a log line is not worth a run
        }
    }

private:
    void log(const Event& event) {
        if (const auto* stage = std::get_if<StageStarted>(&event)) store_.log(stage->name + ": " + stage->text);
        if (const auto* ended = std::get_if<StageEnded>(&event))
            store_.log(fmt::format("{}: {} after {}", ended->stage.name, stage_word(ended->stage.state),
                                   human_duration(ended->stage.duration)));
        if (const auto* notice = std::get_if<Notice>(&event)) store_.log(clean_line(notice->text, 2000));
        if (const auto* host = std::get_if<HostEnded>(&event))
            store_.log(fmt::format("{}: {}{}{}", clean_line(host->result.name), state_word(host->result.state),
                                   host->result.detail.empty() ? "" : ": ", host->result.detail));
    }

    EventSink& console_;
    RunStore& store_;
    Machine& machine_;
};

Machine::Machine(const Options& options, Environment environment)
    : options_(options),
      environment_(std::move(environment)),
      runner_(runner::detect([this](const char* name) { return environment_.get(name); })),
      now_(std::chrono::system_clock::now()) {
    // Signals first: every later thread inherits the blocked mask.
    signals_ = std::make_unique<SignalWatch>([this](int number, int nth) { take_signal(number, nth); });
    processes_ = std::make_unique<Supervisor>(environment_.for_children());
#ifdef LOCKSTEP_FAILPOINTS
    if (const auto plan = environment_.get("LOCKSTEP_TEST_FAILPOINT"); !plan.empty())
        failpoints_ = std::make_unique<Failpoints>(plan, environment_.get("LOCKSTEP_TEST_STALL_FIFO"),
                                                   [this] { clock_.sleep_for(std::chrono::hours(1)); });
    clock_.hurry(std::atoi(environment_.get("LOCKSTEP_TEST_HASTE").c_str()));
#endif
}

Machine::~Machine() {
    if (console_) console_->stop();
    signals_.reset();  // before what its callback uses
}

void Machine::take_signal(int number, int nth) {
    if (nth == 1) signal_ = number;
    clock_.interrupt();
    if (processes_) processes_->stop_all(nth > 1);
    if (nth == 1 && ready_) interim_->write(number);
    if (nth == 1) return;
    http_.interrupt();
    last_resort_.arm(128 + (signal_ == SIGTERM ? SIGTERM : SIGINT));
}

Result<Config> Machine::configure(const std::optional<RepositoryFile>& file) const {
    Sources sources;
    if (file) {
        sources.repository_text = file->text;
        sources.repository_name = file->name;
    }
    if (machine_file_) {
        sources.machine_text = machine_file_->text;
        sources.machine_name = machine_file_->name;
    }
    sources.variables = environment_.all();
    sources.overrides = options_.overrides;
    return assemble(sources);
}

Result<void> Machine::open_git(bool with_remote) {
    GitSettings settings;
    settings.timeout = config_.git.timeout;
    settings.on_secret = [](const std::string& secret) { secrets().add(secret); };
    settings.getenv = [this](const char* name) { return environment_.get(name); };
    auto repository = std::make_unique<GitRepository>(*processes_, settings);
    auto& git = *repository;
    git_ = std::move(repository);
    LOCKSTEP_TRY(const auto checkout, git.checkout(options_.repo));
    remote_url_ = checkout.root.string();
    if (!with_remote) return {};
    LOCKSTEP_TRY(remote_url_, git.remote_url(checkout, config_.remote));
    LOCKSTEP_TRY(const auto token, git_token(config_, environment_, remote_url_));
    if (token) git.use_token(token->token, token->host);
    return {};
}

Result<void> Machine::find_state() {
    const auto root = state_root([this](const char* name) { return environment_.get(name); });
    if (!root.ok()) return root.error();
    state_ = root.value() / repository_key(remote_url_);
    runs_ = state_ / "runs";
    return {};
}

std::string Machine::settings_json(const std::string& command) const {
    std::error_code ignored;
    nlohmann::ordered_json json{{"command", command},
                                {"args", options_.args},
                                {"directory", fs::current_path(ignored).string()},
                                {"now", std::chrono::system_clock::to_time_t(now_)},
                                {"host", host_name()},
                                {"pid", getpid()},
                                {"dry_run", options_.dry_run ? 1 : 0}};
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<void> Machine::make_store(const std::string& command) {
    const auto state = find_state();
    const std::string id = new_run_id(clock_.now());
    if (!options_.run_dir && !state.ok()) return state;
    own_run_dir_ = !options_.run_dir;
    LOCKSTEP_TRY(store_, DirRunStore::create(own_run_dir_ ? runs_ / id : fs::path(*options_.run_dir), id, clock_));
    clean_store_ = std::make_unique<RedactingStore>(*store_, secrets());
    return clean_store_->journal("fact", "settings", settings_json(command));
}

/// What needs the run's directory.
void Machine::open_rest() {
    auto memory = state_.empty() ? Result<std::unique_ptr<Memory>>(forgetful_memory())
                                 : MemoryFile::open(state_ / "memory.jsonl");
    if (!memory.ok()) clean_store_->log("nothing is remembered: " + memory.error().what + ": " + memory.error().why);
    if (!state_.empty()) release_dead_roots(runs_);
    memory_ =
        std::make_unique<RedactingMemory>(memory.ok() ? std::move(memory).value() : forgetful_memory(), secrets());
    ConsoleOptions console;
    console.tty = isatty(STDERR_FILENO) == 1;
    console.color = use_color(options_.color, console.tty, [this](const char* name) { return environment_.get(name); });
    console.quiet = options_.quiet;
    console.plain = options_.plain || environment_.get("TERM") == "dumb";
    console.runner = runner_.kind;
    console.redact = [](std::string_view text) { return secrets().redacted(text); };
    console_ = std::make_unique<Console>(console, clock_);
    sinks_ = std::make_unique<Sinks>(*console_, store(), *this);
    hooks_ = std::make_unique<Hooks>(hook_wishes(config_, options_.dry_run),
                                     HookFacts{.run = store().run_id(), .command = options_.command},
                                     HookPorts{*processes_, store(), clock_, *sinks_,
                                               [](std::string_view text) { return secrets().redacted(text); }});
    interim_ = std::make_unique<InterimReport>(store(), clock_);
    ready_ = true;
}

Result<void> Machine::read_settings() {
    if (options_.now) {
        LOCKSTEP_TRY(now_, parse_now(*options_.now));
    }
    if (options_.config_file) {
        auto text = files_.read(*options_.config_file, 1u << 20);
        if (!text.ok())
            return Error{ErrorKind::config, "the configuration file cannot be read", text.error().why,
                         "check --config"};
        machine_file_ = RepositoryFile{*options_.config_file, std::move(text).value()};
    }
    LOCKSTEP_TRY(config_, configure(std::nullopt));
    if (!config_.cache.signing_key_file.empty())
        LOCKSTEP_TRY_VOID(
            check_secret_file(config_.cache.signing_key_file, "the signing key", "cache.signing_key_file"));
    return {};
}

Result<void> Machine::open(const std::string& command) {
    LOCKSTEP_TRY_VOID(read_settings());
    LOCKSTEP_TRY_VOID(open_git(command != "build"));
    LOCKSTEP_TRY_VOID(make_store(command));
    open_rest();
    return {};
}

Result<void> Machine::reopen(const fs::path& directory, const RunHistory& past, std::uint64_t records) {
    LOCKSTEP_TRY_VOID(read_settings());
    now_ = past.now;
    LOCKSTEP_TRY_VOID(open_git(true));
    const auto state = find_state();
    own_run_dir_ = state.ok() && directory.parent_path() == runs_;
    LOCKSTEP_TRY(store_, DirRunStore::reopen(directory, past.run_id, records, clock_));
    clean_store_ = std::make_unique<RedactingStore>(*store_, secrets());
    LOCKSTEP_TRY_VOID(clean_store_->journal(
        "fact", "resumed", journal_data({{"host", host_name()}, {"pid", static_cast<std::int64_t>(getpid())}})));
    open_rest();
    return {};
}

Result<void> Machine::open_reading() {
    LOCKSTEP_TRY_VOID(read_settings());
    LOCKSTEP_TRY_VOID(open_git(true));
    return find_state();
}

void Machine::reach(std::string_view step) {
    if (failpoints_) (void)failpoints_->reach(step);
}

/// Hosts begin and end inside of the proof: their failpoints are counted here.
void Machine::tell_step(const Event& event) {
    if (!failpoints_) return;
    if (std::holds_alternative<EvalStarted>(event)) reach("host-start:" + std::to_string(++hosts_started_));
    if (std::holds_alternative<HostEnded>(event)) reach("host-done:" + std::to_string(++hosts_ended_));
}

bool Machine::color_on_stdout() const {
    return use_color(options_.color, isatty(STDOUT_FILENO) == 1,
                     [this](const char* name) { return environment_.get(name); });
}

RunSettings Machine::settings(const std::string& command) const {
    const auto machine = machine_facts();
    RunSettings settings;
    settings.command = command;
    settings.dry_run = options_.dry_run;
    settings.detailed_exit_code = options_.detailed_exit_code;
    settings.retry_failed = options_.retry_failed;
    settings.hosts_from_flags = options_.hosts_from_flags;
    settings.repo = options_.repo;
    settings.state_dir = state_;
    settings.now = now_;
    settings.environment = runner_;
    settings.tool_version = LOCKSTEP_VERSION;
    settings.host = host_name();
    settings.cores = machine.cores;
    settings.memory_bytes = machine.memory_bytes;
    settings.secret_nonce = random_hex();
    return settings;
}

RunPorts Machine::ports() {
    return {
        .processes = *processes_,
        .git = *git_,
        .store = store(),
        .clock = clock_,
        .events = *sinks_,
        .files = files_,
        .memory = *memory_,
        .configure = [this](const std::optional<RepositoryFile>& file) { return configure(file); },
        .make_forge = [this](const Config& config, const RemoteFacts& remote) -> Result<std::unique_ptr<Forge>> {
            LOCKSTEP_TRY(auto forge, make_forge(config, environment_, remote.url, state_ / "forge", http_, clock_));
            if (!forge) return std::unique_ptr<Forge>();
            return std::unique_ptr<Forge>(std::make_unique<RedactingForge>(std::move(forge), secrets()));
        },
        .lock = [this](const std::string& remote_url, const std::string& base) -> Result<std::unique_ptr<HeldLock>> {
            const auto holder =
                fmt::format("run {} · process {} · since {}\n", store_->run_id(), getpid(), format_utc(clock_.now()));
            const fs::path place = state_.empty() ? store_->root() : state_;
            LOCKSTEP_TRY(auto lock, RunLock::acquire(place / ("lock-" + file_slug(remote_url + " " + base)), holder));
            return std::unique_ptr<HeldLock>(std::make_unique<Held>(std::move(lock)));
        },
        .interrupted = [this] { return signal_.load(); },
        .getenv = [this](const char* name) { return environment_.get(name); },
        .admit_last = [this] { processes_->admit(); },
        .is_dead =
            [this](const std::string& host, const std::string& run) {
                return host == host_name() && is_run_id(run) && run_is_dead(runs_ / run);
            },
        .failpoint = failpoints_ ? [this](std::string_view step) { return failpoints_->reach(step); }
                                 : std::function<Result<void>(std::string_view)>(),
        .disk = &disk_,
        .roots = &roots_,
        .boot_parts = boot_parts_here,
        .end_all =
            [this] {
                clock_.interrupt();
                http_.interrupt();
                processes_->stop_all(false);
            },
        .so_far = [this](const RunReport& report) { interim_->take(report); }};
}

void Machine::end_interim() {
    interim_->close();
}

Leftovers Machine::end_leftovers() {
    return processes_->end_leftovers();
}

void Machine::clean_up(bool keep_work) {
    std::error_code ignored;
    if (!keep_work) fs::remove_all(store_->root() / "work", ignored);
    if (own_run_dir_) prune_runs(runs_, config_.report.keep_runs, store_->run_id());
}

}  // namespace lockstep::cli
