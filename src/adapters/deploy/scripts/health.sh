# shellcheck shell=sh disable=SC2154 # parameters come before common.sh
# SPDX-License-Identifier: MIT
# Health checks: `check_N_kind`, `_subject` and `_pattern` for N from 1 to `checks`. Each answers pass, fail or unknown,
# with words; what cannot be asked here is unknown, never a pass.
answer() { say "health" "$number $1 $2" 600; }

limited() { if has timeout; then timeout -k 2 "$lockstep_limit" "$@"; else "$@"; fi; }

check_unit() {
    has_systemd || { answer unknown 'no systemd'; return; }
    word=$(limited systemctl is-active -- "$subject" 2>/dev/null)
    case $word in
        active) answer pass "$subject is active" ;;
        '') answer unknown "systemctl said nothing about $subject" ;;
        activating | reloading) answer unknown "$subject is $word" ;;
        *) answer fail "$subject is $word" ;;
    esac
}

# 0A is LISTEN; ports are hexadecimal.
port_listens() {
    wanted=$(printf %04X "$subject")
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port=":$wanted" '
        $4 == "0A" && substr($2, length($2) - 4) == port { found = 1; exit } END { exit !found }'
}

check_listens() {
    [ -r /proc/net/tcp ] || { answer unknown '/proc/net/tcp cannot be read'; return; }
    if port_listens; then answer pass "port $subject is open"; else answer fail "nothing listens on port $subject"; fi
}

check_closed() {
    [ -r /proc/net/tcp ] || { answer unknown '/proc/net/tcp cannot be read'; return; }
    if port_listens; then answer fail "port $subject is open"; else answer pass "port $subject is closed"; fi
}

check_command() {
    words=$(limited sh -c "$subject" 2>&1 </dev/null)
    code=$?
    words=$(printf %s "$words" | tail -n 1 | head -c 200)
    case $code in
        0) answer pass "exit code 0${words:+: $words}" ;;
        124 | 137) answer unknown "no answer within $lockstep_limit s" ;;
        126 | 127) answer unknown "exit code $code${words:+: $words}" ;;
        *) answer fail "exit code $code${words:+: $words}" ;;
    esac
}

# Who may not see a journal, or has none, is told so in words, with exit code 0.
journal_is_hidden() {
    case $(limited journalctl --no-pager -n 0 -o cat -u "$subject" 2>&1 >/dev/null) in
        *'not seeing messages'* | *'No journal files were'* | *'insufficient permissions'*) return 0 ;;
        *) return 1 ;;
    esac
}

check_quiet() {
    has journalctl || { answer unknown 'no journalctl'; return; }
    if ! lines=$(limited journalctl --no-pager --quiet -o cat -u "$subject" --since="@$lockstep_since" 2>/dev/null); then
        answer unknown 'the journal cannot be read'
        return
    fi
    found=$(printf '%s\n' "$lines" | grep -E -m 1 -e "$pattern" 2>/dev/null)
    case $? in
        0) answer fail "$subject says: $(printf %s "$found" | head -c 200)" ;;
        1)
            if journal_is_hidden; then answer unknown 'the journal cannot be read'
            else answer pass "$subject is quiet"; fi
            ;;
        *) answer unknown 'the pattern is no regular expression' ;;
    esac
}

health() {
    number=1
    while [ "$number" -le "$lockstep_checks" ]; do
        eval "kind=\$lockstep_check_${number}_kind subject=\$lockstep_check_${number}_subject pattern=\$lockstep_check_${number}_pattern"
        case $kind in
            unit) check_unit ;;
            listens) check_listens ;;
            closed) check_closed ;;
            command) check_command ;;
            quiet) check_quiet ;;
        esac
        number=$((number + 1))
    done
    say end "$lockstep_nonce"
}
health </dev/null
