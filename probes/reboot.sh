#!/bin/sh
# /// probe
# help    = "Whether the host is to be rebooted: for a newer kernel, or because its packages say so."
# source  = "/run/reboot-required, /lib/modules, /boot; with rpm the packages that needs-restarting -r looks at"
# docs    = "https://www.debian.org/doc/debian-policy/ch-opersys.html"
# every   = "1h"
# timeout = "20s"
# parse   = "reboot"
#
# [columns]
# required = { id = 1, type = "bool", kind = "text", help = "It is to be rebooted; null where nothing tells (a container)" }
# running_kernel = { id = 2, type = "str", kind = "text", help = "Release of the running kernel" }
# newest_kernel = { id = 3, type = "str", kind = "text", help = "Newest installed kernel of the same flavour; null where there is none" }
# packages = { id = 4, type = "str", kind = "text", help = "Packages that ask for it, a blank between them" }
# ///

# Prints NAME=VALUE lines.
say() { [ -z "$2" ] || printf '%s=%s\n' "$1" "$2"; }

release=
{ read -r release <"$LIVEDATA_PROC/sys/kernel/osrelease"; } 2>/dev/null
say running "$release"
for folder in /run /var/run; do # of Debian and Ubuntu
  [ -e $folder/reboot-required ] || continue
  echo required=yes
  if [ -r $folder/reboot-required.pkgs ]; then
    while read -r name; do say package "$name"; done <$folder/reboot-required.pkgs
  fi
  break
done
for kernel in /lib/modules/*/kernel /boot/vmlinu[xz]-[0-9]*; do
  [ -e "$kernel" ] || continue
  kernel=${kernel#/boot/vmlinu[xz]-}
  kernel=${kernel#/lib/modules/}
  case $kernel in *rescue* | *.old) ;; *) say kernel "${kernel%/kernel}" ;; esac
done
if [ ! -e /var/lib/dpkg/status ] && [ -d /var/lib/rpm ]; then
  while read -r key value; do
    case $key in btime) say booted "$value"; break ;; esac
  done <"$LIVEDATA_PROC/stat"
  rpm -q --qf 'installed=%{NAME} %{INSTALLTIME}\n' kernel kernel-core kernel-rt glibc linux-firmware systemd udev openssl-libs \
    gnutls dbus dbus-broker dbus-daemon microcode_ctl
fi 2>/dev/null
exit 0
