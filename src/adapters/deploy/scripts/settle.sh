# shellcheck shell=sh disable=SC2154 # parameters come before common.sh
# SPDX-License-Identifier: MIT
# For a run that left a host under way with nobody in charge: wakes its watchdog up now.
settle() {
    if [ ! -f "$home/supervisor" ] || [ ! -f "$home/state" ]; then
        say settled nothing
    elif is_final "$(field "$home/state" state)"; then
        say settled already
    elif find_holder && [ "$holder" = "$lockstep_run" ] && [ "$holder_alive" = 1 ]; then
        say settled in_charge
    elif has_systemd; then
        if as_root systemd-run --quiet --collect --no-block --unit="lockstep-settle-$lockstep_run" -- \
            /bin/sh "$home/supervisor" watchdog >/dev/null 2>&1; then say settled started; else say settled refused; fi
    else
        detached /bin/sh "$home/supervisor" watchdog
        say settled started
    fi
    say end "$lockstep_nonce"
}
settle </dev/null
