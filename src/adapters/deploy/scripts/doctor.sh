# shellcheck shell=sh disable=SC2154 # parameters come before common.sh
# SPDX-License-Identifier: MIT
# What a deploy may do here: asks sudo about each command without running it, and Nix whom it trusts. Changes nothing.
nix_settings() {
    has nix || return 0
    { nix --extra-experimental-features nix-command config show || nix --extra-experimental-features nix-command show-config; } 2>/dev/null
}

rights() {
    say user "$(id -un)"
    say uid "$(id -u)"
    for group in $(id -Gn); do say group "$group"; done
    if [ -n "$lockstep_questions" ]; then
        printf '%s\n' "$lockstep_questions" | while IFS= read -r question; do
            if sh -c "$question" >/dev/null 2>&1 </dev/null; then say allowed 1; else say allowed 0; fi
        done
    fi
    settings=$(nix_settings)
    if [ -n "$settings" ]; then
        for key in trusted-users trusted-public-keys require-sigs; do
            printf '%s\n' "$settings" | sed -n "s/^$key = //p" | head -n 1 | while IFS= read -r value; do say "$key" "$value"; done
        done
        say settings_known 1
    fi
    say end "$lockstep_nonce"
}
rights </dev/null
