#!/bin/sh
# SPDX-License-Identifier: MIT
# Process 1 of a namespace host: lays out the file system, "boots" what the boot loader names, starts sshd.
set -eu
name=$1 disk=$2
export PATH="$PATH:/usr/sbin:/sbin"

mount --make-rprivate /
hostname "$name"
cat /proc/sys/kernel/random/uuid >"$disk/lab/boot-id"
mount --bind "$disk/lab/boot-id" /proc/sys/kernel/random/boot_id
for part in nix boot etc root; do mount --bind "$disk/$part" "/$part"; done
mount -t tmpfs -o mode=755,size=16m run /run
mkdir -p /run/lab /run/sshd /run/units /run/nixos
mount --bind "$disk/lab" /run/lab
[ -e /run/lab/no-systemd ] || mkdir -p /run/systemd/system
mount -t tmpfs -o mode=1777,size=16m tmp /tmp
# The machine's own files can be read, never written.
mount -o remount,bind,ro /

system=$(cat /boot/loader/default 2>/dev/null || :)
if [ -n "$system" ]; then
    ln -s "$system" /run/current-system
    ln -s "$system" /run/booted-system
    echo "boot $system" >>/run/lab/trace
fi
[ ! -e /run/lab/slow-start ] || cp /run/lab/slow-start /run/starting
export PATH="/run/lab/bin:$PATH"
# Starts the units that systemd-run of the lab asks for.
mkfifo /run/manager
while read -r unit; do setsid sh "$unit" & done <>/run/manager &
/run/lab/bin/start-sshd
: >/run/lab/up

trap 'exit 133' TERM
while :; do
    sleep 1000 &
    wait $! || :
done
