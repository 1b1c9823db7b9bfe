# shellcheck shell=sh disable=SC2154 # parameters come before common.sh
# SPDX-License-Identifier: MIT
# Takes away what a run and its parts left on the host, but never what is under way.
clean() {
    cleaned=1
    for part in '' -boot -back -unboot; do
        if [ -f "$home$part/state" ] && ! is_final "$(field "$home$part/state" state)"; then cleaned=under_way; fi
    done
    if [ $cleaned = 1 ]; then
        roots=/nix/var/nix/gcroots/lockstep
        if [ -L "$roots/$lockstep_run-new" ] || [ -L "$roots/$lockstep_run-old" ]; then
            as_root rm -f "$roots/$lockstep_run-new" "$roots/$lockstep_run-old"
        fi
        rm -rf "$home" "$home-boot" "$home-back" "$home-unboot"
    fi
    say cleaned $cleaned
    say end "$lockstep_nonce"
}
clean </dev/null
