// SPDX-License-Identifier: MIT
// A canary token, given in each of the ways there are, is found nowhere after a run in which a builder prints it and
// the forge sends it back: not in what was shown, kept or published, nor in what any child was started with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fakes/fake_forge.hpp"
#include "support/fleet_fixture.hpp"
#include "support/lockstep_run.hpp"

namespace lockstep::test {
namespace {

namespace fs = std::filesystem;
using fakes::FakeForge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

struct Canary {
    std::string token, base64;
};

/// Stands before `name` on PATH and writes down what it was started with, and our environment as the kernel shows it.
void put_witness(const fs::path& farm, const std::string& name, const std::string& real, const fs::path& log) {
    // git is given its way in by its environment (GIT_CONFIG_VALUE_n or LOCKSTEP_GIT_PASSWORD), and it alone: it and
    // its own transport program, which need it, are the one place that is not searched.
    write_file(
        farm / name,
        "#!/bin/sh\n{ printf '%s ' \"$0\" \"$@\"; echo; } >>" + log.string() + ".argv\n{ echo \"== " + name +
            "\"; /usr/bin/env; } >>" + log.string() + "." + name +
            ".env\ntest \"$(cat /proc/$PPID/comm)\" = lockstep && /usr/bin/tr '\\0' '\\n' </proc/$PPID/environ >>" +
            log.string() + ".parent 2>/dev/null\n" + "/usr/bin/tr '\\0' ' ' </proc/$PPID/cmdline >>" + log.string() +
            ".argv\nexec " + real + " \"$@\"\n");
    fs::permissions(farm / name, fs::perms::owner_all);
}

class SecretsInARun : public ::testing::Test {
protected:
    void SetUp() override {
        LOCKSTEP_NEEDS_NIX();
        lab_.emplace();
        fleet_.emplace(*lab_);
        fleet_->part("catalogue", "tls", {});
        fleet_->host("web1", {.parts = {"catalogue.tls"}});
        fleet_->commit("first");
        bare_ = fleet_->publish();
        forge_ = std::make_unique<FakeForge>(fakes::ForgeOptions{.kind = fakes::ForgeKind::gitea, .repository = bare_});
        canary_.token = forge_->token();
        canary_.base64 = run_ok({"sh", "-c", "printf %s '" + canary_.token + "' | base64 -w0"});
        set_remote(forge_->clone_url());
        make_builder_talk();
        make_forge_talk();
        fs::create_directories(*lab_ / "farm");
        fs::create_directories(*lab_ / "temp");
        fs::create_directories(*lab_ / "runner");
        const auto log = *lab_ / "witness";
        // The second one prints what it should not have either.
        const auto hook = "{ env; cat; tr ''\\0'' ''\\n'' </proc/$PPID/environ; } >>" + log.string() + ".hook";
        write_file(*lab_ / "machine.yaml", "config_version: 1\nhooks: { before_run: ['" + hook + "'], after_run: ['" +
                                               hook + "; cat " + (*lab_ / "canary").string() + "'] }\n");
        for (const std::string name : {"git", "nix", "nix-store", "nix-build"})
            put_witness(*lab_ / "farm", name, trimmed(run_ok({"sh", "-c", "command -v " + name})), log);
    }

