#!/bin/sh
# /// probe
# help    = "Connections of a PostgreSQL server by database and state."
# source  = "pg_stat_activity"
# docs    = "https://www.postgresql.org/docs/current/monitoring-stats.html"
# every   = "1m"
# timeout = "10s"
# parse   = "csv"
# privilege = "root"
#
# [columns]
# database = { id = 1, type = "str", kind = "label", help = "Name of the database" }
# state = { id = 2, type = "str", kind = "label", help = "active, idle, idle in transaction ...; null where this user may not see it" }
# connections = { id = 3, type = "i64", kind = "gauge", help = "Connections in that state" }
# transaction_seconds = { id = 4, type = "f64", kind = "gauge", help = "Age of their oldest transaction; null where none is open" }
# connections_limit = { id = 5, type = "i64", kind = "gauge", help = "How many the whole server takes" }
# ///
command -v psql >/dev/null 2>&1 || exit 69

# COPY quotes as RFC 4180 has it, in every version; what is NULL is nothing at all.
sql="COPY (SELECT datname AS database, state, count(*) AS connections,
  round(extract(epoch FROM max(clock_timestamp() - xact_start))::numeric, 3) AS transaction_seconds,
  current_setting('max_connections') AS connections_limit
  FROM pg_stat_activity WHERE datname IS NOT NULL AND pid <> pg_backend_pid()
  GROUP BY datname, state ORDER BY 1, 2) TO STDOUT WITH (FORMAT csv, HEADER)"
PGCONNECT_TIMEOUT=4 PGDATABASE=${PGDATABASE:-postgres}
export PGCONNECT_TIMEOUT PGDATABASE sql
cd / || exit 1

ask() {
  if [ "$(id -u)" = 0 ] && id postgres >/dev/null 2>&1; then
    # shellcheck disable=SC2016 # for the sh in there
    su -s /bin/sh -c 'psql -X -q -w -c "$sql"' postgres
  else
    psql -X -q -w -c "$sql"
  fi
}
ask 2>/dev/null && exit 0

why=$(ask 2>&1 >/dev/null)
printf '%s\n' "$why" >&2
case $why in
  *'Connection refused'* | *'No such file or directory'*) exit 69 ;; # there is no server here
  *'authentication failed'* | *'no password'* | *'permission denied'* | *'role "'*) exit 77 ;;
esac
exit 1
