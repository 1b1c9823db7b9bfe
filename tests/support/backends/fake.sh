# shellcheck shell=sh disable=SC2034,SC2154 # used and set by those that read it
# SPDX-License-Identifier: MIT
# What the fakes of colmena, deploy-rs and nixos-rebuild have in common. Beside them lie files by which a test says what
# they do: `behaviour`, `path` (the system), `wrapper` (what deploy-rs makes of it), `answers` (version and help).
# Each call is written to `argv`.
fake=$(dirname "$(readlink -f "$0")")
{ printf '%s' "${0##*/}"; printf ' %s' "$@"; echo; } >>"$fake/argv"
behaviour=$(cat "$fake/behaviour")
path=$(cat "$fake/path")
profile=/nix/var/nix/profiles/system

for word; do
    case $word in --help | --version) cat "$fake/answers"; exit 0 ;; esac
done

# Sets the profile (SET, "" = not), then switches: what all three do, by the words of $ssh.
steps() { # SET SWITCHED ACTION
    case $behaviour in
        nothing) echo 'all nodes done' ; exit 0 ;;
        hangs) exec sleep 1000 ;;
    esac
    [ -z "$1" ] || $ssh nix-env -p "$profile" --set "$1" >&2 || exit 1
    case $behaviour in half) echo 'connection lost' >&2; exit 1 ;; esac
    $ssh "$2/bin/switch-to-configuration" "$3" >&2
    code=$?
    case $behaviour in
        complains) echo 'failed to activate' >&2; exit 1 ;;
        lies) exit 0 ;;
        hangs-after) exec sleep 1000 ;;
    esac
    return $code
}
