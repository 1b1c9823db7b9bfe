# shellcheck shell=sh disable=SC2034 # used by what comes after it
# SPDX-License-Identifier: MIT
# In front of every script that runs on a host. POSIX sh with coreutils, also dash and busybox. Parameters are
# assignments before this text (lockstep_…); commands that need root run behind $lockstep_become ("" or "sudo -n").
export LC_ALL=C
PATH=$PATH:/run/wrappers/bin:/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 077
base=/run/lockstep
system_profile=/nix/var/nix/profiles/system
switch_unit=lockstep-switch
: "${lockstep_become:=}" "${lockstep_run:=}" "${lockstep_type:=nixos}"
running_link=/run/current-system
# home-manager's lie with their user, or where they were before 2023.
if [ "$lockstep_type" = home_manager ]; then
    running_link=${XDG_STATE_HOME:-$HOME/.local/state}/home-manager/gcroots/current-home
    [ -e "$running_link" ] || running_link=/nix/var/nix/gcroots/per-user/$(id -un)/current-home
    system_profile=${XDG_STATE_HOME:-$HOME/.local/state}/nix/profiles/home-manager
    [ -d "${system_profile%/*}" ] || system_profile=/nix/var/nix/profiles/per-user/$(id -un)/home-manager
fi
home=$base/$lockstep_run

as_root() { $lockstep_become "$@"; }

# Starts a command that outlives this session. The inner shell gives way to it: it would hold a copy of the session's
# input, and with it the session.
detached() {
    # shellcheck disable=SC2086 # several words or none
    (exec $lockstep_become setsid "$@") </dev/null >/dev/null 2>&1 &
}

# A line of the answer: KEY=VALUE, the value hexadecimal behind percent signs when it holds anything unusual. At most
# 4096 bytes of it, or $3.
say() {
    case $2 in
        *[!A-Za-z0-9._/:+=,@-]*)
            printf '%s=%s\n' "$1" "$(printf %s "$2" | head -c "${3:-4096}" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g')" ;;
        *) printf '%s=%s\n' "$1" "$2" ;;
    esac
}

has() { command -v "$1" >/dev/null 2>&1; }
has_systemd() { [ -d /run/systemd/system ] && has systemd-run && has systemctl; }
running_system() { readlink -f "$running_link" 2>/dev/null; }

# Sets `now`, seconds since the machine started: no clock that somebody can set.
tell_time() {
    read -r now _ </proc/uptime
    now=${now%%.*}
}

# Sets `started`, by which a process is told from a later one with its number; fails when it has ended.
process_start() {
    started=''
    case $1 in '' | *[!0-9]*) return 1 ;; esac
    { read -r started <"/proc/$1/stat"; } 2>/dev/null || return 1
    started=${started##*) }
    case $started in Z* | X*) started=''; return 1 ;; esac
    # shellcheck disable=SC2086 # fields
    set -- $started
    started=${20}
}

# Whether the process that FILE names ("PID START") lives; sets `process`.
lives() {
    process=''
    { read -r process since_start <"$1"; } 2>/dev/null || return 1
    process_start "$process" && [ "$started" = "$since_start" ]
}

# A field of a state file; "" when there is none.
field() { sed -n "s/^$2=//p" "$1" 2>/dev/null | head -n 1; }

# States in which nothing is under way any more.
is_final() {
    case $1 in committed | tested | boot_set | reboot_needed | rolled_back | rollback_failed) return 0 ;; *) return 1 ;; esac
}

# Who has the host: sets `holder` (a run), `holder_state`, `holder_alive` (0 or 1); fails when nobody does.
find_holder() {
    holder=$(readlink "$base/holder" 2>/dev/null) || return 1
    holder=${holder#run:}
    holder_state=$(field "$base/$holder/state" state)
    holder_alive=0
    for file in supervisor watchdog starter; do
        ! lives "$base/$holder/$file.pid" || holder_alive=1
    done
    if has_systemd && systemctl is-active --quiet "$switch_unit.service" "lockstep-wd-$holder.timer" 2>/dev/null; then
        holder_alive=1
    fi
    if is_final "$holder_state"; then return 1; fi
    # One that was cut off before anything began has nothing.
    if [ $holder_alive = 0 ]; then
        case $holder_state in '' | starting) return 1 ;; esac
    fi
}

# The lock of switch-to-configuration: sets `lock_owner` (a process id); fails when it is free. Taking it, also for a
# moment, could make a switch fail, so the kernel's list is read instead.
find_switch_lock() {
    inode=$(stat -c %i /run/nixos/switch-to-configuration.lock 2>/dev/null) || return 1
    lock_owner=$(awk -v inode=":$inode" '$2 != "->" && substr($6, length($6) - length(inode) + 1) == inode {
        print $5; found = 1; exit } END { exit !found }' /proc/locks 2>/dev/null)
}
