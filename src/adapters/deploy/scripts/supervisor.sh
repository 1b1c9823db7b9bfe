# shellcheck shell=sh disable=SC2154 # parameters come before common.sh
# SPDX-License-Identifier: MIT
# Lives on the host during a switch and needs nobody: activates the new system, waits to be told that it was proved,
# makes it permanent, or goes back to the old one. `watchdog` as first word: the other process, which wakes up when this
# one died or hangs. Both write /run/lockstep/RUN/state, each time as a whole.
#
# activating → awaiting → [held →] committing → committed | tested
#           ↘ reboot_needed      ↘ rolling_back → rolled_back | rollback_failed
# (boot: committing → boot_set.) Before `committing` nothing is permanent: a power cut is a rollback.
umask 022 # the folder is closed; who opened it may read
[ "$lockstep_no_check" != 1 ] || export NIXOS_NO_CHECK=1
state=$(field "$home/state" state)
rc=$(field "$home/state" rc)
boot_written=$(field "$home/state" boot_written)
old_profile=$(field "$home/state" old_profile)
reason='' rollback_rc='' by=supervisor deadline='' asked_to_stop=''

log() { printf '%s lockstep: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*" | tee -a "$home/log"; }

put_state() {
    state=$1
    tell_time
    # First the log: who sees the state finds the whole story.
    log "$state${rc:+, exit code $rc}${reason:+, $reason}"
    {
        say version 1
        say run "$lockstep_run"
        say state "$state"
        say action "$lockstep_action"
        say rc "$rc"
        say reason "$reason"
        say rollback_rc "$rollback_rc"
        say by "$by"
        say since "$now"
        say since_time "$(date +%s)"
        say deadline "$deadline"
        say boot_written "$boot_written"
        say old_profile "$old_profile"
        say new "$lockstep_new"
        say old "$lockstep_old"
        say complete 1
    } >"$home/state.new" 2>/dev/null
    sync "$home/state.new" 2>/dev/null || :
    # Without room the state before stays, as a whole.
    if [ "$(field "$home/state.new" complete)" = 1 ]; then mv -f "$home/state.new" "$home/state"; fi
}

signal_group() { kill -s "$1" -- "-$2" 2>/dev/null || kill -s "$1" "$2" 2>/dev/null; }

# Runs a command in a session of its own, for at most LIMIT seconds; its exit code, or 124. Output goes to the log,
# without end but not without bound: the log's file system is memory.
bounded() {
    limit=$1
    shift
    rm -f "$home/rc"
    # shellcheck disable=SC2016 # for the inner shell
    inner='file=$1; log=$2; shift 2
        { "$@"; echo $? >"$file.new"; mv -f "$file.new" "$file"; } 2>&1 </dev/null |
            { dd bs=1024 count=16384 2>/dev/null >>"$log"; cat >/dev/null; }'
    if has setsid; then setsid sh -c "$inner" sh "$home/rc" "$home/log" "$@" &
    else sh -c "$inner" sh "$home/rc" "$home/log" "$@" & fi
    child=$!
    process_start "$child" && echo "$child $started" >"$home/child.pid"
    tell_time
    until_then=$((now + limit))
    while [ ! -e "$home/rc" ]; do
        pause
        tell_time
        if ! process_start "$child"; then [ -e "$home/rc" ] || echo 125 >"$home/rc"; break; fi
        if [ "$now" -ge "$until_then" ]; then
            log "took longer than $limit s: $*"
            signal_group TERM "$child"
            for _ in 1 2 3 4 5; do [ -e "$home/rc" ] || pause; done
            signal_group KILL "$child"
            rm -f "$home/child.pid"
            return 124
        fi
    done
    read -r code <"$home/rc"
    rm -f "$home/child.pid"
    return "$code"
}

pause() { sleep 0.2 2>/dev/null || sleep 1; }
switch_to() { bounded "$1" env NIXOS_INSTALL_BOOTLOADER=0 "$2/bin/switch-to-configuration" "$3"; }
set_profile() { bounded "$lockstep_commit_within" nix-env -p "$system_profile" --set "$1"; }

# What ends every run: the host is free for the next one, and nobody wakes up any more.
finish() {
    put_state "$1"
    [ "$(readlink "$base/holder")" != "run:$lockstep_run" ] || rm -f "$base/holder"
    if [ "$by" = supervisor ]; then
        if has_systemd; then systemctl stop "lockstep-wd-$lockstep_run.timer" 2>/dev/null
        elif lives "$home/watchdog.pid"; then signal_group KILL "$process"; fi
    fi
    rm -f "$home/supervisor.pid" "$home/watchdog.pid"
    exit 0
}

# Back to the recorded path. Tried once: the mark is set before the verdict is known.
roll_back() {
    reason=${reason:-$1}
    deadline=''
    if [ -e "$home/rollback-ended" ]; then finish rollback_failed; fi
    put_state rolling_back
    rollback_rc=0
    if [ "$lockstep_action" != boot ]; then
        switch_to "$lockstep_rollback_within" "$lockstep_old" test || rollback_rc=$?
        : >"$home/rollback-ended"
    fi
    permanent=0
    if [ "$boot_written" = 1 ]; then
        if [ -n "$old_profile" ] && [ "$(readlink -f "$system_profile")" != "$old_profile" ]; then
            set_profile "$old_profile" || permanent=$?
        fi
        switch_to "$lockstep_rollback_within" "$lockstep_old" boot || permanent=$?
    fi
    case $rollback_rc in 0 | 4) ;; *) finish rollback_failed ;; esac
    if [ "$permanent" != 0 ] || [ "$(running_system)" != "$lockstep_old" ]; then finish rollback_failed; fi
    finish rolled_back
}

