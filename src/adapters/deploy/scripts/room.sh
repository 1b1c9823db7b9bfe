# shellcheck shell=sh disable=SC2154 # parameters come before common.sh
# SPDX-License-Identifier: MIT
# A folder of the run for a foreign program's files, empty: a file that an earlier try left there would be taken for a
# confirmation of this one.
room() {
    if [ -z "$lockstep_become" ]; then mkdir -p "$base" "$home"
    else as_root install -d -m 0700 -o "$(id -u)" "$base" "$home"; fi
    rm -rf "$home"/deploy-rs-canary-*
    if [ -w "$home" ]; then say room 1; else say room 0; fi
    say end "$lockstep_nonce"
}
room </dev/null
