# shellcheck shell=sh disable=SC2154 # parameters come before common.sh
# SPDX-License-Identifier: MIT
# Lists the closure of a system with the size of each path, and changes nothing. The answer has a shape of its own:
# thousands of lines "SIZE PATH", and at the end how many they are.
[ -z "$lockstep_nix_bin" ] || PATH=$lockstep_nix_bin:$PATH
closure() {
    paths=$(nix-store --query --requisites "$lockstep_path" 2>/dev/null) || { printf 'end=%s none\n' "$lockstep_nonce"; return 0; }
    # shellcheck disable=SC2086 # store paths hold no white space
    sizes=$(printf '%s\n' $paths | xargs nix-store --query --size 2>/dev/null) || sizes=''
    printf '%s\n%s\n' "$sizes" "$paths" | awk -v nonce="$lockstep_nonce" '
        /^[0-9]+$/ { size[++sizes] = $1; next }
        /^\/nix\/store\// { path[++paths] = $1 }
        END {
            for (i = 1; i <= paths; i++) printf "%s %s\n", (sizes == paths ? size[i] : 0), path[i]
            printf "end=%s %d\n", nonce, paths
        }'
}
closure </dev/null