    static std::string trimmed(std::string text) {
        while (!text.empty() && text.back() == '\n') text.pop_back();
        return text;
    }
    void set_remote(const std::string& url) const {
        lab_->git(fleet_->repository(), {"remote", "set-url", "origin", url});
    }
    /// The builder reads the canary where it could never have it from: a file beside the run. It prints it plain, in
    /// base64, in pieces, and dies of it.
    void make_builder_talk() {
        write_file(*lab_ / "canary", canary_.token);
        const auto said = "t=$(/bin/cat " + (*lab_ / "canary").string() + "); echo \"token $t\"; echo \"coded " +
                          canary_spliced(canary_.base64) +
                          "\"; printf '%s' \"''${t%??????}\"; echo \"''${t#\"''${t%??????}\"}\"; echo \"error: cannot "
                          "use $t\" >&2; exit 3";
        const auto repository = fleet_->input_repository("catalogue");
        write_file(repository / "flake.nix", "{ outputs = _: { parts.tls = derivation { name = \"tls\"; system = \"" +
                                                 this_system() + "\"; builder = \"/bin/sh\"; args = [ \"-c\" ''\n" +
                                                 said + "\n'' ]; }; }; }\n");
        lab_->git(repository, {"commit", "--quiet", "--all", "--message", "Talk"});
    }
    /// The base64 as shell text that does not hold it in one piece: the flake itself must not be where it is found.
    static std::string canary_spliced(const std::string& text) { return text.substr(0, 9) + "\"\"" + text.substr(9); }
    void make_forge_talk() {
        forge_->faults().on("POST", "/comments$",
                            fakes::fault::answer(403, R"({"message": "you sent Authorization: token )" + canary_.token +
                                                          R"( and )" + canary_.base64 + R"("})"),
                            {.nth = 1, .times = 0});
    }

    LockstepEnd run(std::vector<std::string> arguments, std::vector<std::string> environment) {
        arguments.insert(arguments.begin(), {"run", "--forge", "gitea", "--forge-url", forge_->web_root()});
        arguments.insert(arguments.end(), {"--repo", fleet_->repository().string(), "--plain", "--json", "--config",
                                           (*lab_ / "machine.yaml").string()});
        environment.push_back("PATH=" + (*lab_ / "farm").string() + ":" + std::getenv("PATH"));
        environment.push_back("TMPDIR=" + (*lab_ / "temp").string());
        return Lockstep(*lab_).run(arguments, environment);
    }

    void expect_absent(const std::string& text, const std::string& where) const {
        for (const auto& secret : {canary_.token, canary_.base64.substr(0, canary_.base64.size() - 4)})
            EXPECT_EQ(text.find(secret), std::string::npos) << where << ":\n" << around(text, secret);
    }
    static std::string around(const std::string& text, const std::string& secret) {
        const auto at = text.find(secret);
        return at == std::string::npos ? "" : text.substr(at > 100 ? at - 100 : 0, 200 + secret.size());
    }

    void expect_nowhere(const LockstepEnd& end) {
        expect_absent(end.out, "stdout");
        expect_absent(end.err, "stderr");
        for (const auto& place : {Lockstep(*lab_).state(), *lab_ / "temp", *lab_ / "runner"})
            for (const auto& file : fs::recursive_directory_iterator(place))
                if (file.is_regular_file() && !file.is_symlink()) expect_absent(read_file(file.path()), file.path());
        const auto witness = (*lab_ / "witness").string();
        expect_absent(read_file(witness + ".argv"), "argv of children and of their parent");
        expect_absent(read_file(witness + ".parent"), "our own environment");
        for (const std::string name : {"nix", "nix-store", "nix-build"})
            expect_absent(read_file(witness + "." + name + ".env"), "environment of " + name);
        expect_absent(read_file(witness + ".hook"), "environment and input of hooks");
        EXPECT_THAT(read_file(witness + ".hook"), HasSubstr(R"("hook":"after_run")")) << "the hooks ran";
        EXPECT_THAT(read_file(end.run_dir / "hooks/after_run.log"), HasSubstr("***")) << "what they said is redacted";
        EXPECT_THAT(read_file(witness + ".argv"), HasSubstr("ls-remote")) << "the witness saw git";
        EXPECT_THAT(read_file(witness + ".nix.env"), HasSubstr("HOME=")) << "the witness saw nix";
        // Nobody but root may look at all.
        if (geteuid() == 0) {
            EXPECT_THAT(read_file(witness + ".parent"), HasSubstr("HOME=")) << "the witness saw us";
        } else {
            EXPECT_THAT(read_file(witness + ".parent"), IsEmpty());
        }
        for (const auto& pull : forge_->pulls()) {
            expect_absent(pull.title + "\n" + pull.body, "pull request");
            for (const auto& comment : forge_->comments(pull.number)) expect_absent(comment.body, "comment");
            for (const auto& file : forge_->attachments(pull.number)) expect_absent(file.content, "attachment");
        }
        for (const auto& label : forge_->label_names()) expect_absent(label, "label");
        for (const auto& call : forge_->requests()) expect_absent(call.path + call.body, "request " + call.path);
        expect_absent(lab_->git(bare_, {"log", "-p", "--all", "--format=%B", "--", "flake.lock"}), "commit messages");
    }

