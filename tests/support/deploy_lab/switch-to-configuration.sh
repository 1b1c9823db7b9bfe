#!/bin/sh
# SPDX-License-Identifier: MIT
# The fixture's bin/switch-to-configuration. What it does is decided by the file lab-mode next to bin; messages and
# exit codes are those of the real one. Keeps a trace: "UPTIME NAME ACTION WORD…".
action=$1
self=$(readlink -f "$0")
system=${self%/bin/switch-to-configuration}
name=$(cat "$system/lab-name")
PATH="/run/lab/bin:$PATH:/usr/sbin:/usr/bin:/sbin:/bin"
read -r mode words <"$system/lab-mode"
read -r uptime _ </proc/uptime
trace() { echo "$uptime $name $action $*" >>/run/lab/trace; }
end() { trace "rc=$1"; exit "$1"; }

case $action in switch | boot | test | dry-activate | check) ;; *) echo "Usage: $0 [check|switch|boot|test|dry-activate]" >&2; exit 1 ;; esac

if [ "$action" = check ]; then
    [ "$mode" != nocheck ] || { echo "Usage: $0 [switch|boot|test|dry-activate]" >&2; exit 1; }
    if [ "$mode" = inhibit ] && [ -z "${NIXOS_NO_CHECK:-}" ]; then
        printf '%s\n' 'There are changes to critical components of the system:' '' 'dbus-implementation : dbus -> broker' '' \
            'Switching into this system is not recommended.' "Pre-switch check 'switchInhibitors' failed" 'Pre-switch checks failed'
        end 1
    fi
    end 0
fi
if [ "$action" = dry-activate ]; then
    echo 'would stop the following units: lab-old.service' >&2
    echo 'would activate the configuration...' >&2
    echo 'would reload the following units: dbus.service' >&2
    echo 'would restart the following units: lab.service, sshd.service' >&2
    echo 'would start the following units: lab-new.service' >&2
    end 0
fi

exec 9>>/run/nixos/switch-to-configuration.lock
if ! flock -n 9; then
    echo 'Could not acquire lock' >&2
    end 11
fi
trace start

install_boot_entry() {
    [ "$mode" != bootfail ] || { echo 'Failed to install bootloader' >&2; end 1; }
    mkdir -p /boot/loader || end 1
    # The kernel of a generation takes room on the partition; what is there already takes none.
    if [ ! -e "/boot/kernel-$name" ]; then
        if ! head -c 65536 /dev/zero >"/boot/kernel-$name.new" || ! mv "/boot/kernel-$name.new" "/boot/kernel-$name"; then
            rm -f "/boot/kernel-$name.new"
            echo 'Failed to install bootloader: No space left on device' >&2
            end 1
        fi
    fi
    if [ "$(cat /boot/loader/default)" != "$system" ]; then
        echo "$system" >/boot/loader/default.new || end 1
        mv /boot/loader/default.new /boot/loader/default || end 1
    fi
    [ "$mode" != slowboot ] || { trace slow; sleep "${words:-2}" 9>&-; }
    readlink -f /nix/var/nix/profiles/system-*-link >/boot/loader/entries 2>/dev/null
}
if [ "$action" = boot ] || [ "$action" = switch ]; then install_boot_entry; fi
[ "$action" != boot ] || end 0

activate() {
    echo 'activating the configuration...' >&2
    ln -sfn "$system" /run/current-system.new && mv -fT /run/current-system.new /run/current-system
    nft delete table inet lab 2>/dev/null
    start-sshd 9>&-
}
times=$(grep -c " $name test start" /run/lab/trace)
# shellcheck disable=SC2086 # words are words
set -- $words
case $mode in
    fail1) echo 'Pre-switch checks failed' >&2; end 1 ;;
    fail2) activate; echo 'Activation script failed' >&2; end 2 ;;
    exit100) echo "Warning: the new NixOS configuration has an 'init' that is incompatible" >&2; end 100 ;;
    exit) end "${1:-1}" ;;
    inhibit) [ -n "${NIXOS_NO_CHECK:-}" ] || { echo 'Pre-switch checks failed' >&2; end 1; } ;;
    fail4)
        activate
        for unit; do grep -qx "$unit" /run/lab/failed-units 2>/dev/null || echo "$unit" >>/run/lab/failed-units; done
        echo "warning: the following units failed: $(echo "$words" | sed 's/ /, /g')" >&2
        end 4 ;;
    slow) trace slow; sleep "${1:-2}" 9>&- ;;
    hang) trace hang; trap '' TERM; while :; do sleep 1000 9>&-; done ;;
    writes) trace writes; while :; do echo 'a line of an activation that never stops talking'; done ;;
    chatty) i=0; while [ $i -lt "${1:-1000}" ]; do echo "line $i of a chatty activation"; i=$((i + 1)); done ;;
    fail-from) [ "$times" -lt "$1" ] || { echo 'Activation script failed' >&2; end "${2:-2}"; } ;;
    fail-at) [ "$times" -ne "$1" ] || { echo 'Activation script failed' >&2; end "${2:-2}"; } ;;
    stopunit) trace stop; systemctl stop "$1" 9>&- ;;
    killunit) trace kill; systemctl kill -s KILL "$1" 9>&- ;;
    die-at) if [ "$times" -eq "$1" ]; then trace died; kill -KILL $$; fi ;;
esac
activate
case $mode in
    cutnet) nft "add table inet lab; add chain inet lab in { type filter hook input priority 0; }; add rule inet lab in tcp dport 22 drop" ;;
    cutnew) nft "add table inet lab; add chain inet lab in { type filter hook input priority 0; }; add rule inet lab in tcp dport 22 tcp flags & (syn|ack) == syn drop" ;;
    killsshd) kill "$(cat /run/sshd.pid)" ;;
    filldisk) head -c 1G /dev/zero >/nix/lab-filler 2>/dev/null ;;
    lockheld) flock /run/lab/held-lock true 2>/dev/null; setsid sh -c 'sleep 1000' 9>&9 & ;;
esac
end 0
