#!/bin/sh
# SPDX-License-Identifier: MIT
# Process 1 of the lab: the runner's side ("controller") with a network, a process table and a /nix of its own.
# Ends with the test that started it, and everything below ends with it.
set -eu
lab=$1
export PATH="$PATH:/usr/sbin:/sbin"

mount --make-rprivate /
mount -t tmpfs -o mode=755,size=512m lab /nix
mkdir -p /nix/store /nix/var/nix
mount -t tmpfs -o mode=755,size=64m lab /run
mkdir -p /run/netns
mount -t tmpfs -o mode=755,size=1g lab "$lab/disks"

ip link set lo up
ip link add lab0 type bridge
ip address add 10.77.0.1/24 dev lab0
ip link set lab0 up

: >"$lab/ready"
# A shell that waits also reaps what the lab's daemons leave behind.
while :; do
    sleep 1000 &
    wait $! || :
done
