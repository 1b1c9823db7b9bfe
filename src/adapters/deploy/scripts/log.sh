# shellcheck shell=sh disable=SC2154 # parameters come before common.sh
# SPDX-License-Identifier: MIT
# What was written to the log since an offset, as it is, after one line about its size.
follow() {
    [ -f "$home/log" ] || { say log_size 0; say end "$lockstep_nonce"; return 0; }
    say log_size "$(($(wc -c <"$home/log")))"
    say end "$lockstep_nonce"
    tail -c "+$((lockstep_offset + 1))" "$home/log" | head -c "$lockstep_most"
}
follow </dev/null
