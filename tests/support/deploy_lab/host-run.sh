#!/bin/sh
# SPDX-License-Identifier: MIT
# One host's hardware, run on the controller: starts the host, again after each reboot, until its power is cut.
# usage: host-run.sh LAB NAME ADDRESS; the disk is LAB/disks/NAME.
set -eu
lab=$1 name=$2 address=$3
disk=$lab/disks/$name
scripts=$lab/scripts

if [ ! -e "/run/netns/$name" ]; then
    ip netns add "$name"
    ip link add "v-$name" type veth peer name eth0 netns "$name"
    ip link set "v-$name" master lab0 up
    nsenter --net="/run/netns/$name" sh -c "ip link set lo up; ip address add $address/24 dev eth0; ip link set eth0 up"
fi

while :; do
    rm -f "$disk/lab/up" "$disk/lab/init.pid"
    # Started from here, so that its process id is one of the controller's.
    nsenter --net="/run/netns/$name" unshare --mount --pid --uts --fork --kill-child=KILL --mount-proc \
        /bin/sh "$scripts/host-init.sh" "$name" "$disk" &
    outer=$!
    until inner=$(cat "/proc/$outer/task/$outer/children" 2>/dev/null) && [ -n "$inner" ]; do
        kill -0 $outer 2>/dev/null || exit 1
    done
    echo "${inner%% *}" >"$disk/lab/init.new"
    mv "$disk/lab/init.new" "$disk/lab/init.pid"
    wait $outer || :
    rm -f "$disk/lab/init.pid"
    [ -e "$disk/lab/reboot-request" ] || exit 0
    rm -f "$disk/lab/reboot-request"
    case $(cat "$disk/lab/reboot-mode" 2>/dev/null) in
        never) exit 0 ;;
        old) cp "$disk/lab/first-default" "$disk/boot/loader/default" ;;
    esac
done
