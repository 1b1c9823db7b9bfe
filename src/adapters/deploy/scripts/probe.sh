# shellcheck shell=sh disable=SC2154 # parameters come before common.sh
# SPDX-License-Identifier: MIT
# Looks at a host and changes nothing. Needs no root; what cannot be read is left out.
store_files() { # PREFIX SYSTEM: what a reboot may be needed for
    [ -d "$2" ] || return 0
    for part in kernel initrd kernel-modules systemd; do
        target=$(readlink -f "$2/$part" 2>/dev/null) && say "$1_$part" "$target"
    done
    [ ! -r "$2/kernel-params" ] || say "$1_kernel-params" "$(head -c 2048 "$2/kernel-params")"
}

space() { # PREFIX DIRECTORY
    [ -d "$2" ] || return 0
    df -Pk "$2" 2>/dev/null | awk -v key="$1" 'NR == 2 && $2 ~ /^[0-9]+$/ && $4 ~ /^[0-9]+$/ {
        printf "%s_total_kb=%s\n%s_free_kb=%s\n", key, $2, key, $4 }'
    # Some file systems count no inodes.
    df -Pi "$2" 2>/dev/null | awk -v key="$1" 'NR == 2 && $2 ~ /^[0-9]+$/ && $2 > 0 && $4 ~ /^[0-9]+$/ {
        printf "%s_free_inodes=%s\n", key, $4 }'
}

systemd_facts() {
    if [ ! -d /run/systemd/system ] || ! has systemctl; then say systemd 0; return 0; fi
    say systemd 1
    say systemd_version "$(systemctl --version 2>/dev/null | awk 'NR == 1 { print $2 }')"
    say system_state "$(systemctl is-system-running 2>/dev/null)"
    # Without this line the list of failed units says nothing.
    if units=$(systemctl list-units --state=failed --all --plain --no-legend --no-pager 2>/dev/null); then
        printf '%s\n' "$units" | awk 'NF { print $1 }' | head -n 500 | while read -r unit; do say failed_unit "$unit"; done
        say failed_units_known 1
    fi
}

profile_facts() {
    target=$(readlink -f "$system_profile" 2>/dev/null) && say profile "$target"
    target=$(readlink "$system_profile" 2>/dev/null) && say profile_link "${target##*/}"
    # Of a wrapper that deploy-rs made, the system that its links lead into.
    target=$(readlink -f "$system_profile/bin/switch-to-configuration" 2>/dev/null) &&
        say profile_system "${target%/bin/switch-to-configuration}"
    # The newest 64 generations.
    for link in "$system_profile"-*-link; do
        [ -L "$link" ] || continue
        number=${link%-link}
        printf '%s %s\n' "${number##*-}" "$(readlink "$link")"
    done | sort -n | tail -n 64 | while read -r number target; do say generation "$number:$target"; done
}

switch_lock() {
    if find_switch_lock; then
        say switch_lock held
        say switch_lock_pid "$lock_owner"
        say switch_lock_by "$(tr '\0' ' ' <"/proc/$lock_owner/cmdline" 2>/dev/null | head -c 200)"
    elif [ -r /proc/locks ]; then
        say switch_lock free
    fi
}

holder_facts() {
    if find_holder; then
        say holder "$holder"
        say holder_state "${holder_state:-unknown}"
        say holder_alive "$holder_alive"
    fi
    for state in "$base"/*/state; do
        [ -f "$state" ] || continue
        run=${state%/state}
        say known_run "${run##*/}:$(field "$state" state)"
    done
}

limited() { if has timeout; then timeout -k 2 "$lockstep_busy_limit" "$@"; else "$@"; fi; }

# Files that mean: not now. One that cannot be read counts as there.
busy_facts() {
    for file in $lockstep_busy_files; do
        if [ -e "$file" ] || [ -L "$file" ]; then
            if [ -r "$file" ]; then say busy "$file: $(head -n 1 "$file" 2>/dev/null | head -c 200)"
            else say busy "$file: cannot be read"; fi
        else
            folder=${file%/*}
            if [ -d "$folder" ] && [ ! -x "$folder" ]; then say busy "$file: cannot be read"; fi
        fi
    done
    if [ -n "$lockstep_busy_command" ]; then
        reason=$(limited sh -c "$lockstep_busy_command" 2>&1 </dev/null)
        code=$?
        case $code in
            0) ;;
            124 | 137) say busy "the busy check was not done within $lockstep_busy_limit s" ;;
            *) say busy "$(printf %s "${reason:-the busy check says so}" | head -n 1 | head -c 400)" ;;
        esac
    fi
    say busy_known 1
}

candidate_facts() {
    [ -n "$lockstep_candidate" ] || return 0
    if [ -e "$lockstep_candidate" ]; then say candidate_present 1; else say candidate_present 0; return 0; fi
    if has nix-store && nix-store --check-validity "$lockstep_candidate" >/dev/null 2>&1; then say candidate_valid 1
    else say candidate_valid 0; fi
    if [ -x "$lockstep_candidate/bin/switch-to-configuration" ]; then say candidate_switchable 1
    else say candidate_switchable 0; fi
    store_files candidate "$lockstep_candidate"
}

probe() {
    say version 1
    say kernel "$(uname -r)"
    say os "$(uname -s)"
    say machine "$(uname -m)"
    say hostname "$(uname -n)"
    say user "$(id -un)"
    say uid "$(id -u)"
    [ ! -e /etc/NIXOS ] || say nixos 1
    [ ! -r /proc/sys/kernel/random/boot_id ] || say boot_id "$(cat /proc/sys/kernel/random/boot_id)"
    [ ! -r /etc/machine-id ] || say machine_id "$(head -n 1 /etc/machine-id)"
    tell_time 2>/dev/null && say uptime "$now"
    say time "$(date +%s)"
    target=$(running_system) && say running "$target"
    target=$(readlink -f /run/booted-system 2>/dev/null) && say booted "$target"
    store_files booted /run/booted-system
    store_files running /run/current-system
    profile_facts
    systemd_facts
    space store /nix/store
    space boot /boot
    if has nix; then say nix_version "$(nix --version 2>/dev/null | head -n 1)"
    elif has nix-store; then say nix_version "$(nix-store --version 2>/dev/null | head -n 1)"; fi
    switch_lock
    holder_facts
    busy_facts
    candidate_facts
    say end "$lockstep_nonce"
}
probe </dev/null
