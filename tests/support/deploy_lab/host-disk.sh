#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes one host's disk on the controller: it outlives power cuts and reboots.
# usage: host-disk.sh LAB NAME NIX_MEGABYTES BOOT_MEGABYTES SYSTEMD(0|1)
set -eu
lab=$1 name=$2 nix=$3 boot=$4 systemd=$5
disk=$lab/disks/$name
mkdir -p "$disk/nix" "$disk/boot" "$disk/etc/ssh" "$disk/etc/nix" "$disk/root/.ssh" "$disk/lab"
mount -t tmpfs -o mode=755,size="${nix}m" nix "$disk/nix"
mount -t tmpfs -o mode=755,size="${boot}m" boot "$disk/boot"
mkdir -p "$disk/nix/store" "$disk/nix/var/nix/profiles" "$disk/boot/loader"

for file in passwd group shadow gshadow nsswitch.conf ld.so.cache ld.so.conf ld.so.conf.d alternatives localtime \
    login.defs protocols services; do
    [ ! -e "/etc/$file" ] || cp -a "/etc/$file" "$disk/etc/$file"
done
: >"$disk/etc/NIXOS"
echo "$name" >"$disk/etc/hostname"
tr -d - </proc/sys/kernel/random/uuid >"$disk/etc/machine-id"
printf '%s\n' 'sandbox = false' 'build-users-group =' 'substituters =' 'experimental-features = nix-command flakes' \
    >"$disk/etc/nix/nix.conf"

ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$disk/etc/ssh/ssh_host_ed25519_key"
cp "$lab/user_key.pub" "$disk/root/.ssh/authorized_keys"
chmod 700 "$disk/root" "$disk/root/.ssh"
path=/run/lab/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
cat >"$disk/etc/ssh/sshd_config" <<CONFIG
HostKey /etc/ssh/ssh_host_ed25519_key
PidFile none
UsePAM no
UseDNS no
LogLevel VERBOSE
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
SetEnv PATH=$path
CONFIG

cp -R "$lab/scripts/bin" "$disk/lab/bin"
: >"$disk/lab/trace"
: >"$disk/lab/failed-units"
if [ "$systemd" = 0 ]; then
    : >"$disk/lab/no-systemd"
    rm "$disk/lab/bin/systemd-run" "$disk/lab/bin/systemctl" "$disk/lab/bin/journalctl"
fi
