#!/bin/sh
# /// probe
# help    = "Packages that could be upgraded, by the lists that the host has: these are never refreshed. Where nothing is pending one row without a name says so."
# source  = "apt-get -s dist-upgrade, dnf -C repoquery --upgrades, apk version, pacman -Qu"
# docs    = "https://manpages.debian.org/stable/apt/apt-get.8.en.html"
# every   = "6h"
# timeout = "2m"
# parse   = "updates"
# snapshot = "1d"
#
# [columns]
# name = { id = 1, type = "str", kind = "label", help = "Name of the package; null in the one row that says that nothing is pending" }
# architecture = { id = 2, type = "str", kind = "label", help = "What it is built for; null with apk and pacman" }
# version = { id = 3, type = "str", kind = "text", help = "Version that is installed; null of a package that would come new with the others" }
# candidate = { id = 4, type = "str", kind = "text", help = "Version that could be installed" }
# origin = { id = 5, type = "str", kind = "text", help = "Where it would come from; null with apk and pacman" }
# security = { id = 6, type = "bool", kind = "text", help = "It mends a security problem; null where that is not told (apk, pacman)" }
# refreshed = { id = 7, type = "ts", kind = "time", help = "When the host last refreshed its lists: what came out since is not known" }
# manager = { id = 8, type = "str", kind = "text", help = "apt, dnf, apk, pacman" }
# ///

# Prints the manager's name and times of its lists, then what it says. Nothing is fetched, locked or written.
lists() { # MANAGER FILE...
  manager=$1 && shift
  for list do
    [ -e "$list" ] || continue
    # shellcheck disable=SC2046 # words on purpose: a time for each
    echo "$manager" $(stat -c %Y "$@" 2>/dev/null)
    return
  done
  echo "$manager has no lists of packages here yet" >&2
  exit 69
}

if [ -e /var/lib/dpkg/status ] && command -v apt-get >/dev/null 2>&1; then
  set -- /var/lib/apt/lists/*_Packages*
  [ ! -e "$1" ] || set -- /var/lib/apt/lists/partial # where something happens even if no list has changed
  lists apt "$@"
  set -- -s -q -o APT::Get::Show-User-Simulation-Note=0
  # Who may write apt's cache would do so.
  [ ! -w /var/cache/apt ] || set -- "$@" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
  told=$(apt-get "$@" dist-upgrade) || exit 1
  printf '%s\n' "$told" | grep '^Inst '
  exit 0
fi

if command -v dnf >/dev/null 2>&1; then
  cache=/var/cache/dnf option=cachedir
  [ ! -d /var/cache/libdnf5 ] || cache=/var/cache/libdnf5 option=system_cachedir
  lists dnf $cache/*/repodata/repomd.xml
  export cache option
  # dnf writes logs and locks, and for all but root a cache of its own: it gets folders in memory that nobody else sees.
  unshare -rm true 2>/dev/null || { echo "dnf would write, and this user may not unshare(1) what it writes to" >&2; exit 77; }
  # shellcheck disable=SC2016 # for the sh in there
  exec unshare -rm sh -c '
    for folder in /var/log /var/tmp /tmp; do mount -t tmpfs none "$folder" || exit 77; done
    mkdir /tmp/cache /tmp/home && ln -s "$cache"/* /tmp/cache || exit 1
    HOME=/tmp/home; export HOME
    set -- dnf -C -q --setopt="$option=/tmp/cache" repoquery --upgrades
    told=$("$@" --qf "u\t%{name}\t%{evr}\t%{arch}\t%{repoid}\n") || exit 1
    printf "%s\n" "$told"
    [ -n "$told" ] || exit 0
    "$@" --security --qf "s\t%{name}\t%{evr}\t%{arch}\t%{repoid}\n" || exit 1
    rpm -q --qf "i\t%{NAME}\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\t%{ARCH}\n" $(printf "%s\n" "$told" | cut -f 2)
    exit 0'
fi

if [ -e /lib/apk/db/installed ] && command -v apk >/dev/null 2>&1; then
  lists apk /var/cache/apk/APKINDEX.* /etc/apk/cache/APKINDEX.*
  exec apk --no-network version -l '<'
fi

if command -v pacman >/dev/null 2>&1; then
  lists pacman /var/lib/pacman/sync/*.db
  pacman -Qu # 1: there are none
  exit 0
fi
exit 69