    /// The run went all the way: the host failed with the canary in its log, and the forge was told.
    void expect_the_whole_way(const LockstepEnd& end) {
        ASSERT_EQ(end.code, 21) << end.err;
        ASSERT_THAT(forge_->open_pulls(), SizeIs(1));
        std::string logs;
        for (const auto& file : fs::recursive_directory_iterator(end.run_dir))
            if (file.path().extension() == ".log") logs += read_file(file.path());
        EXPECT_THAT(logs, HasSubstr("token ***"));
        EXPECT_THAT(logs, HasSubstr("coded ***"));
        EXPECT_THAT(end.out, HasSubstr("cannot use ***"));
    }

    std::optional<NixLab> lab_;
    std::optional<FleetFixture> fleet_;
    fs::path bare_;
    std::unique_ptr<FakeForge> forge_;
    Canary canary_;
};

TEST_F(SecretsInARun, ATokenFromAFileIsFoundNowhere) {
    const auto file = *lab_ / "token";
    write_file(file, canary_.token + "\n");
    ASSERT_EQ(chmod(file.c_str(), 0600), 0);
    const auto end = run({"--token-file", file.string()}, {});
    expect_the_whole_way(end);
    expect_nowhere(end);
}

TEST_F(SecretsInARun, ATokenFromTheEnvironmentIsFoundNowhere) {
    const auto end = run({}, {"GITEA_TOKEN=" + canary_.token, "MY_API_KEY=" + canary_.token});
    expect_the_whole_way(end);
    expect_nowhere(end);
}

TEST_F(SecretsInARun, ATokenFromACredentialOfSystemdIsFoundNowhere) {
    const auto folder = *lab_ / "credentials";
    fs::create_directories(folder);
    write_file(folder / "lockstep-token", canary_.token);
    ASSERT_EQ(chmod((folder / "lockstep-token").c_str(), 0440), 0);
    const auto end = run({}, {"CREDENTIALS_DIRECTORY=" + folder.string()});
    expect_the_whole_way(end);
    expect_nowhere(end);
    for (const std::string name : {"nix", "nix-store", "nix-build"})
        EXPECT_THAT(read_file(*lab_ / ("witness." + name + ".env")), Not(HasSubstr("CREDENTIALS_DIRECTORY"))) << name;
}

TEST_F(SecretsInARun, ATokenOfAnActionsJobIsFoundNowhereInItsFiles) {
    const auto runner = *lab_ / "runner";
    const auto end = run({}, {"GITEA_TOKEN=" + canary_.token, "GITEA_ACTIONS=true", "CI=true",
                              "GITHUB_OUTPUT=" + (runner / "output").string(),
                              "GITHUB_STEP_SUMMARY=" + (runner / "summary.md").string()});
    expect_the_whole_way(end);
    EXPECT_THAT(read_file(runner / "output"), HasSubstr("exit_code<<")) << "outputs were written";
    EXPECT_THAT(read_file(runner / "summary.md"), HasSubstr("cannot use ***")) << "so was the summary";
    EXPECT_THAT(end.out + end.err, HasSubstr("::error")) << "and annotations";
    expect_nowhere(end);
}

TEST_F(SecretsInARun, ATokenInTheAddressOfTheRemoteIsFoundNowhere) {
    // The forge's own token is another one: what is looked for is known from the address alone.
    const auto other = forge_->add_token({});
    set_remote(forge_->clone_url(canary_.token));
    const auto file = *lab_ / "token";
    write_file(file, other);
    ASSERT_EQ(chmod(file.c_str(), 0600), 0);
    const auto end = run({"--token-file", file.string()}, {});
    expect_the_whole_way(end);
    expect_nowhere(end);
}

}  // namespace
}  // namespace lockstep::test
