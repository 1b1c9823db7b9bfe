# shellcheck shell=sh disable=SC2154 # parameters come before common.sh
# SPDX-License-Identifier: MIT
# Takes away what a run left on the host, but never what is under way.
clean() {
    if [ -f "$home/state" ] && ! is_final "$(field "$home/state" state)"; then
        say cleaned under_way
    else
        as_root rm -f "/nix/var/nix/gcroots/lockstep/$lockstep_run-new" "/nix/var/nix/gcroots/lockstep/$lockstep_run-old"
        rm -rf "$home"
        say cleaned 1
    fi
    say end "$lockstep_nonce"
}
clean </dev/null
