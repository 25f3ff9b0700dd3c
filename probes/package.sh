#!/bin/sh
# /// probe
# help    = "Packages that are installed: all of them where any of them changed, and once a day."
# source  = "/var/lib/dpkg/status, rpm -qa, /lib/apk/db/installed, pacman -Q, opkg's status"
# docs    = "https://man7.org/linux/man-pages/man1/dpkg-query.1.html"
# every   = "1h"
# timeout = "60s"
# parse   = "packages"
# snapshot = "1d"
#
# [columns]
# name = { id = 1, type = "str", kind = "label", help = "Name of the package" }
# version = { id = 2, type = "str", kind = "label", help = "Its version, with epoch and release as the manager writes them" }
# architecture = { id = 3, type = "str", kind = "label", help = "What it is built for; all or noarch for any; null with pacman" }
# source = { id = 4, type = "str", kind = "text", help = "The source package it is built from" }
# state = { id = 5, type = "str", kind = "text", help = "installed, or how far an installation came: unpacked, half-configured, half-installed, triggers-awaited, triggers-pending" }
# held = { id = 6, type = "bool", kind = "text", help = "It is not to be upgraded (apt-mark hold); null where the manager has no such thing" }
# manager = { id = 7, type = "str", kind = "text", help = "dpkg, rpm, apk, opkg, pacman" }
# ///

# Prints the manager's name, then what its database says: read as it lies there where it is text.
status='^(Package|Status|Version|Architecture|Source): '
for file in /usr/lib/opkg/status /var/lib/opkg/status; do
  [ ! -r "$file" ] || { echo opkg; exec grep -E "$status" "$file"; }
done
[ ! -r /lib/apk/db/installed ] || { echo apk; exec grep '^[PVAo]:' /lib/apk/db/installed; }
[ ! -r /var/lib/dpkg/status ] || { echo dpkg; exec grep -E "$status" /var/lib/dpkg/status; }
if [ -d /var/lib/rpm ] && command -v rpm >/dev/null 2>&1; then # busybox has an rpm too, and no database
  echo rpm
  exec rpm -qa --qf '%{NAME}\t%{EPOCH}\t%{VERSION}-%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\n'
fi
if command -v pacman >/dev/null 2>&1; then
  echo pacman
  exec pacman -Q
fi
exit 69
