# shellcheck shell=sh disable=SC2154 # parameters come before common.sh
# SPDX-License-Identifier: MIT
# Activates a system of nix-darwin or a generation of home-manager, or makes it the profile's. What it says goes to a
# file, and a hang-up is ignored: a lost connection does not end it halfway. home-manager is never run as root.
as_owner() { if [ "$lockstep_type" = home_manager ]; then "$@"; else as_root "$@"; fi; }

step() {
    output=$(mktemp 2>/dev/null) || output=/dev/null
    trap '' HUP PIPE
    rc=0
    case $lockstep_step in
        activate) as_owner "$lockstep_new/activate" ;;
        commit) as_owner nix-env -p "$system_profile" --set "$lockstep_new" ;;
        *) false ;;
    esac >"$output" 2>&1 || rc=$?
    say rc "$rc"
    say output "$(tail -c 16384 "$output")" 16384
    [ "$output" = /dev/null ] || rm -f "$output"
    say end "$lockstep_nonce"
}
step </dev/null
