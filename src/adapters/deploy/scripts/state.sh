# shellcheck shell=sh disable=SC2154 # parameters come before common.sh
# SPDX-License-Identifier: MIT
# How far a run got on this host, and what runs; with an order (ack, commit, release) it is given first.
give_order() {
    printf '%s\n' "$lockstep_token" >"$home/order.new" || return 1
    mv -f "$home/order.new" "$home/order-$lockstep_order"
}

report() {
    if [ -n "$lockstep_order" ]; then
        if [ -d "$home" ] && give_order; then say ordered "$lockstep_order"; else say ordered no; fi
    fi
    if [ -f "$home/state" ]; then
        say present 1
        cat "$home/state"
    else
        say present 0
    fi
    say boot_id "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)"
    tell_time && say uptime "$now"
    target=$(running_system) && say running "$target"
    target=$(readlink -f /run/booted-system 2>/dev/null) && say booted "$target"
    target=$(readlink -f "$system_profile" 2>/dev/null) && say profile "$target"
    if lives "$home/supervisor.pid"; then say supervisor_alive 1; else say supervisor_alive 0; fi
    if lives "$home/watchdog.pid" ||
        { has_systemd && systemctl is-active --quiet "lockstep-wd-$lockstep_run.timer" "lockstep-wd-$lockstep_run.service"; }; then
        say watchdog_armed 1
    else
        say watchdog_armed 0
    fi
    if find_holder; then say holder "$holder"; fi
    size=$(wc -c 2>/dev/null <"$home/log") && say log_size "$((size))"
    say end "$lockstep_nonce"
}
report </dev/null
