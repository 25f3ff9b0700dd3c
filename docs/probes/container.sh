#!/bin/sh
# /// probe
# help    = "Containers of docker and podman, also those that have ended. What they use is in the table cgroup."
# source  = "docker ps -a, podman ps -a"
# docs    = "https://docs.docker.com/reference/cli/docker/container/ls/"
# every   = "1m"
# timeout = "20s"
# parse   = "csv"
# privilege = "root"
#
# [columns]
# engine = { id = 1, type = "str", kind = "label", help = "docker, podman" }
# container = { id = 2, type = "str", kind = "label", help = "Its id, whole, as it stands in the names of cgroups" }
# name = { id = 3, type = "str", kind = "text", help = "Its name, or names" }
# image = { id = 4, type = "str", kind = "text", help = "The image it was made of" }
# status = { id = 5, type = "str", kind = "text", help = "For people: Up 3 hours (healthy), Exited (137) 5 minutes ago" }
#
# [derived]
# state = { sql = "CASE WHEN status LIKE 'Up%(Paused)' THEN 'paused' WHEN status LIKE 'Up%' THEN 'running' ELSE lower(regexp_extract(status, '^[A-Za-z]+')) END", help = "running, exited, created, paused, restarting, dead ..." }
# healthy = { sql = "CASE WHEN contains(status, '(unhealthy)') THEN false WHEN contains(status, '(healthy)') THEN true END", help = "What its own check says; null where it has none" }
# exit_status = { sql = "CAST(nullif(regexp_extract(status, '^Exited \\((\\d+)\\)', 1), '') AS INTEGER)", help = "Exit status of one that has ended" }
# ///
engines=
for engine in docker podman; do
  ! command -v "$engine" >/dev/null 2>&1 || engines="$engines $engine"
done
[ -n "$engines" ] || exit 69

answered='' denied='' failed=''
printf 'engine\tcontainer\tname\timage\tstatus\n'
for engine in $engines; do
  format="$engine"'\t{{.ID}}\t{{.Names}}\t{{.Image}}\t{{.Status}}'
  if told=$("$engine" ps -a --no-trunc --format "$format" 2>&1); then
    answered=y
    [ -z "$told" ] || printf '%s\n' "$told"
  else
    printf '%s\n' "$told" >&2
    case $told in *'permission denied'*) denied=y ;; *'Is the docker daemon running'*) ;; *) failed=y ;; esac
  fi
done
[ -z "$failed" ] || exit 1
[ -z "$denied" ] || exit 77 # the rows of the other engine alone would look as if these were all
[ -n "$answered" ] || exit 69
