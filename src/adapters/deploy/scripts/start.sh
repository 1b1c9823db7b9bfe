# shellcheck shell=sh disable=SC2154 # parameters and write_supervisor come before
# SPDX-License-Identifier: MIT
# Takes the host, arms the watchdog, starts the supervisor, and returns at once. Asked again for a run that has the
# host already it only says so. Whatever is refused has changed nothing.
refuse() {
    say refused "$1"
    say why "${2:-}"
    say end "$lockstep_nonce"
    exit 0
}

make_home() {
    if [ -z "$lockstep_become" ]; then mkdir -p "$base" "$home"
    else as_root install -d -m 0700 -o "$(id -u)" "$base" "$home"; fi
}

# A link to what does not exist: made by one call, or there already.
take_host() {
    for _ in 1 2 3; do
        if ln -s "run:$lockstep_run" "$base/holder" 2>/dev/null; then
            mv -f "$home/starter.$$" "$home/starter.pid"
            return 0
        fi
        if find_holder; then
            say holder "$holder"
            say holder_state "${holder_state:-unknown}"
            say holder_alive "$holder_alive"
            rm -f "$home/starter.$$"
            return 1
        fi
        rm -f "$base/holder"
    done
    return 1
}

check_before() {
    found=$(running_system)
    [ "$found" = "$lockstep_old" ] || refuse drifted "$found runs"
    [ -x "$lockstep_new/bin/switch-to-configuration" ] || refuse candidate_missing "$lockstep_new/bin/switch-to-configuration"
    ! find_switch_lock || refuse switch_locked "process $lock_owner has the lock of switch-to-configuration"
    # The supervisor before this one may need a moment to be gone.
    if has_systemd; then
        for _ in 1 2 3 4 5 6 7 8 9 10; do
            systemctl is-active --quiet "$switch_unit.service" || return 0
            sleep 0.2 2>/dev/null || sleep 1
        done
        refuse unit_busy "$switch_unit.service is active"
    fi
}

launch_with_systemd() {
    as_root systemd-run --quiet --collect --on-active="${lockstep_watchdog_after}s" --timer-property=AccuracySec=100ms \
        --unit="lockstep-wd-$lockstep_run" -- /bin/sh "$home/supervisor" watchdog >"$home/start.log" 2>&1 || return 1
    as_root systemd-run --quiet --no-block --collect --service-type=exec --property=KillMode=mixed \
        --property="TimeoutStopSec=${lockstep_watchdog_after}s" --unit="$switch_unit" -- /bin/sh "$home/supervisor" \
        >>"$home/start.log" 2>&1 && return 0
    as_root systemctl stop "lockstep-wd-$lockstep_run.timer" 2>/dev/null
    return 1
}

launch_without_systemd() {
    has setsid || { echo 'neither systemd-run nor setsid' >"$home/start.log"; return 1; }
    detached /bin/sh "$home/supervisor" watchdog-later
    detached /bin/sh "$home/supervisor"
}

start() {
    make_home || refuse no_directory "$home cannot be made"
    process_start $$ && echo "$$ $started" >"$home/starter.$$"
    if ! take_host; then
        if [ "${holder:-}" = "$lockstep_run" ]; then
            say started already
            say end "$lockstep_nonce"
            exit 0
        fi
        refuse held "run ${holder:-unknown} has this host"
    fi
    give_back() { rm -f "$base/holder" "$home/starter.pid"; }
    trap give_back EXIT
    check_before
    rm -f "$home"/order-* "$home"/rollback-ended "$home"/rc "$home"/state.new
    write_supervisor "$home/supervisor.new" || refuse no_room "$home/supervisor"
    mv -f "$home/supervisor.new" "$home/supervisor"
    # Renamed: the state of a supervisor before this one may be root's, and is not to be taken for that of this one.
    { printf 'version=1\nrun=%s\nstate=starting\nsince=0\ncomplete=1\n' "$lockstep_run" >"$home/state.new" &&
        mv -f "$home/state.new" "$home/state"; } 2>/dev/null || refuse no_room "$home/state"
    : >>"$home/log"
    if has_systemd; then launch_with_systemd || refuse not_started "$(tail -n 3 "$home/start.log" | tr '\n' ' ')"
    else launch_without_systemd || refuse not_started "$(tail -n 3 "$home/start.log" | tr '\n' ' ')"; fi
    trap - EXIT
    rm -f "$home/starter.pid"
    say started now
    say end "$lockstep_nonce"
}
start </dev/null
