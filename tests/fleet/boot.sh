#!/bin/sh
# Turns a root folder into a running host. hosts.py starts it as the first process of fresh namespaces:
#     boot.sh ROOT NAME USERLAND SH PROC_OPTIONS
# It says "ready" once the host is up, and the host lives for as long as its standard input stays open.
set -eu
root=$1 name=$2 userland=$3 sh=$4 proc_options=$5

echo "$name" >/proc/sys/kernel/hostname
mount --bind "$root" "$root" # pivot_root wants a mount
cd "$root"
if [ "$userland" = debian ]; then
    mount --bind /usr usr
    real=$(readlink -f /bin/sh)
    [ "$real" = "$(readlink -f "/usr/bin/$sh")" ] || mount --bind "/usr/bin/$sh" ".$real"
    mount -o remount,bind,ro usr
fi
mount -t proc -o "nosuid,nodev,noexec$proc_options" proc proc
mount --bind etc/boot_id proc/sys/kernel/random/boot_id
mount --rbind /sys sys
mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs run
mount -t tmpfs -o nosuid,mode=755 tmpfs dev
for device in null zero full random urandom tty; do
    : >"dev/$device"
    mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /run/systemd/journal/dev-log dev/log
mkdir -m 755 run/sshd

pivot_root . mnt
cd /
umount -l /mnt
echo ready
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin /init >/dev/null 2>&1
