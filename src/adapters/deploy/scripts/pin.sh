# shellcheck shell=sh disable=SC2154 # parameters come before common.sh
# SPDX-License-Identifier: MIT
# Keeps the new and the old system from the garbage collector while the run goes on (approvals may take hours), or lets
# them go.
roots=/nix/var/nix/gcroots/lockstep

pin() { # SUFFIX PATH
    [ -n "$2" ] || return 0
    as_root nix-store --realise "$2" --add-root "$roots/$lockstep_run-$1" >/dev/null 2>&1
    if [ "$(readlink -f "$roots/$lockstep_run-$1")" = "$2" ]; then say "pinned_$1" 1; else say "pinned_$1" 0; fi
}

pins() {
    if [ "$lockstep_pin" = 1 ]; then
        as_root mkdir -p "$roots"
        pin new "$lockstep_new"
        pin old "$lockstep_old"
    else
        as_root rm -f "$roots/$lockstep_run-new" "$roots/$lockstep_run-old"
        say unpinned 1
    fi
    say end "$lockstep_nonce"
}
pins </dev/null
