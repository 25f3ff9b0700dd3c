#!/bin/sh
# /// probe
# help    = "What the host is: system, kernel, processor, make. A row where anything of it changed, and once a day."
# source  = "os-release(5), uname(2), /proc/cpuinfo, /sys/class/dmi/id, /sys/devices/system/cpu"
# docs    = "https://www.freedesktop.org/software/systemd/man/latest/os-release.html"
# every   = "1h"
# timeout = "20s"
# parse   = "osrelease"
# snapshot = "1d"
#
# [columns]
# distribution = { id = 1, type = "str", kind = "text", help = "ID of os-release: debian, ubuntu, rhel, alpine ..." }
# version = { id = 2, type = "str", kind = "text", help = "VERSION_ID of os-release" }
# codename = { id = 3, type = "str", kind = "text", help = "VERSION_CODENAME of os-release; UBUNTU_CODENAME where there is none" }
# pretty_name = { id = 4, type = "str", kind = "text", help = "PRETTY_NAME of os-release" }
# hostname = { id = 5, type = "str", kind = "text", help = "What the host calls itself" }
# kernel = { id = 6, type = "str", kind = "text", help = "Release of the running kernel" }
# kernel_build = { id = 7, type = "str", kind = "text", help = "Build of the running kernel" }
# architecture = { id = 8, type = "str", kind = "text", help = "Machine, as uname -m says it" }
# cpu_model = { id = 9, type = "str", kind = "text", help = "Model of the processor; null where the kernel names none (many arm64)" }
# cores = { id = 10, type = "i64", kind = "gauge", help = "Cores online" }
# memory_bytes = { id = 11, type = "i64", kind = "gauge", help = "Usable memory" }
# virtualization = { id = 12, type = "str", kind = "text", help = "kvm, vmware, xen, lxc, docker ...; none on bare metal; null where nothing tells" }
# vendor = { id = 13, type = "str", kind = "text", help = "Maker of the machine" }
# product = { id = 14, type = "str", kind = "text", help = "Model of the machine" }
# time_zone = { id = 15, type = "str", kind = "text", help = "Name of the time zone; where that isn't told, the offset from UTC" }
# firmware = { id = 16, type = "str", kind = "text", help = "Version of the machine's firmware (BIOS, UEFI)" }
# ///

# Prints NAME=VALUE lines, then os-release itself after a line `os-release:`.
say() { [ -z "$2" ] || printf '%s=%s\n' "$1" "$2"; }
first() { # NAME FILE...: the first line of the first file that has one
  name=$1 && shift
  for file do
    line= && { read -r line <"$file"; } 2>/dev/null
    [ -z "$line" ] || break
  done
  say "$name" "$line"
}

first hostname "$LIVEDATA_PROC/sys/kernel/hostname"
first kernel "$LIVEDATA_PROC/sys/kernel/osrelease"
first kernel_build "$LIVEDATA_PROC/sys/kernel/version"
first online "$LIVEDATA_SYS/devices/system/cpu/online"
first memory "$LIVEDATA_PROC/meminfo"
first vendor "$LIVEDATA_SYS/class/dmi/id/sys_vendor"
first product "$LIVEDATA_SYS/class/dmi/id/product_name"
first firmware "$LIVEDATA_SYS/class/dmi/id/bios_version"
first container /run/systemd/container
first time_zone /etc/timezone
say architecture "$(uname -m)"
first board "$LIVEDATA_PROC/device-tree/model" # of arm boards
say cpu "$(grep -m 1 -E '^(model name|Processor|cpu model|processor 0|cpu)[[:space:]]*:' "$LIVEDATA_PROC/cpuinfo" 2>/dev/null)"
say hypervisor "$(grep -m 1 -c '^flags.* hypervisor' "$LIVEDATA_PROC/cpuinfo" 2>/dev/null)"
say detected "$(systemd-detect-virt 2>/dev/null)"
say localtime "$(readlink /etc/localtime 2>/dev/null)"
say offset "$(date +%z)"
[ ! -e /.dockerenv ] || say container docker
[ ! -e /run/.containerenv ] || say container podman
echo os-release:
cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null
exit 0
