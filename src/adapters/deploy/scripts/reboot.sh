# shellcheck shell=sh disable=SC2154 # parameters come before common.sh
# SPDX-License-Identifier: MIT
# Reboots the host a second after the session has ended, unless it has been rebooted since the boot that is named. The
# boot id says later whether it did.
reboot_soon() {
    boot_id=$(cat /proc/sys/kernel/random/boot_id)
    say boot_id "$boot_id"
    if [ "$boot_id" != "$lockstep_boot_id" ]; then
        say rebooting 1
    elif has_systemd; then
        if systemctl is-active --quiet "lockstep-reboot-$lockstep_run.timer"; then
            say rebooting 1
        elif as_root systemd-run --quiet --collect --on-active=1s --timer-property=AccuracySec=100ms \
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
