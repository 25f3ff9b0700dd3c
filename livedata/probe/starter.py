"""A probe to start from: a whole file that works as it is, for each declared format, with a word on each line that one may change."""

from __future__ import annotations

FORMATS = ("fields", "keyvalue", "csv", "jsonl")

_HEAD = """\
#!/bin/sh
# /// probe
# help    = "{help}"
# source  = "{source}"
# every   = "1m"       # how often it runs: 10s, 5m, 6h, 1d
# timeout = "5s"       # then it is ended
# parse   = "{parse}"  # how what it prints is read: fields, keyvalue, csv, jsonl
#
# # A column: a permanent id; type str bool i64 u64 f64 d2 ts map; kind label (names the row), gauge, counter (ends in _total), text, time.
# # Units stand in the name: _bytes _seconds _ms _pct. To rename one keep its id and add was = ["old_name"].
# [columns]
{columns}#
# # Columns that are reckoned when asked, in SQL over the others.
# [derived]
{derived}# ///

# From here on it is POSIX sh, run on the host as the user that ssh logs in as: no bash, nothing written, nothing left running.
# Exit 69: this host has no such thing.  Exit 77: this user may not see it.  What has no value is printed as -, never as 0.
{script}"""

_STARTERS: dict[str, dict[str, str]] = {
    "fields": {
        "help": "Users and how many processes each of them runs.",
        "source": "ps",
        "columns": """\
# user  = { id = 1, type = "str", kind = "label", help = "Name of the user" }
# procs = { id = 2, type = "i64", kind = "gauge", help = "Processes that run" }
""",
        "derived": """\
# is_root = { sql = "user = 'root'", help = "Whether it is root" }
""",
        "script": """\
command -v ps >/dev/null 2>&1 || exit 69

# fields: a row a line, words in the order of the columns; a last column of type str takes the rest of the line.
ps -o user | awk 'NR > 1 { n[$1]++ } END { for (user in n) print user, n[user] }'
""",
    },
    "keyvalue": {
        "help": "Files that are open on the whole machine.",
        "source": "/proc/sys/fs/file-nr",
        "columns": """\
# open_files  = { id = 1, type = "i64", kind = "gauge", help = "Files that are open" }
# files_limit = { id = 2, type = "i64", kind = "gauge", help = "How many may be" }
""",
        "derived": """\
# used_pct = { sql = "100.0 * open_files / nullif(files_limit, 0)", help = "Share of those that may be open" }
""",
        "script": """\
[ -r "$LIVEDATA_PROC/sys/fs/file-nr" ] || exit 69

# keyvalue: one row, a line NAME=VALUE, NAME: VALUE or NAME VALUE for each column; other names are passed over.
awk '{ print "open_files=" $1; print "files_limit=" $3 }' "$LIVEDATA_PROC/sys/fs/file-nr"
""",
    },
    "csv": {
        "help": "Block devices and their sizes.",
        "source": "/sys/class/block",
        "columns": """\
# device     = { id = 1, type = "str", kind = "label", help = "Name of the device" }
# size_bytes = { id = 2, type = "i64", kind = "gauge", help = "How much it holds" }
# read_only  = { id = 3, type = "bool", kind = "text", help = "Whether nothing can be written" }
""",
        "derived": """\
# in_use = { sql = "size_bytes > 0", help = "Whether there is anything" }
""",
        "script": """\
[ -d "$LIVEDATA_SYS/class/block" ] || exit 69

# csv: the first line names the columns, in any order, and says what parts them: , ; | or a tab; other columns are passed over.
echo "device,size_bytes,read_only"
for folder in "$LIVEDATA_SYS"/class/block/*; do
  { read -r sectors <"$folder/size" && read -r read_only <"$folder/ro"; } 2>/dev/null || continue
  echo "${folder##*/},$((sectors * 512)),$read_only"
done
""",
    },
    "jsonl": {
        "help": "Network interfaces, and whether they are up.",
        "source": "/sys/class/net",
        "columns": """\
# interface = { id = 1, type = "str", kind = "label", help = "Name of the interface" }
# state     = { id = 2, type = "str", kind = "text", help = "up, down, unknown ..." }
# mtu_bytes = { id = 3, type = "i64", kind = "gauge", help = "The longest packet" }
# speed     = { id = 4, type = "i64", kind = "gauge", help = "Megabits a second; null where it has none" }
""",
        "derived": """\
# is_up = { sql = "state = 'up'", help = "Whether it is up" }
""",
        "script": """\
[ -d "$LIVEDATA_SYS/class/net" ] || exit 69

# jsonl: a JSON object a line, its keys are columns, others are passed over; or all rows in one JSON array.
for folder in "$LIVEDATA_SYS"/class/net/*; do
  [ -r "$folder/mtu" ] || continue
  speed=$(cat "$folder/speed" 2>/dev/null)
  [ "${speed:--1}" != -1 ] || speed=null
  printf '{"interface": "%s", "state": "%s", "mtu_bytes": %s, "speed": %s}\\n' \\
    "${folder##*/}" "$(cat "$folder/operstate")" "$(cat "$folder/mtu")" "$speed"
done
""",
    },
}


def starter(parse: str) -> str:
    """The file's text; `parse` is one of FORMATS."""
    return _HEAD.format(parse=parse, **_STARTERS[parse])
