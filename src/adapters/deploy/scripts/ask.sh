# shellcheck shell=sh disable=SC2154 # parameters come before common.sh
# SPDX-License-Identifier: MIT
# Asks the new system what a switch would do: its own checks (where it knows the word) and the units it would touch.
question() { # KEY ACTION
    text=$(as_root "$lockstep_new/bin/switch-to-configuration" "$2" 2>&1)
    say "$1_rc" $?
    say "$1_text" "$text" 32768
}

ask() {
    if [ "$lockstep_no_check" != 1 ]; then question check check; fi
    question dry dry-activate
    say end "$lockstep_nonce"
}
ask </dev/null
