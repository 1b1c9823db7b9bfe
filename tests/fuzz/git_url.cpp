// SPDX-License-Identifier: MIT
// Addresses of remotes and of forges, and names of refs: nothing option-like, no control characters, no password shown.
#include "edges/git_url.hpp"

#include <algorithm>

#include "adapters/forge/url.hpp"
#include "edges/libgit2_objects.hpp"
#include "fuzz/support/fuzz_input.hpp"
#include "lockstep/adapters/forge_dialect.hpp"
#include "lockstep/core/base64.hpp"
#include "lockstep/core/check.hpp"

using namespace lockstep;

namespace {

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

/// The password is only judged where its text cannot stand elsewhere for another reason.
bool is_telling(std::string_view password, std::string_view text) {
    const auto at = text.find(password);
    return password.size() >= 3 && at != std::string_view::npos &&
           text.find(password, at + 1) == std::string_view::npos;
}

void check_remote(std::string_view text) {
    const auto remote = parse_remote(text, "/fleet");
    if (!remote.ok()) {
        LOCKSTEP_CHECK(remote.error().kind == ErrorKind::config);
        return;
    }
    LOCKSTEP_CHECK(!remote->url.empty() && remote->url.front() != '-' && !remote->host.starts_with('-'));
    LOCKSTEP_CHECK(!has_control(remote->url) && !has_control(remote->shown) && !has_control(remote->user));
    LOCKSTEP_CHECK(!text.starts_with("ext::") && !text.starts_with("EXT::"));
    if (remote->password && is_telling(*remote->password, text))
        for (const auto& seen : {remote->url, remote->shown, remote->bare, http_root(*remote), remote->host})
            LOCKSTEP_CHECK(seen.find(*remote->password) == std::string::npos);
    for (const auto& secret : secrets_of(*remote)) LOCKSTEP_CHECK(!secret.empty());
    if (!remote->host.empty()) LOCKSTEP_CHECK(same_host(*remote, remote->host));
}

void check_forge(std::string_view text) {
    (void)forge::parse_remote_address(text);
    for (const auto* kind : {"auto", "github", "gitea", "none"})
        (void)forge::choose({.kind = kind, .url = "", .remote_url = std::string(text)});
    (void)forge::choose(
        {.kind = "gitea", .url = std::string(text), .remote_url = "https://git.example.org/acme/fleet"});
    if (const auto url = forge::split_url(text)) {
        LOCKSTEP_CHECK(!url->host.empty() && !has_control(text));
        const auto again = forge::split_url(forge::origin(*url));
        LOCKSTEP_CHECK(again && forge::origin(*again) == forge::origin(*url) && again->userinfo.empty());
    }
    LOCKSTEP_CHECK(forge::decode(forge::encode(text)) == text);
    (void)forge::decode(text);
}

void check_ref(std::string_view text) {
    if (!libgit2::valid_ref(std::string(text))) return;
    LOCKSTEP_CHECK(text.starts_with("refs/") && !has_control(text));
    for (const auto* part : {"..", "@{", "//", "\\", " ", "~", "^", ":", "?", "*", "["})
        LOCKSTEP_CHECK(text.find(part) == std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::input_text(data, size);
    check_remote(text);
    check_forge(text);
    check_ref(text);
    LOCKSTEP_CHECK(base64_decoded(base64(text)) == text);
    (void)base64_decoded(text);
    return 0;
}
