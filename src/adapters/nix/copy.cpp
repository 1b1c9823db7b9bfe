// SPDX-License-Identifier: MIT
// `nix copy` by output paths. Operands stand on the command line: 2.8 has no --stdin.
#include <fmt/format.h>

#include "adapters/nix/call.hpp"
#include "lockstep/adapters/nix_keep.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::nix {

namespace {

void finish_call(Command& command, const Setup& setup, const CopyRequest& request) {
    LOCKSTEP_CHECK(!request.paths.empty());
    add_options(command, setup);
    command.argv.emplace_back("--");
    command.argv.insert(command.argv.end(), request.paths.begin(), request.paths.end());
    if (request.timeout.count() > 0) command.deadline = request.timeout;
    forbid_prompts(command);
}

}  // namespace

bool is_binary_cache(std::string_view url) {
    for (const std::string_view scheme : {"file://", "http://", "https://", "s3://"})
        if (url.starts_with(scheme)) return true;
    return false;
}

Command copy_command(const Setup& setup, const CopyRequest& request) {
    auto to = request.to;
    if (!request.signing_key_file.empty() && is_binary_cache(to)) {
        // In a query '&' and '+' would mean something.
        const auto key = replace_all(replace_all(percent_encode(request.signing_key_file), "&", "%26"), "+", "%2B");
        to += fmt::format("{}secret-key={}", to.find('?') == std::string::npos ? '?' : '&', key);
    }
    auto command = start_call(setup, "nix", {"copy", "--to", to});
    // A binary cache takes what it is given. Other stores check, and let only users they trust leave signatures out.
    if (!is_binary_cache(to)) command.argv.emplace_back("--no-check-sigs");
    finish_call(command, setup, request);
    command.label = "nix copy (" + plural(request.paths.size(), "path") + ")";
    return command;
}

Command sign_command(const Setup& setup, const CopyRequest& request) {
    auto command = start_call(setup, "nix", {"store", "sign", "--recursive", "--key-file", request.signing_key_file});
    finish_call(command, setup, request);
    command.label = "nix store sign (" + plural(request.paths.size(), "path") + ")";
    return command;
}

}  // namespace lockstep::nix
