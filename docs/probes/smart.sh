#!/bin/sh
# /// probe
# help    = "What disks say of their own health. A disk that sleeps is not woken, and gives no more than its name."
# source  = "smartctl -n standby -i -H -A"
# docs    = "https://www.smartmontools.org/wiki/TocDoc"
# every   = "30m"
# timeout = "1m"
# parse   = "csv"
# privilege = "root"
#
# [columns]
# device = { id = 1, type = "str", kind = "label", help = "The device, and after a blank its type where smartctl needs one (megaraid,0)" }
# model = { id = 2, type = "str", kind = "text", help = "What it is" }
# serial = { id = 3, type = "str", kind = "text", help = "Its serial number" }
# healthy = { id = 4, type = "bool", kind = "text", help = "Whether it thinks that it will live; null where it does not say" }
# temperature_celsius = { id = 5, type = "i64", kind = "gauge", help = "Temperature" }
# power_on_seconds = { id = 6, type = "i64", kind = "gauge", help = "How long it has run, in whole hours" }
# reallocated = { id = 7, type = "i64", kind = "gauge", help = "Sectors that it replaced by spare ones (ATA 5)" }
# pending = { id = 8, type = "i64", kind = "gauge", help = "Sectors that it could not read and waits to replace (ATA 197)" }
# uncorrectable = { id = 9, type = "i64", kind = "gauge", help = "Sectors lost (ATA 198), media and data integrity errors (NVMe)" }
# used_pct = { id = 10, type = "i64", kind = "gauge", help = "Share of its life that is used up (NVMe)" }
# asleep = { id = 11, type = "bool", kind = "text", help = "It sleeps: nothing was asked" }
# ///
command -v smartctl >/dev/null 2>&1 || exit 69
if [ "$(id -u)" != 0 ]; then
  echo "only root may ask disks: sudo = true for this probe in the inventory" >&2
  exit 77
fi

devices=$(smartctl --scan | sed 's/ *#.*//')
[ -n "$devices" ] || exit 69
printf 'device\tmodel\tserial\thealthy\ttemperature_celsius\tpower_on_seconds\treallocated\tpending\tuncorrectable\tused_pct\tasleep\n'
printf '%s\n' "$devices" | while read -r device _ type; do
  name=$device
  case $type in
    *,*) name="$device $type" ;; # a disk behind a controller
    *) type=auto ;;
  esac
  # -n standby: a disk that sleeps goes on sleeping. The exit status is a set of bits that tell of the disk, not of smartctl.
  smartctl -n standby -d "$type" -i -H -A "$device" </dev/null | awk -v name="$name" '
    function after_colon() { value = $0; sub(/^[^:]*: */, "", value); gsub(/\t/, " ", value); return value }
    function number(text) { gsub(/,/, "", text); return text + 0 }
    /^(Device Model|Model Number|Product):/ { model = after_colon() }
    /^Serial [Nn]umber:/ { serial = after_colon() }
    /^SMART overall-health self-assessment test result:/ { healthy = ($NF == "PASSED") ? "yes" : "no" }
    /^SMART Health Status:/ { healthy = ($NF == "OK") ? "yes" : "no" }
    /Device is in (STANDBY|SLEEP)/ { asleep = "yes" }
    $1 == 5 && NF >= 10 { reallocated = number($10) }
    $1 == 9 && NF >= 10 { ran = 3600 * number($10) }
    $1 == 190 && NF >= 10 && warm == "" { warm = number($10) }
    $1 == 194 && NF >= 10 { warm = number($10) }
    $1 == 197 && NF >= 10 { pending = number($10) }
    $1 == 198 && NF >= 10 { lost = number($10) }
    /^Temperature:/ { warm = number($2) }
    /^Current Drive Temperature:/ { warm = number($4) }
    /^Power On Hours:/ { ran = 3600 * number($4) }
    /^Percentage Used:/ { used = number($3) }
    /^Media and Data Integrity Errors:/ { lost = number($6) }
    /^Elements in grown defect list:/ { reallocated = number($6) }
    END {
      if (asleep == "") asleep = "no"
      print name "\t" model "\t" serial "\t" healthy "\t" warm "\t" ran "\t" reallocated "\t" pending "\t" lost "\t" used "\t" asleep
    }'
done
