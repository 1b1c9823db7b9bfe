# shellcheck shell=sh disable=SC2154 # parameters come before common.sh
# SPDX-License-Identifier: MIT
# Reboots the host a second after the session has ended. The boot id says later whether it did.
reboot_soon() {
    say boot_id "$(cat /proc/sys/kernel/random/boot_id)"
    if has_systemd; then
        if as_root systemd-run --quiet --collect --on-active=1s --timer-property=AccuracySec=100ms \
            --unit="lockstep-reboot-$lockstep_run" -- "$(command -v systemctl)" reboot >/dev/null 2>&1; then
            say rebooting 1
        fi
    elif has setsid && has reboot; then
        detached sh -c 'sleep 1; reboot'
        say rebooting 1
    fi
    say end "$lockstep_nonce"
}
reboot_soon </dev/null