# The boot loader is proved while the profile is untouched; the second time it lists the new generation.
commit() {
    deadline=''
    old_profile=$(readlink -f "$system_profile" 2>/dev/null)
    if [ "$lockstep_action" = test ]; then finish tested; fi
    boot_written=1
    put_state committing
    switch_to "$lockstep_commit_within" "$lockstep_new" boot || { reason="the boot entry cannot be written ($?)"; roll_back ''; }
    set_profile "$lockstep_new" || { reason="the profile cannot be set ($?)"; roll_back ''; }
    switch_to "$lockstep_commit_within" "$lockstep_new" boot || { reason="the boot entry cannot be written ($?)"; roll_back ''; }
    if [ "$lockstep_action" = boot ]; then finish boot_set; fi
    finish committed
}

# An order counts when it carries the token of this run on this host for this path.
ordered() {
    [ -e "$home/order-$1" ] || return 1
    read -r token <"$home/order-$1"
    if [ "$token" = "$lockstep_token" ]; then return 0; fi
    log "an order with a wrong token: $1"
    mv -f "$home/order-$1" "$home/refused-$1"
    return 1
}

wait_for() { # STATE SECONDS ORDER
    tell_time
    deadline=$((now + $2))
    put_state "$1"
    while ! ordered "$3"; do
        if ordered release; then roll_back 'told to go back'; fi
        # A machine that goes down comes back as the old system by itself.
        if [ -n "$asked_to_stop" ] && has_systemd && [ "$(systemctl is-system-running)" = stopping ]; then exit 0; fi
        if [ -n "$asked_to_stop" ]; then roll_back 'ended by a signal'; fi
        tell_time
        if [ "$now" -ge "$deadline" ]; then roll_back "nobody said that it was proved within $2 s"; fi
        pause
    done
}

supervise() {
    trap 'asked_to_stop=1' TERM
    trap '' HUP INT
    process_start $$ && echo "$$ $started" >"$home/supervisor.pid"
    if [ "$lockstep_action" = boot ]; then commit; fi
    put_state activating
    rc=0
    switch_to "$lockstep_activate_within" "$lockstep_new" test || rc=$?
    case $rc in
        0 | 4) ;;
        100) finish reboot_needed ;;
        11) # The lock of switch-to-configuration: it has touched nothing.
            reason='another switch is under way'
            finish rolled_back ;;
        124) roll_back "the activation took longer than $lockstep_activate_within s" ;;
        *) roll_back "the activation ended with code $rc" ;;
    esac
    wait_for awaiting "$lockstep_confirm_within" ack
    [ "$lockstep_hold_within" = 0 ] || wait_for held "$lockstep_hold_within" commit
    commit
}

# Wakes up once. A supervisor that lives and is about to end gets its time; any other is ended.
watch() {
    by=watchdog
    process_start $$ && echo "$$ $started" >"$home/watchdog.pid"
    case $state in
        committing) patience=$((3 * lockstep_commit_within)) ;;
        rolling_back) patience=$((2 * lockstep_rollback_within)) ;;
        *) patience=0 ;;
    esac
    tell_time
    until_then=$((now + patience))
    while [ "$now" -lt "$until_then" ] && lives "$home/supervisor.pid"; do
        pause
        tell_time
    done
    state=$(field "$home/state" state)
    if is_final "$state"; then exit 0; fi
    if has_systemd; then systemctl kill -s KILL "$switch_unit.service" 2>/dev/null; fi
    if lives "$home/supervisor.pid"; then signal_group KILL "$process"; fi
    if lives "$home/child.pid"; then signal_group KILL "$process"; fi
    boot_written=$(field "$home/state" boot_written)
    reason='the supervisor died or hung'
    roll_back ''
}

# The timer of hosts without systemd.
watch_later() {
    process_start $$ && echo "$$ $started" >"$home/watchdog.pid"
    sleep "$lockstep_watchdog_after"
    state=$(field "$home/state" state)
    watch
}

case ${1:-} in
    watchdog) watch ;;
    watchdog-later) watch_later ;;
    *) supervise ;;
esac
