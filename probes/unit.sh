#!/bin/sh
# /// probe
# help    = "State of each systemd unit but devices, slices, scopes and targets: units that are as before give rows every 10 minutes only."
# source  = "systemctl show"
# docs    = "https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.systemd1.html"
# every   = "2m"
# timeout = "20s"
# parse   = "units"
# full    = "10m"
#
# [columns]
# unit = { id = 1, type = "str", kind = "label", help = "Name of the unit" }
# description = { id = 2, type = "str", kind = "text", help = "What it says of itself" }
# load_state = { id = 3, type = "str", kind = "text", help = "loaded, masked, not-found, bad-setting, error" }
# state = { id = 4, type = "str", kind = "text", help = "active, inactive, failed, activating, deactivating, reloading (systemctl: ACTIVE)" }
# sub_state = { id = 5, type = "str", kind = "text", help = "running, exited, dead, waiting, mounted ... (systemctl: SUB)" }
# enabled = { id = 6, type = "str", kind = "text", help = "enabled, disabled, static, masked, generated ...; null where it has no file" }
# result = { id = 7, type = "str", kind = "text", help = "How it ended last: success, exit-code, signal, core-dump, timeout, watchdog, oom-kill, start-limit-hit ..." }
# restarts_total = { id = 8, type = "u64", kind = "counter", help = "Times it was restarted by itself since somebody started it; null before systemd 235" }
# main_pid = { id = 9, type = "i64", kind = "text", help = "Process id of its main process" }
# exit_status = { id = 10, type = "i64", kind = "text", help = "Exit status of its main process; null while that has not ended, or was ended by a signal" }
# exit_signal = { id = 11, type = "i64", kind = "text", help = "The signal that ended its main process" }
# memory_bytes = { id = 12, type = "i64", kind = "gauge", help = "Memory, file cache included; null where systemd does not account for it" }
# cpu_seconds_total = { id = 13, type = "d2", kind = "counter", help = "CPU time; null where systemd does not account for it" }
# tasks = { id = 14, type = "i64", kind = "gauge", help = "Processes and threads" }
# since = { id = 15, type = "ts", kind = "time", help = "When its state last changed, by the host's clock" }
# needs_reload = { id = 16, type = "bool", kind = "text", help = "Its files changed since systemd read them: systemctl daemon-reload is due" }
#
# [derived]
# type = { sql = "regexp_extract(unit, '[^.]*$')", help = "service, socket, timer, mount, automount, path, swap" }
# failed = { sql = "state = 'failed'", help = "Whether it failed" }
# cpu_pct = { sql = "100000.0 * cpu_seconds_increase / nullif(dt_ms, 0)", help = "Share of one core since the sample before; above 100 for several" }
# ///
command -v systemctl >/dev/null 2>&1 && [ -d /run/systemd/system ] || exit 69
# root asks systemd itself, all others by way of D-Bus.
if [ ! -w /run/systemd/private ] && [ ! -S /run/dbus/system_bus_socket ]; then
  echo "there is no D-Bus here, so only root can ask systemd" >&2
  exit 77
fi
properties=Id,Description,LoadState,ActiveState,SubState,UnitFileState,Result,NRestarts,MainPID,ExecMainCode,ExecMainStatus
properties=$properties,MemoryCurrent,CPUUsageNSec,TasksCurrent,NeedDaemonReload
properties=$properties,ActiveEnterTimestamp,ActiveExitTimestamp,InactiveEnterTimestamp,InactiveExitTimestamp
TZ=UTC
export TZ
exec systemctl show --all --no-pager -p "$properties" \
  '*.service' '*.socket' '*.timer' '*.mount' '*.automount' '*.path' '*.swap'
